obj-y  :=
pure-y := string.o
