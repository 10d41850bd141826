# Floor 6, dev: the machine a guest believes in.
pure-y := vlapic.o vlapic_ipi.o vlapic_regs.o vlapic_timer.o vioapic.o decode.o cpuid_policy.o \
	vpci.o vpci_msi.o vmsi.o vmsix.o
obj-y := vlapic_time.o cpuid.o cpuid_host.o msr.o cr.o io.o io_string.o mmio.o hwdom_map.o \
	ports.o vrtc.o
