obj-y  :=
pure-y := string.o elf.o
