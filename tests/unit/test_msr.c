/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSRs and control registers: who answers, what is refused, and that a guest reaches only the two real
 * MSRs that are its own while it is loaded. TSC_AUX is in the CPU then, and in the vCPU otherwise. Random
 * accesses to all numbers never reach another one.
 */
#include "unit.h"
#include "core/guest_copy.h"
#include "dev/cpuid.h"
#include "dev/cr.h"
#include "dev/msr.h"
#include "dev/vlapic.h"
#include "fakes/fakes.h"
#include "lib/errno.h"
#include "x86/cr.h"
#include "x86/features.h"
#include "x86/msr.h"

#define PHYS_BITS 40

struct cpu_features cpu_features;
static struct domain d;
static struct vcpu v = { .d = &d };
static uint8_t has[NR_FEATURE_WORDS * 32];
static uint64_t real_tsc_aux, backend_value, last_barrier, xcr0_mask, page_gpa;
static unsigned int nr_apic, nr_backend;

uint64_t rdmsr(uint32_t msr)
{
	assert_int_equal(msr, MSR_TSC_AUX);
	return real_tsc_aux;
}

void wrmsr(uint32_t msr, uint64_t val)
{
	assert_true(msr == MSR_TSC_AUX || msr == MSR_PRED_CMD);
	if (msr == MSR_PRED_CMD)
		last_barrier = val;
	else
		real_tsc_aux = val;
}

int rdmsr_safe(uint32_t msr, uint64_t *val)
{
	assert_int_equal(msr, MSR_UCODE_REV);
	*val = 0x08001250;
	return 0;
}

bool cpuid_has(const struct domain *dom, unsigned int feature) { return has[feature]; }
unsigned int cpuid_phys_bits(const struct domain *dom) { return PHYS_BITS; }
uint64_t cpuid_xcr0_mask(const struct domain *dom) { return xcr0_mask; }
void vlapic_set_tpr(struct vcpu *who, uint8_t tpr) { who->hvm.apic_page[REG_TPR].val = tpr; }

static const uint8_t *code;

unsigned int guest_fetch(struct vcpu *who, const struct hvm_mode *m, uint8_t *buf, unsigned int max)
{
	memcpy(buf, code, 4);
	return 4;
}

int vlapic_msr_read(struct vcpu *who, uint32_t msr, uint64_t *val)
{
	nr_apic++;
	*val = msr;
	return 0;
}

int vlapic_msr_write(struct vcpu *who, uint32_t msr, uint64_t val)
{
	nr_apic++;
	return 0;
}

/* The backend has the star family and SPEC_CTRL. */
static bool is_backends(uint32_t msr)
{
	return (msr >= MSR_EFER && msr <= 0xc0000084) || msr == MSR_SPEC_CTRL;
}

static int backend_read(struct hvm_vcpu *hv, uint32_t msr, uint64_t *val)
{
	nr_backend += is_backends(msr);
	*val = backend_value;
	return is_backends(msr) ? 0 : -ENOENT;
}

static int backend_write(struct hvm_vcpu *hv, uint32_t msr, uint64_t val)
{
	if (!is_backends(msr))
		return -ENOENT;
	nr_backend++;
	backend_value = val;
	return 0;
}

static void get_mode(const struct hvm_vcpu *hv, struct hvm_mode *m)
{
	*m = (struct hvm_mode){ .long_cs = true };
}

static const struct hvm_ops ops = { .msr_read = backend_read, .msr_write = backend_write,
				    .get_mode = get_mode };
const struct hvm_ops *hvm_ops = &ops;

static int hypercall_page(struct vcpu *who, uint64_t val)
{
	page_gpa = val;
	return val & 4 ? -EINVAL : 0;
}

static int setup(void **state)
{
	memset(has, 0, sizeof(has));
	memset(&v, 0, sizeof(v));
	v.d = &d;
	v.hvm.loaded_cpu = -1;
	d.tsc_offset = 0;
	cpu_features = (struct cpu_features){ .vendor = VENDOR_AMD };
	real_tsc_aux = backend_value = last_barrier = 0;
	nr_apic = nr_backend = 0;
	msr_hypercall_page_hook = hypercall_page;
	fake_cpus_init(1);
	return msr_create(&v);
}

static int teardown(void **state)
{
	msr_free(&v);
	assert_int_equal(fake_kalloc_live, 0);
	return 0;
}

static uint64_t get(uint32_t msr)
{
	uint64_t val = 0x5a5a;

	assert_int_equal(msr_read(&v, msr, &val), 0);
	return val;
}

static void refused(uint32_t msr, uint64_t val)
{
	assert_int_equal(msr_write(&v, msr, val), -EINVAL);
}

static void tsc_aux_travels_with_the_vcpu(void **state)
{
	uint64_t val;

	refused(MSR_TSC_AUX, 1); /* without RDTSCP it does not exist */
	assert_int_equal(msr_read(&v, MSR_TSC_AUX, &val), -EINVAL);
	has[F_RDTSCP] = 1;
	refused(MSR_TSC_AUX, 1); /* nor where the machine lacks it */
	cpu_features.word[F_RDTSCP / 32] |= 1u << F_RDTSCP % 32;
	real_tsc_aux = 77; /* another one's */
	assert_int_equal(msr_write(&v, MSR_TSC_AUX, 5), 0);
	assert_int_equal(real_tsc_aux, 77);
	assert_int_equal(get(MSR_TSC_AUX), 5);
	v.hvm.loaded_cpu = 0;
	assert_int_equal(get(MSR_TSC_AUX), 77); /* as load() would have set it */
	assert_int_equal(msr_write(&v, MSR_TSC_AUX, 6), 0);
	assert_int_equal(real_tsc_aux, 6);
	assert_int_equal(v.hvm.tsc_aux, 6); /* for the next load() */
	refused(MSR_TSC_AUX, 1ULL << 32);   /* our own WRMSR would fault */
	assert_int_equal(real_tsc_aux, 6);
}

static void barriers_only_where_offered(void **state)
{
	uint64_t val;

	refused(MSR_PRED_CMD, 1);
	has[F_IBPB] = 1;
	refused(MSR_PRED_CMD, 2);
	assert_int_equal(msr_write(&v, MSR_PRED_CMD, 0), 0);
	assert_int_equal(last_barrier, 0);
	assert_int_equal(msr_write(&v, MSR_PRED_CMD, 1), 0);
	assert_int_equal(last_barrier, 1);
	assert_int_equal(msr_read(&v, MSR_PRED_CMD, &val), -EINVAL);
}

static void spec_ctrl_by_policy(void **state)
{
	uint64_t val;

	refused(MSR_SPEC_CTRL, 0);
	assert_int_equal(msr_read(&v, MSR_SPEC_CTRL, &val), -EINVAL);
	has[F_AMD_STIBP] = has[F_AMD_SSBD] = 1;
	assert_int_equal(msr_write(&v, MSR_SPEC_CTRL, SPEC_CTRL_STIBP | SPEC_CTRL_SSBD), 0);
	refused(MSR_SPEC_CTRL, SPEC_CTRL_IBRS);
	refused(MSR_SPEC_CTRL, 1ULL << 63);
	assert_int_equal(get(MSR_SPEC_CTRL), SPEC_CTRL_STIBP | SPEC_CTRL_SSBD);
}

static void efer_by_policy(void **state)
{
	refused(MSR_EFER, EFER_NXE);
	refused(MSR_EFER, EFER_SVME);
	has[F_NX] = 1;
	assert_int_equal(msr_write(&v, MSR_EFER, EFER_NXE | EFER_LME | EFER_SCE), 0);
	assert_int_equal(nr_backend, 1);
	assert_true(cr_valid_efer(&d, EFER_LMA | EFER_LME));
	assert_false(cr_valid_efer(&d, EFER_FFXSR));
}

static void mtrrs_are_kept_and_checked(void **state)
{
	struct mtrr_state s = *v.mtrr;

	assert_int_equal(get(MSR_MTRR_DEF_TYPE), 0xc06);
	for (uint32_t msr = MSR_MTRR_PHYSBASE0; msr < MSR_MTRR_PHYSBASE0 + 16; msr++) {
		assert_int_equal(msr_write(&v, msr, (uint64_t)msr << 12), 0);
		assert_int_equal(get(msr), (uint64_t)msr << 12);
		refused(msr, 1ULL << PHYS_BITS);
	}
	refused(MSR_MTRR_PHYSBASE0 + 16, 0);
	refused(MSR_MTRR_PHYSBASE0, 2);	     /* no such type */
	refused(MSR_MTRR_PHYSBASE0 + 1, 1);  /* reserved in a mask */
	refused(MSR_MTRR_FIX64K, 0x0602060606060606);
	assert_int_equal(msr_write(&v, MSR_MTRR_FIX64K + 8, 0), 0); /* 0x258 */
	refused(MSR_MTRR_FIX64K + 1, 0);
	refused(MSR_MTRR_CAP, 0);
	refused(MSR_MTRR_DEF_TYPE, 7);
	s.cap = ~0ULL;
	s.var[3] = 1ULL << PHYS_BITS;
	assert_int_equal(msr_set_mtrr(&v, &s), -EINVAL);
	s.var[3] = 0;
	assert_int_equal(msr_set_mtrr(&v, &s), 0);
	assert_int_equal(get(MSR_MTRR_CAP) & 0xff, MTRR_NR_VAR);
}

static void fixed_values(void **state)
{
	uint64_t val;

	d.tsc_offset = 1ULL << 60;
	assert_true(get(MSR_TSC) >> 60);
	assert_int_equal(msr_write(&v, MSR_TSC, 0), 0);
	assert_true(get(MSR_TSC) >> 60);
	assert_int_equal(get(MSR_UCODE_REV), 0x08001250);
	assert_int_equal(get(0x40000000), 0);
	assert_int_equal(msr_write(&v, 0x40000000, 0x1000), 0);
	assert_int_equal(page_gpa, 0x1000);
	refused(0x40000000, 4);
	assert_int_equal(get(MSR_AMD_DE_CFG), DE_CFG_LFENCE_SERIALIZE);
	assert_int_equal(msr_read(&v, MSR_FEATURE_CONTROL, &val), -EINVAL); /* Intel's */
	cpu_features.vendor = VENDOR_INTEL;
	assert_int_equal(get(MSR_FEATURE_CONTROL), 1);
	refused(MSR_FEATURE_CONTROL, 5);
	assert_int_equal(msr_read(&v, MSR_AMD_DE_CFG, &val), -EINVAL);
}

/* rdmsr() and wrmsr() above fail the test when anything else is reached. */
static void no_number_reaches_the_machine(void **state)
{
	static const uint32_t bases[] = { 0, 0x800, 0x1000, 0x40000000, 0x4b564d00, 0xc0000000, 0xc0010000,
					  0xc0011000, ~0u - 0x7ff };
	uint64_t val;

	unit_seed();
	memset(has, 1, sizeof(has));
	for (unsigned int b = 0; b < sizeof(bases) / sizeof(bases[0]); b++)
		for (uint32_t n = 0; n < 0x800; n++) {
			uint32_t msr = bases[b] + n;
			int rc = msr_read(&v, msr, &val);

			assert_true(rc == 0 || rc == -EINVAL);
			rc = msr_write(&v, msr, unit_rand() >> unit_below(64));
			assert_true(rc == 0 || rc == -EINVAL);
			if (msr >= MSR_X2APIC_BASE && msr < MSR_X2APIC_BASE + 0x40)
				assert_int_equal(val, msr);
		}
	assert_int_equal(nr_apic, 2 * (0x40 + 2));
}

static void control_registers_are_checked(void **state)
{
	struct hvm_exit exit = { .len = 4, .cr = { .cr = 8, .gpr = RBX, .write = true } };
	struct lapic_reg page[NR_APIC_REGS] = { 0 };

	assert_true(cr_valid_cr0(X86_CR0_PE | X86_CR0_PG | X86_CR0_ET));
	assert_false(cr_valid_cr0(X86_CR0_PG));
	assert_false(cr_valid_cr0(X86_CR0_NW));
	assert_true(cr_valid_cr0(X86_CR0_NW | X86_CR0_CD));
	assert_false(cr_valid_cr0(1ULL << 32));
	assert_false(cr_valid_cr4(&d, X86_CR4_SMEP));
	has[F_SMEP] = 1;
	assert_true(cr_valid_cr4(&d, X86_CR4_SMEP | X86_CR4_PAE));
	assert_false(cr_valid_cr4(&d, 1ULL << 13)); /* VMXE */
	assert_false(cr_valid_cr4(&d, 1ULL << 22)); /* PKE: nobody is shown it */
	v.hvm.apic_page = page;
	v.hvm.gpr[RBX] = 9;
	assert_int_equal(cr_access(&v, &exit), 0);
	assert_int_equal(hvm_tpr(&v.hvm), 0x90);
	assert_int_equal(v.hvm.rip, 4);
	v.hvm.gpr[RBX] = 16;
	assert_int_equal(cr_access(&v, &exit), -EINVAL);
	exit.cr.write = false;
	assert_int_equal(cr_access(&v, &exit), 0);
	assert_int_equal(v.hvm.gpr[RBX], 9);
	exit.cr.cr = 4;
	assert_int_equal(cr_access(&v, &exit), -EINVAL);
	assert_int_equal(v.hvm.rip, 8);
	/* SVM leaves the register to the instruction: mov %r9, %cr8. */
	exit = (struct hvm_exit){ .cr = { .cr = 8, .gpr = NR_GPRS, .write = true } };
	code = (const uint8_t *)"\x45\x0f\x22\xc1";
	v.hvm.gpr[R9] = 5;
	assert_int_equal(cr_access(&v, &exit), 0);
	assert_int_equal(hvm_tpr(&v.hvm), 0x50);
	assert_int_equal(v.hvm.rip, 12);
	code = (const uint8_t *)"\x0f\x20\xc1\x90";
	assert_int_equal(cr_access(&v, &exit), -EINVAL);
}

static void xcr0_by_policy(void **state)
{
	struct hvm_exit exit = { .len = 3 };

	xcr0_mask = 0xe7;
	assert_true(cr_valid_xcr0(&d, 1) && cr_valid_xcr0(&d, 7) && cr_valid_xcr0(&d, 0xe7));
	assert_false(cr_valid_xcr0(&d, 0) || cr_valid_xcr0(&d, 2) || cr_valid_xcr0(&d, 5));
	assert_false(cr_valid_xcr0(&d, 0x67) || cr_valid_xcr0(&d, 0xe3));
	assert_false(cr_valid_xcr0(&d, 0x201));
	v.hvm.gpr[RAX] = 5;
	assert_int_equal(cr_xsetbv(&v, &exit), -EINVAL);
	v.hvm.gpr[RAX] = 1;
	v.hvm.gpr[RDX] = 1;
	assert_int_equal(cr_xsetbv(&v, &exit), -EINVAL);
	v.hvm.gpr[RDX] = 0;
	v.hvm.gpr[RCX] = 1;
	assert_int_equal(cr_xsetbv(&v, &exit), -EINVAL);
	assert_int_equal(v.hvm.rip, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(tsc_aux_travels_with_the_vcpu), T(barriers_only_where_offered), T(spec_ctrl_by_policy),
		T(efer_by_policy), T(mtrrs_are_kept_and_checked), T(fixed_values),
		T(no_number_reaches_the_machine), T(control_registers_are_checked), T(xcr0_by_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
