/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The console: a ring of the last messages, a serial port and a VGA text screen behind it, and keys
 * from the serial port, which go to Dom0 or (after Ctrl-a three times) to the hypervisor's own keys.
 * log_at() of lib/log.h is implemented here. The console lock protects everything.
 */
#pragma once

#include "x86/uart.h"

#define CONSOLE_RING_SIZE 16384u /* bytes; a power of two */

struct console_config {
	bool com1, vga;
	struct uart_config uart;
};

/* Open the devices and send them what the ring holds so far. */
void console_init(const struct console_config *cfg);
/* Messages above a level stay in the ring only; guest messages above theirs are dropped. */
void console_set_levels(int host, int guest); /* enum log_level, or -1: nothing */
/* Serial input by the port's ISA interrupt (cfg.uart.irq; 0 = none); needs ioapic_init(). */
void console_start_input(unsigned int isa_irq);

/* Dom0's output (console_io hypercall): to the devices, raw, not into the ring. */
void console_write_guest(const char *buf, size_t size);

/*
 * Read the ring from *index (bytes since boot; 0 = oldest) into buf, at most size bytes; advances
 * *index, returns the count. Older text than the ring holds is skipped.
 */
size_t console_read_ring(uint32_t *index, char *buf, size_t size);
void console_clear_ring(void); /* readers that start at 0 see only what comes later */

/* Who gets keys while Dom0 has the input. Called from the interrupt, one key each. */
void console_set_guest_input(void (*fn)(char c));
/* A debug key; name is shown by 'h'. Runs from the interrupt: keep it bounded. */
void console_register_key(char key, const char *name, void (*fn)(char key));
/* As if typed while the hypervisor has the input (sysctl debug_keys). */
void console_handle_key(char key);

/* Dom0 is about to drive the screen. */
void console_release_vga(void);

/* From panic: break locks, everything to every device from now on. */
void console_force(void);
