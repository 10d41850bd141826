/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dom0's IO-APICs. A pin's redirection entry is a word in memory; the real pin follows it:
 *
 *	Dom0 unmasks the first time	the real line gets a vector of ours, trigger and polarity
 *from the entry the line fires			level: the real pin is masked; the message of the
 *entry is delivered Dom0's EOI of a level pin	remote IRR clears, the real pin opens; still
 *asserted, it fires again Dom0 masks or unmasks		so is the real pin, unless an EOI is
 *outstanding
 *
 * Invariants: remote IRR is set only in level mode and then the real pin is masked; the real pin is
 *open exactly when the entry is unmasked, bound, and has no remote IRR. Lock: vioapic.
 */
#include "dev/vioapic.h"
#include "dev/mmio.h"
#include "dev/vlapic.h"
#include "mem/kalloc.h"
#include "x86/ioapic.h"
#include "x86/irq.h"

#define IOREGSEL	0x00
#define IOWIN		0x10
#define REG_ID		0x00
#define REG_VERSION	0x01
#define REG_ARBITRATION 0x02
#define REG_ENTRIES	0x10
#define IOAPIC_VERSION	0x11 /* no EOI register */

#define RTE_READ_ONLY	0x5000ULL /* delivery status, remote IRR */
#define RTE_LOW_ACTIVE	(1ULL << 13)
#define RTE_REMOTE_IRR	(1ULL << 14)
#define RTE_LEVEL	(1ULL << 15)
#define RTE_MASKED	(1ULL << 16)
#define RTE_DEFINED	0xff0000000001ffffULL

struct vioapic_pin {
	uint64_t rte;
	uint32_t gsi;
	int vector;	   /* ours, of the real line; < 0: not bound */
	bool is_refused;   /* the line is the hypervisor's own, or there is no vector left */
	struct vioapic *vioapic;
};

struct vioapic_chip {
	uint64_t gpa;
	uint32_t id, select;
	uint32_t first_pin, nr_pins;
};

struct vioapic {
	spinlock_t lock;
	struct domain *d;
	size_t size;
	unsigned int nr_chips, nr_pins;
	struct vioapic_chip chip[16];
	struct vioapic_pin pin[];
};

static bool is_open(const struct vioapic_pin *pin)
{
	return !(pin->rte & (RTE_MASKED | RTE_REMOTE_IRR));
}

/* Send the entry's message. Level: remote IRR says that somebody took it. */
static void deliver_locked(struct vioapic_pin *pin)
{
	struct apic_msg m = {
		.dest = (uint32_t)(pin->rte >> 56),
		.logical = pin->rte >> 11 & 1,
		.level = pin->rte & RTE_LEVEL,
		.mode = pin->rte >> 8 & 7,
		.vector = (uint8_t)pin->rte,
	};
	bool taken = vlapic_deliver(pin->vioapic->d, &m);

	if (taken && m.level)
		pin->rte |= RTE_REMOTE_IRR;
}

/* The real line fired. Level: nobody may open the real pin before the guest's EOI. */
static void fire(void *arg)
{
	struct vioapic_pin *pin = arg;

	spin_lock(&pin->vioapic->lock);
	if (pin->rte & RTE_LEVEL)
		ioapic_set_masked(pin->gsi, true);
	if (is_open(pin))
		deliver_locked(pin);
	spin_unlock(&pin->vioapic->lock);
}

/* The CPU on which the entry's vCPU ran last: its interrupts may as well arrive there. */
static unsigned int cpu_of(const struct vioapic_pin *pin)
{
	struct vcpu *v = domain_vcpu(pin->vioapic->d, (unsigned int)(pin->rte >> 57));

	return v && v->sched.cpu < nr_cpus ? v->sched.cpu : 0;
}

static void route_locked(struct vioapic_pin *pin)
{
	int rc = ioapic_route(pin->gsi, (unsigned int)pin->vector, cpu_of(pin),
			      pin->rte & RTE_LEVEL, pin->rte & RTE_LOW_ACTIVE);

	if (rc < 0)
		log_warn("GSI %u: no real line: error %d\n", pin->gsi, -rc);
}

static void bind_locked(struct vioapic_pin *pin)
{
	int vector = -EBUSY;

	if (!ioapic_is_routed(pin->gsi))
		vector = irq_alloc_vector(fire, pin);
	if (vector < 0) {
		log_warn("GSI %u cannot be Dom0's: %s\n", pin->gsi,
			 vector == -EBUSY ? "it is the hypervisor's" : "no vector is left");
		pin->is_refused = true;
		return;
	}
	pin->vector = vector;
	ioapic_set_masked(pin->gsi, true);
	route_locked(pin);
}

/* Make the real pin follow the entry. changed: bits of the entry that differ from before. */
static void sync_locked(struct vioapic_pin *pin, uint64_t changed)
{
	if (pin->vector < 0 && !pin->is_refused && !(pin->rte & RTE_MASKED))
		bind_locked(pin);
	else if (pin->vector >= 0 && (changed & (RTE_LEVEL | RTE_LOW_ACTIVE)))
		route_locked(pin);
	if (pin->vector < 0)
		return;
	ioapic_set_masked(pin->gsi, !is_open(pin));
}

static void entry_write_locked(struct vioapic_pin *pin, bool high, uint32_t val)
{
	uint64_t old = pin->rte;

	if (high) /* the low half alone decides what the real pin does */
		pin->rte = (old & 0xffffffff) | ((uint64_t)val << 32 & RTE_DEFINED);
	else
		pin->rte = (old & ~0xffffffffULL) | (val & RTE_DEFINED & ~RTE_READ_ONLY) |
			   (old & RTE_REMOTE_IRR);
	if (!(pin->rte & RTE_LEVEL)) /* how an old IO-APIC is given an EOI: flip to edge and back */
		pin->rte &= ~RTE_REMOTE_IRR;
	if (!high)
		sync_locked(pin, old ^ pin->rte);
}

static struct vioapic_pin *pin_of(struct vioapic *io, struct vioapic_chip *chip, uint32_t reg)
{
	uint32_t i = (reg - REG_ENTRIES) / 2;

	if (reg < REG_ENTRIES || i >= chip->nr_pins)
		return NULL;
	return &io->pin[chip->first_pin + index_nospec(i, chip->nr_pins)];
}

static uint32_t reg_read_locked(struct vioapic *io, struct vioapic_chip *chip)
{
	const struct vioapic_pin *pin = pin_of(io, chip, chip->select);

	if (pin)
		return (uint32_t)(pin->rte >> (chip->select & 1 ? 32 : 0));
	switch (chip->select) {
	case REG_ID:
	case REG_ARBITRATION:
		return chip->id << 24;
	case REG_VERSION:
		return (chip->nr_pins - 1) << 16 | IOAPIC_VERSION;
	default:
		return 0;
	}
}

static void reg_write_locked(struct vioapic *io, struct vioapic_chip *chip, uint32_t val)
{
	struct vioapic_pin *pin = pin_of(io, chip, chip->select);

	if (pin)
		entry_write_locked(pin, chip->select & 1, val);
	else if (chip->select == REG_ID)
		chip->id = val >> 24 & 0xf;
}

static void access(struct vcpu *v, void *ctx, uint64_t gpa, unsigned int size, bool write,
		   uint64_t *val)
{
	struct vioapic *io = v->d->vioapic;
	struct vioapic_chip *chip = ctx;
	unsigned int offset = gpa & 0xff;

	spin_lock(&io->lock);
	if (offset == IOREGSEL && write)
		chip->select = *val & 0xff;
	else if (offset == IOREGSEL)
		*val = chip->select;
	else if (offset == IOWIN && write)
		reg_write_locked(io, chip, (uint32_t)*val);
	else if (offset == IOWIN)
		*val = reg_read_locked(io, chip);
	else if (!write)
		*val = 0;
	spin_unlock(&io->lock);
}

void vioapic_eoi(struct domain *d, uint8_t vector)
{
	struct vioapic *io = d->vioapic;

	if (!io)
		return;
	spin_lock(&io->lock);
	for (unsigned int i = 0; i < io->nr_pins; i++) {
		struct vioapic_pin *pin = &io->pin[i];

		if ((uint8_t)pin->rte != vector || !(pin->rte & RTE_REMOTE_IRR))
			continue;
		pin->rte &= ~RTE_REMOTE_IRR;
		if (is_open(pin) && pin->vector >= 0)
			ioapic_set_masked(pin->gsi, false);
	}
	spin_unlock(&io->lock);
}

static int add_chip(struct vioapic *io, const struct ioapic_info *info)
{
	struct vioapic_chip *chip = &io->chip[io->nr_chips];

	*chip = (struct vioapic_chip){ .gpa = info->hpa, .id = info->id, .first_pin = io->nr_pins,
				       .nr_pins = info->nr_pins };
	for (unsigned int i = 0; i < info->nr_pins; i++)
		io->pin[io->nr_pins + i] = (struct vioapic_pin){
			.rte = RTE_MASKED, .gsi = info->gsi_base + i, .vector = -1, .vioapic = io
		};
	io->nr_chips++;
	io->nr_pins += info->nr_pins;
	return mmio_register(io->d, round_down(info->hpa, PAGE_SIZE), PAGE_SIZE, access, chip);
}

int vioapic_create(struct domain *d)
{
	unsigned int i, nr_pins = 0,
			nr_chips = min(ioapic_count(), (unsigned int)ARRAY_SIZE(d->vioapic->chip));
	struct vioapic *io;
	int rc = 0;

	for (i = 0; i < nr_chips; i++)
		nr_pins += ioapic_info(i)->nr_pins;
	io = kalloc(sizeof(*io) + nr_pins * sizeof(io->pin[0]));
	if (!io)
		return -ENOMEM;
	spin_init(&io->lock, LOCK_vioapic);
	io->d = d;
	io->size = sizeof(*io) + nr_pins * sizeof(io->pin[0]);
	d->vioapic = io;
	for (i = 0; i < nr_chips && rc == 0; i++)
		rc = add_chip(io, ioapic_info(i));
	return rc;
}

void vioapic_free(struct domain *d)
{
	struct vioapic *io = d->vioapic;

	if (!io)
		return;
	for (unsigned int i = 0; i < io->nr_pins; i++) {
		if (io->pin[i].vector < 0)
			continue;
		ioapic_set_masked(io->pin[i].gsi, true);
		irq_free_vector(io->pin[i].vector);
	}
	kfree(io, io->size);
	d->vioapic = NULL;
}
