obj-y  :=
pure-y := cmdline.o image.o dom0_mem.o dom0_acpi.o
