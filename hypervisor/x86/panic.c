/* SPDX-License-Identifier: GPL-2.0-only */
/* The end by our own decision: say why on every console, stop the other CPUs, reboot or stand still. */
#include <stdarg.h>
#include "lib/printf.h"
#include "x86/asm.h"
#include "x86/console.h"
#include "x86/cpu.h"
#include "x86/reboot.h"
#include "x86/smp.h"
#include "x86/time.h"

#define PANIC_WAIT_MS 5000

bool opt_noreboot;

static void __noreturn stop_or_reboot(void)
{
	smp_stop_others();
	if (opt_noreboot) {
		log_err("*** stopped (noreboot)\n");
		cpu_halt_forever();
	}
	log_err("*** reboot in %u seconds\n", PANIC_WAIT_MS / 1000);
	for (unsigned int i = 0; i < PANIC_WAIT_MS; i++)
		time_delay_us(1000);
	machine_reboot();
}

void panic(const char *fmt, ...)
{
	static bool again;
	char text[256];
	va_list ap;

	cli();
	if (again)
		cpu_halt_forever();
	again = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	console_force();
	log_err("\n*** panic on CPU %u, called from %lx:\n*** %s", cpu_id(),
		(unsigned long)__builtin_return_address(0), text);
	stop_or_reboot();
}

void bug_at(const char *file, int line, const char *what)
{
	console_force();
	log_err("*** BUG at %s:%d: %s (called from %lx)\n", file, line, what,
		(unsigned long)__builtin_return_address(0));
	panic("a bug in the hypervisor; please report the lines above\n");
}
