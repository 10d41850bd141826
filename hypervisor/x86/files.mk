obj-y  := start.o desc.o percpu.o fpu.o entry.o traps.o panic.o spinlock.o features.o hostmap.o
obj-y  += uart.o vga.o console.o keys.o irq.o lapic.o ioapic.o ipi.o smp.o time.o rtc.o pci.o reboot.o spec.o
pure-y := acpi.o uart_parse.o
