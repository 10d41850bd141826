/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSR accesses: the APIC's first, because they are hot; then the control block's; then a table of
 * ranges with a function or a fixed value each. A guest never reaches a real MSR except TSC_AUX and
 * the IBPB command, which act on itself only.
 */
#include "dev/msr.h"
#include "dev/cpuid.h"
#include "dev/cr.h"
#include "dev/vlapic.h"
#include "mem/kalloc.h"
#include "x86/asm.h"
#include "x86/features.h"

int (*msr_hypercall_page_hook)(struct vcpu *v, uint64_t val);

#define MTRR_ENABLE	 (1ULL << 11)
#define MTRR_ENABLE_FIX	 (1ULL << 10)
#define MTRR_TYPE_WB	 6
#define MTRR_CAP	 (MTRR_NR_VAR | 1 << 8 /* fixed */ | 1 << 10 /* write combining */)

int msr_create(struct vcpu *v)
{
	struct mtrr_state *m = v->mtrr = kalloc(sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->cap = MTRR_CAP;
	m->def_type = MTRR_ENABLE | MTRR_ENABLE_FIX | MTRR_TYPE_WB;
	memset(m->fixed, MTRR_TYPE_WB, sizeof(m->fixed));
	return 0;
}

void msr_free(struct vcpu *v)
{
	kfree(v->mtrr, sizeof(*v->mtrr));
	v->mtrr = NULL;
}

static bool is_mtrr_type(uint8_t type)
{
	return type == 0 || type == 1 || (type >= 4 && type <= 6);
}

static uint64_t *mtrr_slot(struct mtrr_state *m, uint32_t msr)
{
	if (msr >= MSR_MTRR_PHYSBASE0 && msr < MSR_MTRR_PHYSBASE0 + 2 * MTRR_NR_VAR)
		return &m->var[index_nospec(msr - MSR_MTRR_PHYSBASE0, 2 * MTRR_NR_VAR)];
	switch (msr) {
	case MSR_MTRR_CAP: return &m->cap;
	case MSR_MTRR_DEF_TYPE: return &m->def_type;
	case MSR_MTRR_FIX64K: return &m->fixed[0];
	case 0x258 ... 0x259: return &m->fixed[1 + index_nospec(msr - 0x258, 2)];
	case 0x268 ... 0x26f: return &m->fixed[3 + index_nospec(msr - 0x268, 8)];
	default: return NULL;
	}
}

static bool mtrr_valid(const struct domain *d, uint32_t msr, uint64_t val)
{
	uint64_t reserved = ~0ULL << cpuid_phys_bits(d);

	if (msr == MSR_MTRR_CAP)
		return false;
	if (msr == MSR_MTRR_DEF_TYPE)
		return !(val & ~0xcffULL) && is_mtrr_type((uint8_t)val);
	if (msr < MSR_MTRR_FIX64K && msr & 1)
		return !(val & (reserved | 0x7ff));
	if (msr < MSR_MTRR_FIX64K)
		return !(val & (reserved | 0xf00)) && is_mtrr_type((uint8_t)val);
	for (unsigned int i = 0; i < 8; i++)
		if (!is_mtrr_type((uint8_t)(val >> i * 8)))
			return false;
	return true;
}

static int read_mtrr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	const uint64_t *slot = mtrr_slot(v->mtrr, msr);

	if (!slot)
		return -EINVAL;
	*val = *slot;
	return 0;
}

static int write_mtrr(struct vcpu *v, uint32_t msr, uint64_t val)
{
	uint64_t *slot = mtrr_slot(v->mtrr, msr);

	if (!slot || !mtrr_valid(v->d, msr, val))
		return -EINVAL;
	*slot = val;
	return 0;
}

static int read_tsc(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = rdtsc() + v->d->tsc_offset;
	return 0;
}

/* TSC_AUX sits in the CPU while the vCPU is loaded. */
static bool has_tsc_aux(const struct vcpu *v)
{
	return cpu_has(F_RDTSCP) && cpuid_has(v->d, F_RDTSCP);
}

static int read_tsc_aux(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	if (!has_tsc_aux(v))
		return -EINVAL;
	*val = hvm_is_loaded_here(&v->hvm) ? rdmsr(MSR_TSC_AUX) : v->hvm.tsc_aux;
	return 0;
}

static int write_tsc_aux(struct vcpu *v, uint32_t msr, uint64_t val)
{
	if (!has_tsc_aux(v) || val >> 32)
		return -EINVAL;
	v->hvm.tsc_aux = val;
	if (hvm_is_loaded_here(&v->hvm))
		wrmsr(MSR_TSC_AUX, val);
	return 0;
}

static int write_pred_cmd(struct vcpu *v, uint32_t msr, uint64_t val)
{
	if (!cpuid_has(v->d, F_IBPB) || val & ~PRED_CMD_IBPB)
		return -EINVAL;
	if (val)
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
	return 0;
}

static int write_hypercall_page(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return msr_hypercall_page_hook ? msr_hypercall_page_hook(v, val) : -EINVAL;
}

static int read_patch_level(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	return rdmsr_safe(MSR_UCODE_REV, val) < 0 ? -EINVAL : 0;
}

/* Which bits of SPEC_CTRL the policy offers; 0: the MSR does not exist. */
static uint64_t spec_ctrl_bits(const struct domain *d)
{
	return (cpuid_has(d, F_IBRS) ? SPEC_CTRL_IBRS : 0) |
	       (cpuid_has(d, F_AMD_STIBP) ? SPEC_CTRL_STIBP : 0) |
	       (cpuid_has(d, F_AMD_SSBD) ? SPEC_CTRL_SSBD : 0) |
	       (cpuid_has(d, F_PSFD) ? SPEC_CTRL_PSFD : 0);
}

/* Values that the backend would take but this guest's CPU would not. */
static bool is_refused(const struct vcpu *v, uint32_t msr, uint64_t val)
{
	if (msr == MSR_EFER)
		return !cr_valid_efer(v->d, val);
	return msr == MSR_SPEC_CTRL && (!spec_ctrl_bits(v->d) || (val & ~spec_ctrl_bits(v->d)));
}

/* Some MSRs exist on one vendor's CPUs only. */
enum { ANY, INTEL, AMD };

struct msr_row {
	uint32_t first, last;
	uint8_t vendor;
	bool ignore_writes;
	int (*read)(struct vcpu *v, uint32_t msr, uint64_t *val);  /* NULL: value */
	/* NULL: #GP unless ignore_writes */
	int (*write)(struct vcpu *v, uint32_t msr, uint64_t val);
	uint64_t value;
};

#define HWCR_TSC_FREQ_SEL	(1ULL << 24)
#define MISC_ENABLE_FAST_STRING (1ULL << 0)
#define MISC_ENABLE_NO_BTS	(1ULL << 11)
#define MISC_ENABLE_NO_PEBS	(1ULL << 12)
#define FEATURE_CONTROL_LOCKED	1

static const struct msr_row rows[] = {
	/* The TSC is one for all vCPUs (pvclock's stable flag says so): a write changes nothing. */
	{ MSR_TSC, MSR_TSC, .read = read_tsc, .ignore_writes = true },
	{ 0x17, 0x17, .vendor = INTEL }, /* PLATFORM_ID */
	{ MSR_FEATURE_CONTROL, MSR_FEATURE_CONTROL, .vendor = INTEL,
	  .value = FEATURE_CONTROL_LOCKED },
	{ MSR_PRED_CMD, MSR_PRED_CMD, .write = write_pred_cmd },
	{ MSR_UCODE_REV, MSR_UCODE_REV, .read = read_patch_level, .ignore_writes = true },
	{ 0xce, 0xce, .vendor = INTEL }, /* PLATFORM_INFO */
	{ MSR_MTRR_CAP, MSR_MTRR_CAP, .read = read_mtrr },
	{ MSR_MCG_CAP, MSR_MCG_CAP, .value = 0 }, /* no banks */
	{ MSR_MCG_STATUS, MSR_MCG_STATUS, .ignore_writes = true },
	{ MSR_MISC_ENABLE, MSR_MISC_ENABLE, .vendor = INTEL, .ignore_writes = true,
	  .value = MISC_ENABLE_FAST_STRING | MISC_ENABLE_NO_BTS | MISC_ENABLE_NO_PEBS },
	{ MSR_DEBUGCTL, MSR_DEBUGCTL, .ignore_writes = true },
	{ MSR_MTRR_PHYSBASE0, MSR_MTRR_FIX64K + 0x1f, .read = read_mtrr, .write = write_mtrr },
	{ MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, .read = read_mtrr, .write = write_mtrr },
	{ 0x40000000, 0x40000000, .write = write_hypercall_page },
	{ MSR_TSC_AUX, MSR_TSC_AUX, .read = read_tsc_aux, .write = write_tsc_aux },
	{ MSR_AMD_SYSCFG, MSR_AMD_SYSCFG, .vendor = AMD, .ignore_writes = true },
	{ MSR_AMD_HWCR, MSR_AMD_HWCR, .vendor = AMD, .ignore_writes = true,
	  .value = HWCR_TSC_FREQ_SEL },
	{ 0xc001001f, 0xc001001f, .vendor = AMD, .ignore_writes = true }, /* NB_CFG */
	{ 0xc0010058, 0xc0010058, .vendor = AMD }, /* MMIO_CONF_BASE */
	{ MSR_AMD_DE_CFG, MSR_AMD_DE_CFG, .vendor = AMD, .ignore_writes = true,
	  .value = DE_CFG_LFENCE_SERIALIZE },
};

static const struct msr_row *find(uint32_t msr)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct msr_row *row = &rows[i];

		if (msr < row->first || msr > row->last)
			continue;
		return row->vendor == ANY || (row->vendor == AMD) == cpu_is_amd() ? row : NULL;
	}
	return NULL;
}

static bool is_apic(uint32_t msr)
{
	return msr - MSR_X2APIC_BASE < 0x40 || msr == MSR_TSC_DEADLINE || msr == MSR_APIC_BASE;
}

int msr_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	const struct msr_row *row;
	int rc;

	if (is_apic(msr))
		return vlapic_msr_read(v, msr, val);
	if (msr == MSR_SPEC_CTRL && !spec_ctrl_bits(v->d))
		return -EINVAL;
	rc = hvm_ops->msr_read(&v->hvm, msr, val);
	if (rc != -ENOENT)
		return rc;
	row = find(msr);
	if (row && row->read)
		return row->read(v, msr, val);
	if (row && !row->write) {
		*val = row->value;
		return 0;
	}
	if (row && msr == 0x40000000) {
		*val = 0;
		return 0;
	}
	guest_debug("d%uv%u: no MSR %#x to read\n", v->d->id, v->id, msr);
	return -EINVAL;
}

int msr_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	const struct msr_row *row;
	int rc;

	if (likely(is_apic(msr)))
		return vlapic_msr_write(v, msr, val);
	if (is_refused(v, msr, val))
		return -EINVAL;
	rc = hvm_ops->msr_write(&v->hvm, msr, val);
	if (rc != -ENOENT)
		return rc;
	row = find(msr);
	if (row && row->write)
		return row->write(v, msr, val);
	if (row && row->ignore_writes)
		return 0;
	guest_debug("d%uv%u: no MSR %#x to write %#lx to\n", v->d->id, v->id, msr, val);
	return -EINVAL;
}

int msr_set_mtrr(struct vcpu *v, const struct mtrr_state *s)
{
	bool valid = mtrr_valid(v->d, MSR_MTRR_DEF_TYPE, s->def_type);

	for (unsigned int i = 0; i < 2 * MTRR_NR_VAR; i++)
		valid &= mtrr_valid(v->d, MSR_MTRR_PHYSBASE0 + i, s->var[i]);
	for (unsigned int i = 0; i < MTRR_NR_FIXED; i++)
		valid &= mtrr_valid(v->d, MSR_MTRR_FIX64K, s->fixed[i]);
	if (!valid)
		return -EINVAL;
	*v->mtrr = *s;
	v->mtrr->cap = MTRR_CAP;
	return 0;
}
