/* SPDX-License-Identifier: GPL-2.0-only */
/* Choosing the hypercall instruction as Linux does: by the CPU vendor, no hypercall page. */
#include "lib/hypercall.h"
#include "lib/string.h"

extern char hypercall_insn[];

void hypercall_init(void)
{
	static const char *const vmmcall_vendors[] = { "AuthenticAMD", "HygonGenuine" };
	uint32_t r[4], vendor[3];

	cpuid(0, 0, r);
	vendor[0] = r[1];
	vendor[1] = r[3];
	vendor[2] = r[2];
	for (unsigned int i = 0; i < ARRAY_SIZE(vmmcall_vendors); i++)
		if (!memcmp(vendor, vmmcall_vendors[i], sizeof(vendor)))
			hypercall_insn[2] = 0xd9; /* 0f 01 c1 VMCALL -> 0f 01 d9 VMMCALL */
	cpuid(0, 0, r); /* serialises: the instruction may have been fetched already */
}

long hvm_get_param(domid_t domid, uint32_t index, uint64_t *value)
{
	struct xen_hvm_param p = { .domid = domid, .index = index };
	long rc = hvm_op(HVMOP_get_param, &p);

	*value = p.value;
	return rc;
}

long hvm_set_param(domid_t domid, uint32_t index, uint64_t value)
{
	struct xen_hvm_param p = { .domid = domid, .index = index, .value = value };

	return hvm_op(HVMOP_set_param, &p);
}
