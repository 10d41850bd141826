/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The console ring and the devices behind it. A message is formatted on the stack, then under the
 * console lock goes into the ring and, when its level says so, to the devices. The ring's index runs
 * on for ever; the byte of index i is at i modulo its size.
 */
#include <stdarg.h>
#include "lib/printf.h"
#include "lib/spinlock.h"
#include "x86/console.h"
#include "x86/time.h"
#include "x86/vga.h"

#define LINE_SIZE  512
#define GUEST_BURST 32 /* guest-provoked messages at once, and per second after that */

static spinlock_t lock = SPINLOCK_INIT(console);
static char ring[CONSOLE_RING_SIZE];
static uint32_t ring_end;   /* index after the newest byte */
static uint32_t ring_clear; /* a reader from 0 starts here */
static bool open, forced, use_vga, at_line_start = true;
static int host_level = LOG_INFO, guest_level = LOG_WARN; /* -1: nothing */
static unsigned int guest_tokens = GUEST_BURST, guest_dropped;
static uint64_t guest_refill_ns;

static void console_lock(void) __acquires(lock)
{
	if (!forced)
		spin_lock(&lock);
	else
		__acquire(lock);
}

static void console_unlock(void) __releases(lock)
{
	if (!forced)
		spin_unlock(&lock);
	else
		__release(lock);
}

static void device_write(const char *s, size_t len)
{
	if (!open)
		return;
	for (; len; len--, s++) {
		if (*s == '\n')
			uart_putc('\r');
		uart_putc(*s);
		if (use_vga)
			vga_putc(*s);
	}
}

static void ring_write(const char *s, size_t len)
{
	for (; len; len--)
		ring[ring_end++ % CONSOLE_RING_SIZE] = *s++;
}

static void both_write(const char *s, size_t len, bool to_device)
{
	ring_write(s, len);
	if (to_device)
		device_write(s, len);
}

static void message(enum log_level level, bool to_device, const char *s, size_t len)
{
	static const char *const prefix[] = {
		[LOG_ERR] = "(HL) ", [LOG_WARN] = "(HL) warning: ", [LOG_INFO] = "(HL) ", [LOG_DEBUG] = "(HL) ",
	};

	if (at_line_start && *s != '\n')
		both_write(prefix[level], strlen(prefix[level]), to_device);
	both_write(s, len, to_device);
	if (len)
		at_line_start = s[len - 1] == '\n';
}

static void message_va(enum log_level level, int limit, const char *fmt, va_list ap)
{
	char line[LINE_SIZE];
	int len = vsnprintf(line, sizeof(line), fmt, ap);

	if (len >= LINE_SIZE) {
		len = LINE_SIZE - 1;
		line[len - 1] = '\n';
	}
	console_lock();
	message(level, forced || (int)level <= limit, line, len);
	console_unlock();
}

void log_at(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message_va(level, host_level, fmt, ap);
	va_end(ap);
}

/* A token per message; the bucket is full again a second after it was last filled. */
static bool guest_may_log(unsigned int *dropped)
{
	uint64_t t = now();
	bool ok;

	console_lock();
	if (t - guest_refill_ns >= NSEC_PER_SEC) {
		guest_refill_ns = t;
		guest_tokens = GUEST_BURST;
	}
	ok = guest_tokens > 0;
	*dropped = ok ? guest_dropped : 0;
	guest_dropped = ok ? 0 : guest_dropped + 1;
	guest_tokens -= ok;
	console_unlock();
	return ok;
}

void guest_log_at(enum log_level level, const char *fmt, ...)
{
	unsigned int dropped;
	va_list ap;

	if ((int)level > guest_level || !guest_may_log(&dropped))
		return;
	if (dropped)
		log_at(LOG_WARN, "%u messages about guests dropped\n", dropped);
	va_start(ap, fmt);
	message_va(level, guest_level, fmt, ap);
	va_end(ap);
}

void console_init(const struct console_config *cfg)
{
	uint32_t start = ring_end > CONSOLE_RING_SIZE ? ring_end - CONSOLE_RING_SIZE : 0;

	if (cfg->vga)
		vga_init();
	use_vga = cfg->vga;
	if (cfg->com1 && !uart_init(&cfg->uart))
		log_warn("no serial port at %#x\n", cfg->uart.port);
	open = true;
	for (uint32_t i = start; i != ring_end; i++)
		device_write(&ring[i % CONSOLE_RING_SIZE], 1);
}

void console_release_vga(void)
{
	use_vga = false;
}

void console_set_levels(int host, int guest)
{
	host_level = host;
	guest_level = guest;
}

void console_write_guest(const char *buf, size_t size)
{
	console_lock();
	device_write(buf, size);
	console_unlock();
}

size_t console_read_ring(uint32_t *index, char *buf, size_t size)
{
	size_t n = 0;
	uint32_t at;

	console_lock();
	at = *index ? *index : ring_clear;
	if (ring_end - at > CONSOLE_RING_SIZE)
		at = ring_end - CONSOLE_RING_SIZE;
	while (n < size && at != ring_end)
		buf[n++] = ring[at++ % CONSOLE_RING_SIZE];
	*index = at;
	console_unlock();
	return n;
}

void console_clear_ring(void)
{
	console_lock();
	ring_clear = ring_end;
	console_unlock();
}

void console_force(void)
{
	static const struct uart_config com1 = { .port = 0x3f8, .baud = 115200, .lcr = 0x03 };

	forced = true;
	if (!open)
		console_init(&(struct console_config){ .com1 = true, .vga = true, .uart = com1 });
}
