obj-y  :=
pure-y := string.o number.o printf.o elf.o
