/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls, 64-bit ABI. HC(number, arguments...) returns the raw result; the header also pulls
 * in the ABI's own structs. Errors are negative XEN_E* values.
 */
#pragma once

#include "lib/asm.h"

#include <xen/errno.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>

/* Choose VMCALL or VMMCALL by the CPU vendor. First thing to call. */
void hypercall_init(void);

static inline long hypercall(unsigned long nr, unsigned long a1, unsigned long a2,
			     unsigned long a3, unsigned long a4, unsigned long a5)
{
	register unsigned long r10 __asm__("r10") = a4;
	register unsigned long r8 __asm__("r8") = a5;
	long ret;

	__asm__ volatile("call hypercall_insn"
			 : "=a"(ret), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
			 : "0"(nr) : "memory");
	return ret;
}

#define HC_PAD(nr, a, b, c, d, e, ...)                                                  \
	hypercall(nr, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c),       \
		  (unsigned long)(d), (unsigned long)(e))
#define HC(nr, ...) HC_PAD(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0)

#define xen_version(cmd, arg)	    HC(__HYPERVISOR_xen_version, cmd, arg)
#define memory_op(cmd, arg)	    HC(__HYPERVISOR_memory_op, cmd, arg)
#define event_channel_op(cmd, arg)  HC(__HYPERVISOR_event_channel_op, cmd, arg)
#define grant_table_op(cmd, arg, n) HC(__HYPERVISOR_grant_table_op, cmd, arg, n)
#define sched_op(cmd, arg)	    HC(__HYPERVISOR_sched_op, cmd, arg)
#define vcpu_op(cmd, vcpu, arg)	    HC(__HYPERVISOR_vcpu_op, cmd, vcpu, arg)
#define hvm_op(cmd, arg)	    HC(__HYPERVISOR_hvm_op, cmd, arg)

long hvm_get_param(domid_t domid, uint32_t index, uint64_t *value);
long hvm_set_param(domid_t domid, uint32_t index, uint64_t value);

/* The address and the frame of anything in the image: it is mapped one to one. */
static inline xen_pfn_t gfn_of(const volatile void *p)
{
	return (uintptr_t)p >> PAGE_SHIFT;
}
