/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PVH boot state of vCPU 0. Helium sets it by hl_pvh_start. Elsewhere it is written as an HVM
 * context: the hypervisor's own HEADER record, write-back as default memory type for every vCPU,
 * and a CPU record that says flat 32-bit protected mode. A vCPU is up once it has a CPU record.
 */
#include "dom0-tools/lib/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xen/hvm/save.h>

#define MTRR_DEFAULT_WB	  ((1U << 11) | 6)	/* enabled, write-back */
#define SEGMENT_CODE	  0xc9b			/* 32-bit, 4 KiB granular, execute/read, accessed */
#define SEGMENT_DATA	  0xc93
#define SEGMENT_BUSY_TSS  0x8b
#define TSS_LIMIT	  0x67
#define CR0_PE_ET	  0x11
#define DR6_RESET	  0xffff0ff0UL
#define DR7_RESET	  0x400UL
#define APIC_BASE_X2APIC  (1UL << 10)

struct context {
	uint8_t *data;
	size_t size, used;
};

static int context_get(struct hl *hl, uint32_t domid, struct context *cx)
{
	struct xen_domctl op = { 0 };
	int rc = hl_domctl_for(hl, XEN_DOMCTL_gethvmcontext, domid, &op);

	if (rc < 0)
		return rc;
	cx->used = cx->size = op.u.hvmcontext.size;
	cx->data = hl_buffer(hl, cx->size);
	if (!cx->data)
		return -ENOMEM;
	set_xen_guest_handle(op.u.hvmcontext.buffer, cx->data);
	return hl_domctl_for(hl, XEN_DOMCTL_gethvmcontext, domid, &op);
}

static int context_set(struct hl *hl, uint32_t domid, struct context *cx)
{
	struct xen_domctl op = { .u.hvmcontext.size = cx->used };

	set_xen_guest_handle(op.u.hvmcontext.buffer, cx->data);
	return hl_domctl_for(hl, XEN_DOMCTL_sethvmcontext, domid, &op);
}

static const void *context_find(const struct context *cx, unsigned int code, unsigned int instance,
				size_t length)
{
	struct hvm_save_descriptor d;

	for (size_t at = 0; at + sizeof(d) <= cx->used; at += sizeof(d) + d.length) {
		memcpy(&d, cx->data + at, sizeof(d));
		if (d.length > cx->used - at - sizeof(d) || d.typecode == HVM_SAVE_CODE(END))
			break;
		if (d.typecode == code && d.instance == instance && d.length == length)
			return cx->data + at + sizeof(d);
	}
	return NULL;
}

static void context_add(struct context *cx, unsigned int code, unsigned int instance,
			const void *record, size_t length)
{
	struct hvm_save_descriptor d = { .typecode = code, .instance = instance, .length = length };

	memcpy(cx->data + cx->used, &d, sizeof(d));
	if (length)
		memcpy(cx->data + cx->used + sizeof(d), record, length);
	cx->used += sizeof(d) + length;
}

/* full becomes what the domain has, set its header and room for `size` bytes more. */
static int context_begin(struct hl *hl, uint32_t domid, size_t size, struct context *full, struct context *set)
{
	const struct hvm_save_header *header;
	int rc = context_get(hl, domid, full);

	if (rc < 0)
		return rc;
	set->size = 4096 + size;
	set->data = hl_buffer(hl, set->size);
	if (!set->data)
		return -ENOMEM;
	header = context_find(full, HVM_SAVE_CODE(HEADER), 0, HVM_SAVE_LENGTH(HEADER));
	if (!header)
		return -EPROTO;
	context_add(set, HVM_SAVE_CODE(HEADER), 0, header, sizeof(*header));
	return 0;
}

/* Unless something went wrong before, load what was put together; free both. */
static int context_end(struct hl *hl, uint32_t domid, struct context *full, struct context *set, int rc)
{
	if (!rc) {
		context_add(set, HVM_SAVE_CODE(END), 0, NULL, 0);
		rc = context_set(hl, domid, set);
	}
	hl_buffer_free(hl, full->data);
	hl_buffer_free(hl, set->data);
	return rc;
}

static struct hvm_hw_cpu boot_cpu(uint32_t entry, uint32_t start_info)
{
	return (struct hvm_hw_cpu){
		.rbx = start_info, .rip = entry, .rflags = 2,
		.cr0 = CR0_PE_ET, .dr6 = DR6_RESET, .dr7 = DR7_RESET,
		.cs_limit = ~0U, .cs_arbytes = SEGMENT_CODE,
		.ds_limit = ~0U, .ds_arbytes = SEGMENT_DATA,
		.es_limit = ~0U, .es_arbytes = SEGMENT_DATA,
		.ss_limit = ~0U, .ss_arbytes = SEGMENT_DATA,
		.tr_limit = TSS_LIMIT, .tr_arbytes = SEGMENT_BUSY_TSS,
	};
}

static int start_by_context(struct hl *hl, uint32_t domid, uint32_t vcpus, uint32_t entry,
			    uint32_t start_info)
{
	struct hvm_hw_cpu cpu = boot_cpu(entry, start_info);
	struct context full = { 0 }, set = { 0 };
	int rc = context_begin(hl, domid, vcpus * (sizeof(struct hvm_save_descriptor) + sizeof(struct hvm_hw_mtrr)),
			       &full, &set);

	for (uint32_t v = 0; v < vcpus && !rc; v++) {
		const struct hvm_hw_mtrr *old = context_find(&full, HVM_SAVE_CODE(MTRR), v,
							     HVM_SAVE_LENGTH(MTRR));
		struct hvm_hw_mtrr mtrr;

		if (!old)
			continue;
		mtrr = *old;
		mtrr.msr_mtrr_def_type = MTRR_DEFAULT_WB;
		context_add(&set, HVM_SAVE_CODE(MTRR), v, &mtrr, sizeof(mtrr));
	}
	if (!rc)
		context_add(&set, HVM_SAVE_CODE(CPU), 0, &cpu, sizeof(cpu));
	return context_end(hl, domid, &full, &set, rc);
}

int hl_xapic_start(struct hl *hl, uint32_t domid, uint32_t vcpus)
{
	struct context full = { 0 }, set = { 0 };
	int rc = context_begin(hl, domid, vcpus * (sizeof(struct hvm_save_descriptor) + sizeof(struct hvm_hw_lapic)),
			       &full, &set);

	for (uint32_t v = 0; v < vcpus && !rc; v++) {
		const struct hvm_hw_lapic *old = context_find(&full, HVM_SAVE_CODE(LAPIC), v, HVM_SAVE_LENGTH(LAPIC));
		struct hvm_hw_lapic lapic;

		if (!old) {
			rc = -EPROTO;
			break;
		}
		lapic = *old;
		lapic.apic_base_msr &= ~APIC_BASE_X2APIC;
		context_add(&set, HVM_SAVE_CODE(LAPIC), v, &lapic, sizeof(lapic));
	}
	return context_end(hl, domid, &full, &set, rc);
}

int hl_pvh_start(struct hl *hl, uint32_t domid, uint32_t vcpus, uint32_t entry, uint32_t start_info)
{
	struct xen_domctl op = {
		.u.hl_pvh_start = { .entry_eip = entry, .start_info_gpa = start_info },
	};
	int rc = hl_domctl_for(hl, XEN_DOMCTL_hl_pvh_start, domid, &op);

	if (rc != -ENOSYS)
		return rc;
	return start_by_context(hl, domid, vcpus, entry, start_info);
}
