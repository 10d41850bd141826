obj-y  := probe.o inject.o bitmap.o
pure-y :=
