/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console_io (18): see console_io.h. Keys come in from the interrupt; the ring's lock is its own.
 */
#include "guest/console_io.h"
#include "guest/evtchn.h"
#include "guest/hypercall.h"
#include "x86/console.h"

#define WRITE_CHUNK 128
#define INPUT_SIZE  256

static struct {
	spinlock_t lock;
	uint32_t head, tail; /* bytes taken, bytes put; lock */
	char buf[INPUT_SIZE];
} input = { .lock = SPINLOCK_INIT(console) };

static void got_key(char c)
{
	spin_lock(&input.lock);
	if (input.tail - input.head < INPUT_SIZE)
		input.buf[input.tail++ % INPUT_SIZE] = c;
	spin_unlock(&input.lock);
	evtchn_send_global_virq(hardware_domain, VIRQ_CONSOLE);
}

void console_io_init(void)
{
	console_set_guest_input(got_key);
}

/* One chunk per run: a serial line is slow, and nobody else waits for a whole screen. */
static int64_t console_write(struct call *call)
{
	char buf[WRITE_CHUNK];
	uint32_t left = (uint32_t)call->arg[1], n = min(left, (uint32_t)WRITE_CHUNK);

	if (copy_from_guest(buf, GUEST_PTR(call->arg[2]), n))
		return -EFAULT;
	console_write_guest(buf, n);
	call->arg[1] = left - n;
	call->arg[2] += n;
	return left > n ? -ERESTART : 0;
}

static int64_t console_read(struct call *call)
{
	char buf[INPUT_SIZE];
	uint32_t n = 0, size = min((uint32_t)call->arg[1], (uint32_t)INPUT_SIZE);

	spin_lock(&input.lock);
	while (n < size && input.head != input.tail)
		buf[n++] = input.buf[input.head++ % INPUT_SIZE];
	spin_unlock(&input.lock);
	return copy_to_guest(GUEST_PTR(call->arg[2]), buf, n) ? -EFAULT : n;
}

int64_t hypercall_console_io(struct vcpu *v, struct call *call)
{
	switch ((uint32_t)call->arg[0]) {
	case CONSOLEIO_write:
		return console_write(call);
	case CONSOLEIO_read:
		return console_read(call);
	}
	return -ENOSYS;
}
