/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dom0's devices, mapped on its first touch. Anything that is no RAM of anybody and not kept back
 * by us may be a device's register. A 2 MiB entry is used where the whole of it is such space, so
 * that a frame buffer costs few faults. The deny list is written while Dom0 is built and read-only
 * after.
 */
#include "dev/hwdom_map.h"
#include "dev/cpuid.h"
#include "dev/mmio.h"
#include "dev/vmsix.h"
#include "x86/efi.h"

#define MAX_DENIED 60

static struct {
	uint64_t first, last;
} denied[MAX_DENIED];
static unsigned int nr_denied;

void hwdom_deny_mmio(uint64_t first, uint64_t last)
{
	BUG_ON(nr_denied == MAX_DENIED);
	denied[nr_denied].first = first;
	denied[nr_denied].last = last;
	nr_denied++;
}

static bool is_free(struct domain *d, uint64_t gpa)
{
	mfn_t mfn = MFN(gpa >> PAGE_SHIFT);

	if (frame_valid(mfn) && page_type(mfn) != PAGE_NONE)
		return false;
	if (gpa >> cpuid_phys_bits(d) || mmio_claims(d, gpa))
		return false;
	for (unsigned int i = 0; i < nr_denied; i++)
		if (gpa <= denied[i].last && gpa + PAGE_SIZE > denied[i].first)
			return false;
	return true;
}

bool hwdom_is_device(struct domain *d, uint64_t gpa)
{
	return is_free(d, gpa) && !efi_owns(gpa);
}

/*
 * What Dom0 may have there. MSI-X tables trap. What UEFI's runtime services are and work with it may read
 * (SMBIOS tables lie there), not change: the hypervisor runs them.
 */
static enum p2m_type type_of(struct domain *d, uint64_t gpa)
{
	if (!is_free(d, gpa) || vmsix_covers(d, gpa))
		return P2M_NONE;
	return efi_owns(gpa) ? P2M_MMIO_RO : P2M_MMIO;
}

static bool may_have_2m(struct domain *d, uint64_t gpa)
{
	for (uint64_t i = 0; i < MIB(2); i += PAGE_SIZE)
		if (type_of(d, gpa + i) != P2M_MMIO)
			return false;
	return true;
}

bool hwdom_map_mmio(struct domain *d, uint64_t gpa)
{
	uint64_t base = round_down(gpa, MIB(2));
	enum p2m_type type;
	int rc;

	gpa = round_down(gpa, PAGE_SIZE);
	type = type_of(d, gpa);
	if (type == P2M_NONE)
		return false;
	/* Below 1 MiB and around the chipset's pages things lie close together: not worth a try. */
	rc = base && may_have_2m(d, base)
		     ? p2m_map(&d->p2m, GFN(base >> PAGE_SHIFT), MFN(base >> PAGE_SHIFT),
			       PAGE_ORDER_2M, P2M_MMIO)
		     : -EEXIST;
	if (rc < 0)
		rc = p2m_map(&d->p2m, GFN(gpa >> PAGE_SHIFT), MFN(gpa >> PAGE_SHIFT), PAGE_ORDER_4K,
			     type);
	if (rc < 0 && rc != -EEXIST)
		log_warn("d%u: cannot map device page %#lx: error %d\n", d->id, gpa, -rc);
	return rc == 0 || rc == -EEXIST; /* another CPU was quicker */
}

void hwdom_unmap_mmio(struct domain *d, uint64_t gpa)
{
	gfn_t gfn = GFN(gpa >> PAGE_SHIFT);
	struct p2m_entry e = p2m_lookup(&d->p2m, gfn);

	if (e.type == P2M_MMIO && p2m_unmap(&d->p2m, gfn, e) == 0)
		p2m_flush(&d->p2m);
}
