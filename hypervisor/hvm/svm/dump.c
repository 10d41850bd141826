/* SPDX-License-Identifier: GPL-2.0-only */
/* A VMCB in words, for the crash of a guest. */
#include "hvm/svm/svm.h"

void svm_dump(struct hvm_vcpu *hv)
{
	const struct vmcb *vmcb = vmcb_of(hv);

	log_info("  vmcb: exit %#lx info1 %#lx info2 %#lx intinfo %#lx\n", vmcb->exitcode,
		 vmcb->exitinfo1, vmcb->exitinfo2, vmcb->exitintinfo);
	log_info("  vmcb: eventinj %#lx shadow %lu vintr %02x/%02x asid %u ncr3 %#lx nrip %#lx\n",
		 vmcb->eventinj, vmcb->interrupt_shadow, vmcb->v_irq, vmcb->v_tpr, vmcb->asid,
		 vmcb->n_cr3, vmcb->nrip);
}
