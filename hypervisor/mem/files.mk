obj-y  :=
pure-y := frame.o buddy.o kalloc.o
