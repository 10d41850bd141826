/* SPDX-License-Identifier: GPL-2.0-only */
/* A VMCS in words, for the crash of a guest. The caller prints registers and segments. */
#include "hvm/vmx/vmx.h"

static const struct {
	uint16_t field;
	const char *name;
} fields[] = {
	{ VMCS_EXIT_REASON, "exit reason" },	     { VMCS_QUALIFICATION, "qualification" },
	{ VMCS_INSTRUCTION_ERROR, "instruction error" }, { VMCS_GUEST_PHYSICAL, "guest-physical" },
	{ VMCS_EXIT_EVENT, "exit event" },	     { VMCS_VECTORING_EVENT, "vectoring event" },
	{ VMCS_ENTRY_EVENT, "entry event" },	     { VMCS_BLOCKING, "blocking" },
	{ VMCS_PIN_CONTROLS, "pin controls" },	     { VMCS_PROC_CONTROLS, "processor controls" },
	{ VMCS_PROC2_CONTROLS, "secondary controls" }, { VMCS_ENTRY_CONTROLS, "entry controls" },
	{ VMCS_GUEST_CR0, "real cr0" },		     { VMCS_GUEST_CR4, "real cr4" },
	{ VMCS_EPTP, "EPT pointer" },		     { VMCS_PENDING_DEBUG, "pending debug" },
};

void vmx_dump(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
		log_info("%s%s %#llx%s", i % 4 ? ", " : "  vmcs: ", fields[i].name,
			 (unsigned long long)vmcs_read(fields[i].field), i % 4 == 3 ? "\n" : "");
}
