obj-y  := start.o desc.o percpu.o fpu.o entry.o traps.o panic.o features.o hostmap.o
obj-y  += uart.o vga.o console.o keys.o irq.o lapic.o ioapic.o ipi.o smp.o rtc.o pci.o reboot.o spec.o efi.o
pure-y := spinlock.o time.o acpi.o feature_words.o uart_parse.o
