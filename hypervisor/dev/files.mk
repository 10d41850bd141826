# Floor 6, dev: the machine a guest believes in.
pure-y := vlapic.o vlapic_ipi.o vlapic_regs.o vlapic_timer.o vioapic.o decode.o cpuid_policy.o \
	vlapic_time.o vpci.o vpci_msi.o vmsi.o vmsix.o io.o io_string.o ports.o mmio.o \
	msr.o cr.o
obj-y := cpuid.o hwdom_map.o
