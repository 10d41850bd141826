obj-y  := ops.o probe.o asid.o run.o dump.o
pure-y := exit.o inject.o vmcb.o
