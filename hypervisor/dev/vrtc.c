/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CMOS clock of the machine behind an index latch of Dom0's. We read the clock only at boot,
 * but the index port and the data port make one access, and two vCPUs must not mix theirs on the
 * real chip. NMI masking (bit 7 of the index) is not Dom0's to do.
 */
#include "dev/vrtc.h"
#include "dev/io.h"
#include "lib/errno.h"
#include "mem/kalloc.h"
#include "x86/asm.h"

#define RTC_INDEX 0x70
#define RTC_DATA  0x71

struct vrtc {
	spinlock_t lock; /* level vioapic: a device of Dom0's */
	uint8_t index;	 /* lock */
};

static void access(struct vcpu *v, void *ctx, uint16_t port, unsigned int size, bool write,
		   uint32_t *val)
{
	struct vrtc *rtc = ctx;

	if (size != 1) {
		*val = ~0u;
		return;
	}
	spin_lock(&rtc->lock);
	if (port == RTC_INDEX && write) {
		rtc->index = *val & 0x7f;
	} else if (port == RTC_INDEX) {
		*val = 0xff; /* write-only in hardware */
	} else {
		outb(RTC_INDEX, rtc->index);
		if (write)
			outb(RTC_DATA, (uint8_t)*val);
		else
			*val = inb(RTC_DATA);
	}
	spin_unlock(&rtc->lock);
}

int vrtc_create(struct domain *d)
{
	d->vrtc = kalloc(sizeof(*d->vrtc));
	if (!d->vrtc)
		return -ENOMEM;
	spin_init(&d->vrtc->lock, LOCK_vioapic);
	return io_register(d, RTC_INDEX, 2, access, d->vrtc);
}

void vrtc_free(struct domain *d)
{
	kfree(d->vrtc, sizeof(*d->vrtc));
	d->vrtc = NULL;
}
