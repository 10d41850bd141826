/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls from code that is not 64-bit: EAX, and EBX, ECX, EDX, ESI, EDI. What a boot loader
 * needs (GRUB for PVH is such code) and a kernel's first questions; the rest is -ENOSYS. Most
 * structs are the same in both ABIs. Where longs and pointers make them differ, `layouts` says which
 * bytes go where; sub_op.c asks us to copy then, and no handler knows the difference.
 */
#include "guest/hypercall.h"
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/version.h>

#define NR_PIECES 3
#define MAX_SIZE 16

struct layout32 {
	uint8_t size;
	struct {
		uint8_t at, wide_at, size; /* bytes: in the caller's struct, in the 64-bit one */
	} piece[NR_PIECES];
};

#define PIECE(at, type, member, size) { at, offsetof(struct type, member), size }
static const struct layout32 layout_add_to_physmap = {
	16, { PIECE(0, xen_add_to_physmap, domid, 8), /* domid, size, space */
	      PIECE(8, xen_add_to_physmap, idx, 4),
	      PIECE(12, xen_add_to_physmap, gpfn, 4) }
};
static const struct layout32 layout_memory_map = {
	8, { PIECE(0, xen_memory_map, nr_entries, 4),
	     PIECE(4, xen_memory_map, buffer, 4) }
};
static const struct layout32 layout_foreign_memory_map = {
	12, { PIECE(0, xen_foreign_memory_map, domid, 2),
	      PIECE(4, xen_foreign_memory_map, map.nr_entries, 4),
	      PIECE(8, xen_foreign_memory_map, map.buffer, 4) }
};
static const struct layout32 layout_poll = {
	16, { PIECE(0, sched_poll, ports, 4),
	      PIECE(4, sched_poll, nr_ports, 4),
	      PIECE(8, sched_poll, timeout, 8) }
};

#define CMD(cmd) (1u << (cmd))
static const struct row32 {
	uint32_t nr;
	uint32_t same; /* commands whose struct, if they have one, is the same in both ABIs */
	struct {
		uint32_t cmd;
		const struct layout32 *layout;
	} other[NR_PIECES];
} rows[] = {
	{ .nr = __HYPERVISOR_memory_op,
	  .other = { { XENMEM_add_to_physmap, &layout_add_to_physmap },
		     { XENMEM_memory_map, &layout_memory_map },
		     { XENMEM_set_memory_map, &layout_foreign_memory_map } } },
	{ .nr = __HYPERVISOR_xen_version,
	  .same = CMD(XENVER_version) | CMD(XENVER_extraversion) | CMD(XENVER_get_features) },
	{ .nr = __HYPERVISOR_grant_table_op,
	  .same = CMD(GNTTABOP_query_size) | CMD(GNTTABOP_set_version) | CMD(GNTTABOP_get_version) },
	{ .nr = __HYPERVISOR_sched_op,
	  .same = CMD(SCHEDOP_yield) | CMD(SCHEDOP_block) | CMD(SCHEDOP_shutdown),
	  .other = { { SCHEDOP_poll, &layout_poll } } },
	{ .nr = __HYPERVISOR_event_channel_op,
	  .same = CMD(EVTCHNOP_bind_interdomain) | CMD(EVTCHNOP_bind_virq) | CMD(EVTCHNOP_close) |
		  CMD(EVTCHNOP_send) | CMD(EVTCHNOP_status) | CMD(EVTCHNOP_alloc_unbound) |
		  CMD(EVTCHNOP_bind_ipi) | CMD(EVTCHNOP_bind_vcpu) | CMD(EVTCHNOP_unmask) },
	{ .nr = __HYPERVISOR_hvm_op,
	  .same = CMD(HVMOP_set_param) | CMD(HVMOP_get_param) | CMD(HVMOP_set_evtchn_upcall_vector) },
};

int layout32_read(const struct layout32 *l, void *op, size_t size, guest_ptr_t from)
{
	uint8_t narrow[MAX_SIZE];

	if (copy_from_guest(narrow, from, l->size))
		return -EFAULT;
	memset(op, 0, size);
	for (unsigned int i = 0; i < NR_PIECES; i++)
		memcpy((uint8_t *)op + l->piece[i].wide_at, narrow + l->piece[i].at,
		       l->piece[i].size);
	return 0;
}

int layout32_write(const struct layout32 *l, guest_ptr_t to, const void *op)
{
	uint8_t narrow[MAX_SIZE] = { 0 };

	for (unsigned int i = 0; i < NR_PIECES; i++)
		memcpy(narrow + l->piece[i].at, (const uint8_t *)op + l->piece[i].wide_at,
		       l->piece[i].size);
	return copy_to_guest(to, narrow, l->size);
}

/* Is this call one of those above? Then *layout is its struct's, or NULL. */
static bool find(uint32_t nr, uint32_t cmd, const struct layout32 **layout)
{
	*layout = NULL;
	for (const struct row32 *r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		if (r->nr != nr)
			continue;
		for (unsigned int i = 0; i < NR_PIECES && !*layout; i++)
			if (r->other[i].cmd == cmd)
				*layout = r->other[i].layout;
		return *layout || (cmd < 32 && r->same & CMD(cmd));
	}
	return false;
}

void hypercall_32(struct vcpu *v)
{
	static const uint8_t regs[] = { RBX, RCX, RDX, RSI, RDI };
	uint64_t *gpr = v->hvm.gpr;
	struct call call = { 0 };
	int64_t rc = -ENOSYS;

	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++)
		call.arg[i] = (uint32_t)gpr[regs[i]];
	if (v->mode.cpl)
		rc = -EPERM;
	else if (find((uint32_t)gpr[RAX], (uint32_t)call.arg[0], &call.layout))
		rc = hypercall_dispatch(v, (uint32_t)gpr[RAX], &call);
	BUG_ON(rc == -ERESTART); /* none of these calls is long */
	gpr[RAX] = (uint32_t)rc;
	hvm_advance(&v->hvm, 3);
}
