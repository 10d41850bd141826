/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen_version (17). We say 4.17, whose ABI we implement, because Debian's scripts choose their
 * tools by that number; the extra version is our name.
 */
#include "guest/version.h"
#include "guest/hypercall.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include <xen/version.h>

#define ABI_MAJOR 4
#define ABI_MINOR 17
#define CAPABILITIES "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 "

static xen_commandline_t saved_cmdline;

void version_set_cmdline(const char *cmdline)
{
	str_copy(saved_cmdline, cmdline, sizeof(saved_cmdline));
}

static int64_t answer(guest_ptr_t to, const void *what, size_t size)
{
	return copy_to_guest(to, what, size) ? -EFAULT : 0;
}

static int64_t op_version(struct vcpu *v, guest_ptr_t arg)
{
	return ABI_MAJOR << 16 | ABI_MINOR;
}

static int64_t op_extraversion(struct vcpu *v, guest_ptr_t arg)
{
	xen_extraversion_t s = ".helium-" HELIUM_VERSION;

	return answer(arg, s, sizeof(s));
}

static int64_t op_compile_info(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_compile_info s = { .compiler = "gcc " __VERSION__, .compile_by = "helium" };

	return answer(arg, &s, sizeof(s));
}

/* The kinds of guest that we run: PVH counts as hvm. */
static int64_t op_capabilities(struct vcpu *v, guest_ptr_t arg)
{
	if (clear_guest(arg, sizeof(xen_capabilities_info_t)))
		return -EFAULT;
	return answer(arg, CAPABILITIES, sizeof(CAPABILITIES));
}

static int64_t op_changeset(struct vcpu *v, guest_ptr_t arg)
{
	xen_changeset_info_t s = "helium " HELIUM_VERSION;

	return answer(arg, s, sizeof(s));
}

static int64_t op_platform_parameters(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_platform_parameters s = { 0 };

	return answer(arg, &s, sizeof(s));
}

static int64_t op_get_features(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_feature_info s;

	if (copy_from_guest(&s, arg, sizeof(s)))
		return -EFAULT;
	if (s.submap_idx >= XENFEAT_NR_SUBMAPS)
		return -EINVAL;
	s.submap = 1u << XENFEAT_writable_page_tables | 1u << XENFEAT_auto_translated_physmap |
		   1u << XENFEAT_hvm_callback_vector | 1u << XENFEAT_hvm_safe_pvclock |
		   1u << XENFEAT_memory_op_vnode_supported;
	s.submap |=
		v->d->is_identity ? 1u << XENFEAT_direct_mapped : 1u << XENFEAT_not_direct_mapped;
	if (v->d->is_hwdom)
		s.submap |= 1u << XENFEAT_dom0;
	return answer(arg, &s, sizeof(s));
}

static int64_t op_pagesize(struct vcpu *v, guest_ptr_t arg)
{
	return PAGE_SIZE;
}

static int64_t op_guest_handle(struct vcpu *v, guest_ptr_t arg)
{
	return answer(arg, v->d->handle, sizeof(v->d->handle));
}

static int64_t op_commandline(struct vcpu *v, guest_ptr_t arg)
{
	static const xen_commandline_t denied = "<denied>";

	return answer(arg, v->d->is_privileged ? saved_cmdline : denied, sizeof(saved_cmdline));
}

static int64_t op_build_id(struct vcpu *v, guest_ptr_t arg)
{
	return -ENODATA;
}

static int64_t (*const ops[])(struct vcpu *v, guest_ptr_t arg) = {
	[XENVER_version] = op_version,
	[XENVER_extraversion] = op_extraversion,
	[XENVER_compile_info] = op_compile_info,
	[XENVER_capabilities] = op_capabilities,
	[XENVER_changeset] = op_changeset,
	[XENVER_platform_parameters] = op_platform_parameters,
	[XENVER_get_features] = op_get_features,
	[XENVER_pagesize] = op_pagesize,
	[XENVER_guest_handle] = op_guest_handle,
	[XENVER_commandline] = op_commandline,
	[XENVER_build_id] = op_build_id,
};

int64_t hypercall_xen_version(struct vcpu *v, struct call *call)
{
	uint32_t cmd = (uint32_t)call->arg[0];

	if (cmd >= ARRAY_SIZE(ops))
		return -ENOSYS;
	return ops[index_nospec(cmd, ARRAY_SIZE(ops))](v, GUEST_PTR(call->arg[1]));
}
