/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen_version (17). We say 4.17, whose ABI we implement, because Debian's scripts choose their
 * tools by that number; the extra version is our name.
 */
#include "guest/version.h"
#include "guest/hypercall.h"
#include <xen/version.h>

#define ABI_MAJOR 4
#define ABI_MINOR 17

static xen_commandline_t saved_cmdline;

void version_set_cmdline(const char *cmdline)
{
	str_copy(saved_cmdline, cmdline, sizeof(saved_cmdline));
}

static int64_t answer(guest_ptr_t to, const void *what, size_t size)
{
	return copy_to_guest(to, what, size) ? -EFAULT : 0;
}

static int64_t get_features(const struct domain *d, guest_ptr_t arg)
{
	struct xen_feature_info s;

	if (copy_from_guest(&s, arg, sizeof(s)))
		return -EFAULT;
	if (s.submap_idx >= XENFEAT_NR_SUBMAPS)
		return -EINVAL;
	s.submap = 1u << XENFEAT_writable_page_tables | 1u << XENFEAT_auto_translated_physmap |
		   1u << XENFEAT_hvm_callback_vector | 1u << XENFEAT_hvm_safe_pvclock |
		   1u << XENFEAT_memory_op_vnode_supported;
	s.submap |= 1u << (d->is_identity ? XENFEAT_direct_mapped : XENFEAT_not_direct_mapped);
	if (d->is_hwdom)
		s.submap |= 1u << XENFEAT_dom0;
	return answer(arg, &s, sizeof(s));
}

static const xen_extraversion_t extraversion = ".helium-" HELIUM_VERSION;
static const struct xen_compile_info compile_info = { .compiler = "gcc " __VERSION__,
						      .compile_by = "helium" };
/* The kinds of guest that we run: PVH counts as hvm. */
static const xen_capabilities_info_t capabilities =
	"hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 ";
static const xen_changeset_info_t changeset = "helium " HELIUM_VERSION;
static const struct xen_platform_parameters platform_parameters;
static const xen_commandline_t denied = "<denied>";

int64_t hypercall_xen_version(struct vcpu *v, struct call *call)
{
	guest_ptr_t to = GUEST_PTR(call->arg[1]);

	switch ((uint32_t)call->arg[0]) {
	case XENVER_version:
		return ABI_MAJOR << 16 | ABI_MINOR;
	case XENVER_extraversion:
		return answer(to, extraversion, sizeof(extraversion));
	case XENVER_compile_info:
		return answer(to, &compile_info, sizeof(compile_info));
	case XENVER_capabilities:
		return answer(to, capabilities, sizeof(capabilities));
	case XENVER_changeset:
		return answer(to, changeset, sizeof(changeset));
	case XENVER_platform_parameters:
		return answer(to, &platform_parameters, sizeof(platform_parameters));
	case XENVER_get_features:
		return get_features(v->d, to);
	case XENVER_pagesize:
		return PAGE_SIZE;
	case XENVER_guest_handle:
		return answer(to, v->d->handle, sizeof(v->d->handle));
	case XENVER_commandline:
		return answer(to, v->d->is_privileged ? saved_cmdline : denied, sizeof(denied));
	case XENVER_build_id:
		return -ENODATA;
	}
	return -ENOSYS;
}
