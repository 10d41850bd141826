obj-y  :=
pure-y := string.o printf.o elf.o
