/* SPDX-License-Identifier: GPL-2.0-only */
/* A VMCB in words, for the crash of a guest. */
#include "hvm/svm/svm.h"
#include "lib/log.h"

void svm_dump(struct hvm_vcpu *hv)
{
	const struct vmcb *vmcb = vmcb_of(hv);

	log_info("  vmcb: exit %#llx info1 %#llx info2 %#llx intinfo %#llx\n",
		 (unsigned long long)vmcb->exitcode, (unsigned long long)vmcb->exitinfo1,
		 (unsigned long long)vmcb->exitinfo2, (unsigned long long)vmcb->exitintinfo);
	log_info("  vmcb: eventinj %#llx shadow %llu vintr %02x/%02x asid %u ncr3 %#llx nrip %#llx\n",
		 (unsigned long long)vmcb->eventinj, (unsigned long long)vmcb->interrupt_shadow,
		 vmcb->v_irq, vmcb->v_tpr, vmcb->asid, (unsigned long long)vmcb->n_cr3,
		 (unsigned long long)vmcb->nrip);
}
