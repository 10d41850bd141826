/* SPDX-License-Identifier: GPL-2.0-only */
/* Grants, thin. The table's frame is put over a page of the image, as shared info is. */
#include "lib/grants.h"
#include "lib/string.h"
#include "lib/test.h"

static union {
	grant_entry_v1_t entry[GRANTS_PER_PAGE];
	uint8_t page[PAGE_SIZE];
} table page_aligned;

long grants_init(void)
{
	struct xen_add_to_physmap xatp = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table,
					   .gpfn = gfn_of(&table) };

	return memory_op(XENMEM_add_to_physmap, &xatp);
}

grant_entry_v1_t *grant_entry(grant_ref_t ref)
{
	return &table.entry[ref];
}

void grant_offer(grant_ref_t ref, domid_t to, const void *page, unsigned int flags)
{
	table.entry[ref].domid = to;
	table.entry[ref].frame = gfn_of(page);
	barrier(); /* the flags make the entry valid */
	WRITE_ONCE(table.entry[ref].flags, flags | GTF_permit_access);
}

bool grant_revoke(grant_ref_t ref)
{
	uint16_t flags = READ_ONCE(table.entry[ref].flags);

	do
		if (flags & (GTF_reading | GTF_writing))
			return false;
	while (!__atomic_compare_exchange_n(&table.entry[ref].flags, &flags, 0, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return true;
}

int grant_map(domid_t dom, grant_ref_t ref, const void *at, unsigned int flags,
	      grant_handle_t *handle)
{
	struct gnttab_map_grant_ref op = { .host_addr = (uintptr_t)at, .flags = flags, .ref = ref,
					   .dom = dom };
	long rc = grant_table_op(GNTTABOP_map_grant_ref, &op, 1);

	*handle = op.handle;
	return rc ? rc * 1000 : op.status; /* a failed call is unlike any status */
}

int grant_unmap(grant_handle_t handle, const void *at)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = (uintptr_t)at, .handle = handle };
	long rc = grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1);

	return rc ? rc * 1000 : op.status;
}

int grant_copy(domid_t dom, grant_ref_t ref, unsigned int offset, const void *ours,
	       unsigned int len, bool to_ref)
{
	struct gnttab_copy op = { .len = len };
	long rc;

	__typeof__(op.source) *theirs = to_ref ? (void *)&op.dest : &op.source;
	__typeof__(op.source) *mine = to_ref ? &op.source : (void *)&op.dest;

	theirs->u.ref = ref;
	theirs->domid = dom;
	theirs->offset = offset;
	mine->u.gmfn = gfn_of(ours);
	mine->domid = DOMID_SELF;
	mine->offset = (uintptr_t)ours % PAGE_SIZE;
	op.flags = to_ref ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
	rc = grant_table_op(GNTTABOP_copy, &op, 1);
	return rc ? rc * 1000 : op.status;
}

void grant_warm_up(grant_ref_t ref, void *page)
{
	grant_offer(ref, 0, page, 0); /* we are Dom0 */
	CHECK_EQ(grant_copy(0, ref, 0, page, 8, false), GNTST_okay);
	CHECK(grant_revoke(ref));
}
