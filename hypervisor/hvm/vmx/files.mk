obj-y  := ops.o probe.o run.o dump.o
pure-y := caps.o apic.o exit.o state.o
