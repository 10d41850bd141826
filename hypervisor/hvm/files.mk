obj-y  := probe.o inject.o
pure-y :=
