/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finding who answers a port: a sorted array of ranges per domain, searched by halving. Whole
 * accesses go to the range of their first byte; one that starts inside and ends outside is split
 * into bytes.
 */
#include "dev/io.h"
#include "dev/io_string.h"
#include "mem/kalloc.h"

#define IO_MAX_RANGES 31

struct io_range {
	uint16_t first, last;
	io_fn fn;
	void *ctx;
};

struct io_table {
	unsigned int nr; /* set while the domain is built */
	uint8_t hint[64]; /* by the port's low bits: where it was found last, or anything */
	struct io_range range[IO_MAX_RANGES];
};

int io_register(struct domain *d, uint16_t first, uint32_t nr, io_fn fn, void *ctx)
{
	struct io_table *t = d->io;
	uint32_t last = first + nr - 1;
	unsigned int i;

	if (!nr || last > 0xffff)
		return -EINVAL;
	if (!t)
		t = d->io = kalloc(sizeof(*t));
	if (!t || t->nr == IO_MAX_RANGES)
		return -ENOMEM;
	for (i = 0; i < t->nr && t->range[i].last < first; i++)
		;
	if (i < t->nr && t->range[i].first <= last)
		return -EEXIST;
	memmove(&t->range[i + 1], &t->range[i], (t->nr - i) * sizeof(t->range[0]));
	t->range[i] = (struct io_range){ first, (uint16_t)last, fn, ctx };
	t->nr++;
	return 0;
}

void io_free(struct domain *d)
{
	kfree(d->io, sizeof(*d->io));
	d->io = NULL;
}

void io_open_unclaimed(struct domain *d)
{
	hvm_domain_allow_ports(&d->hvm, 0, 0x10000, true);
	for (unsigned int i = 0; d->io && i < d->io->nr; i++) {
		const struct io_range *r = &d->io->range[i];

		hvm_domain_allow_ports(&d->hvm, r->first, r->last - r->first + 1u, false);
	}
}

static bool holds_whole(const struct io_range *r, uint16_t port, unsigned int size)
{
	return port >= r->first && r->last - port >= (int)size - 1;
}

static const struct io_range *search(struct io_table *t, uint16_t port)
{
	unsigned int low = 0, high = t->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;
		const struct io_range *r = &t->range[mid];

		if (port < r->first)
			high = mid;
		else if (port > r->last)
			low = mid + 1;
		else {
			WRITE_ONCE(t->hint[port % ARRAY_SIZE(t->hint)], (uint8_t)mid);
			return r;
		}
	}
	return NULL;
}

static __outlined void access_unhinted(struct vcpu *v, uint16_t port, unsigned int size, bool write,
				       uint32_t *val)
{
	const struct io_range *r = search(v->d->io, port);
	uint32_t byte, out = 0;

	if (r && holds_whole(r, port, size)) {
		r->fn(v, r->ctx, port, size, write, val);
		return;
	}
	for (unsigned int i = 0; i < size; i++) {
		byte = write ? *val >> i * 8 & 0xff : 0xff;
		if (size > 1)
			access_unhinted(v, (uint16_t)(port + i), 1, write, &byte);
		out |= (byte & 0xff) << i * 8;
	}
	if (!write)
		*val = out;
}

inline void io_access(struct vcpu *v, uint16_t port, unsigned int size, bool write, uint32_t *val)
{
	struct io_table *t = v->d->io;
	const struct io_range *r = &t->range[READ_ONCE(t->hint[port % ARRAY_SIZE(t->hint)])];

	if (likely(holds_whole(r, port, size)))
		r->fn(v, r->ctx, port, size, write, val);
	else
		access_unhinted(v, port, size, write, val);
}

void io_exit(struct vcpu *v, const struct hvm_exit *exit)
{
	uint32_t mask = ~0u >> (32 - exit->io.size * 8);
	uint64_t *rax = &v->hvm.gpr[RAX];
	uint32_t val = (uint32_t)*rax & mask;

	if (unlikely(exit->io.string)) {
		io_string_exit(v, exit);
		return;
	}
	io_access(v, exit->io.port, exit->io.size, exit->io.write, &val);
	if (!exit->io.write) /* 32-bit results clear the upper half */
		*rax = (val & mask) | (mask == ~0u ? 0 : *rax & ~(uint64_t)mask);
	hvm_advance(&v->hvm, exit->len);
}
