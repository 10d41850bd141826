/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys from the serial port. They go to Dom0 until Ctrl-a is typed three times in a row, then to the
 * hypervisor's table of debug keys, and back the same way. One to two Ctrl-a followed by another key
 * are passed on, late. Everything here runs in the receiving CPU's interrupt window.
 */
#include "x86/acpi.h"
#include "x86/console.h"
#include "x86/ioapic.h"
#include "x86/irq.h"

#define SWITCH_KEY   '\x01'
#define SWITCH_COUNT 3
#define MAX_KEYS     64 /* received per interrupt */

static struct {
	const char *name;
	void (*fn)(char key);
} keys[128]; /* set at boot */

static void (*guest_input)(char c);
static bool to_hypervisor;
static unsigned int switch_seen;

void console_register_key(char key, const char *name, void (*fn)(char key))
{
	BUG_ON(key < 0 || keys[(int)key].fn);
	keys[(int)key].name = name;
	keys[(int)key].fn = fn;
}

void console_set_guest_input(void (*fn)(char c))
{
	guest_input = fn;
}

void console_handle_key(char key)
{
	if (key >= 0 && keys[(int)key].fn) {
		log_info("key '%c': %s\n", key, keys[(int)key].name);
		keys[(int)key].fn(key);
	} else {
		log_info("no such key; 'h' lists them\n");
	}
}

static void help_key(char key)
{
	for (unsigned int i = 0; i < 128; i++)
		if (keys[i].fn)
			log_info("key '%c': %s\n", i, keys[i].name);
}

static void give_guest(char c)
{
	if (guest_input)
		guest_input(c);
}

static void receive(char c)
{
	if (c == SWITCH_KEY) {
		if (++switch_seen < SWITCH_COUNT)
			return;
		switch_seen = 0;
		to_hypervisor = !to_hypervisor;
		log_info("input to %s now (Ctrl-a three times to switch)\n",
			 to_hypervisor ? "the hypervisor ('h' for help)" : "Dom0");
		return;
	}
	for (; switch_seen; switch_seen--)
		if (!to_hypervisor)
			give_guest(SWITCH_KEY);
	if (to_hypervisor)
		console_handle_key(c);
	else
		give_guest(c);
}

static void rx_interrupt(void *unused)
{
	int c;

	for (unsigned int i = 0; i < MAX_KEYS && (c = uart_getc()) >= 0; i++)
		receive(c);
}

void console_start_input(unsigned int isa_irq)
{
	bool level, low;
	uint32_t gsi;
	int vector;

	console_register_key('h', "this list", help_key);
	if (!isa_irq)
		return;
	acpi_isa_irq(isa_irq, &gsi, &level, &low);
	vector = irq_alloc_vector(rx_interrupt, NULL);
	if (vector < 0 || ioapic_route(gsi, vector, cpu_id(), level, low)) {
		log_warn("no interrupt for the serial port; keys will not be seen\n");
		return;
	}
	ioapic_set_masked(gsi, false);
	uart_enable_rx_irq();
}
