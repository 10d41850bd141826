/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * version: xen_version. Debian's scripts and Linux depend on 4.17 and on the feature bits; the
 * strings must be terminated inside their buffers and stay inside them.
 */
#include <xen/features.h>

#include "lib/test.h"

struct string_op {
	unsigned int cmd, size;
};

static void check_string(const struct string_op *s)
{
	char *page = page_alloc();

	memset(page, 0xee, PAGE_SIZE);
	CHECK(xen_version(s->cmd, page) >= 0);
	if (!mem_is(page, 0, s->size))
		CHECK(strlen(page) < s->size);
	CHECK(mem_is(page + s->size, 0xee, PAGE_SIZE - s->size));
}

static uint32_t features(void)
{
	struct xen_feature_info f = { .submap_idx = 0 };

	CHECK_EQ(xen_version(XENVER_get_features, &f), 0);
	return f.submap;
}

TEST(version, IN_DOM0 | IN_DOMU, 1)
{
	static const struct string_op strings[] = {
		{ XENVER_extraversion, sizeof(xen_extraversion_t) },
		{ XENVER_capabilities, sizeof(xen_capabilities_info_t) },
		{ XENVER_changeset, sizeof(xen_changeset_info_t) },
		{ XENVER_commandline, sizeof(xen_commandline_t) },
	};
	struct xen_feature_info f = { .submap_idx = 1 };
	uint8_t uuid[16];
	uint32_t bits;

	CHECK_EQ(xen_version(XENVER_version, NULL), 0x40011);
	CHECK_EQ(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
	CHECK_EQ(xen_version(XENVER_guest_handle, uuid), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(strings); i++)
		check_string(&strings[i]);

	bits = features();
	CHECK(bits & 1 << XENFEAT_auto_translated_physmap);
	CHECK(bits & 1 << XENFEAT_hvm_callback_vector);
	CHECK(bits & 1 << XENFEAT_hvm_safe_pvclock);
	CHECK(!(bits & 1 << XENFEAT_hvm_pirqs));
	CHECK_EQ(bits >> XENFEAT_dom0 & 1, is_dom0());
	CHECK_EQ(xen_version(XENVER_get_features, &f), -XEN_EINVAL);
	CHECK_EQ(xen_version(99, NULL), -XEN_ENOSYS);
	CHECK_EQ(xen_version(~0u, NULL), -XEN_ENOSYS);
	CHECK_EQ(xen_version(XENVER_extraversion, UNMAPPED_PTR), -XEN_EFAULT);
}
