/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one door to guest memory. Arguments of hypercalls are guest-virtual addresses of the
 * current vCPU, translated with its CR3 and paging mode as a supervisor access (SMAP ignored),
 * page by page; each frame is referenced while it is touched. Nothing keeps a pointer into guest
 * memory past the call.
 *
 * A vCPU in real or unpaged protected mode has linear = guest-physical.
 */
#pragma once

#include "core/domain.h"

typedef struct { uint64_t va; } guest_ptr_t;
#define GUEST_PTR(x) ((guest_ptr_t){ (uint64_t)(x) })
/* From a XEN_GUEST_HANDLE or XEN_GUEST_HANDLE_64 field of an ABI struct. */
#define HANDLE_PTR(h) GUEST_PTR((h).p)

static inline bool guest_ptr_null(guest_ptr_t p)
{
	return p.va == 0;
}

static inline guest_ptr_t guest_ptr_add(guest_ptr_t p, uint64_t bytes)
{
	return GUEST_PTR(p.va + bytes);
}

/* 0 or -EFAULT (nothing is promised about how much was copied). Current vCPU's hypercall only. */
int __must_check copy_from_guest(void *dst, guest_ptr_t src, size_t len);
int __must_check copy_to_guest(guest_ptr_t dst, const void *src, size_t len);
int __must_check clear_guest(guest_ptr_t dst, size_t len);
/* Element i of an array; -EFAULT also when the address overflows. */
int __must_check copy_from_guest_at(void *dst, guest_ptr_t base, uint64_t i, size_t elem_size);
int __must_check copy_to_guest_at(guest_ptr_t base, uint64_t i, const void *src, size_t elem_size);

/* By guest-physical address of any domain that the caller holds a reference to. */
int __must_check copy_from_gpa(struct domain *d, void *dst, uint64_t gpa, size_t len);
/* src NULL: zeros */
int __must_check copy_to_gpa(struct domain *d, uint64_t gpa, const void *src, size_t len);

/*
 * Guest-virtual to guest-physical for the current mode of v. Access bits as in a #PF error code.
 * 0, or -EFAULT with the error code for a #PF in *pf_error (which may be NULL).
 */
#define PF_PRESENT 1u
#define PF_WRITE   2u
#define PF_USER	   4u
#define PF_FETCH   16u
int guest_translate(struct vcpu *v, uint64_t va, uint32_t access, uint64_t *gpa,
		    uint32_t *pf_error);
/* Instruction bytes at v's CS:RIP in its mode; returns how many could be read (0..max). */
unsigned int guest_fetch(struct vcpu *v, const struct hvm_mode *mode, uint8_t *buf, unsigned int max);
