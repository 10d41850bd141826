EFI_OBJS := $(addprefix $(B)/efi/,boot/efi/main.o boot/efi/config.o boot/efi/source.o boot/efi/handoff.o hypervisor/lib/string.o)
