/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading CPUID into struct cpu_features. */
#include "x86/cpuid.h"
#include "x86/cr.h"
#include "x86/features.h"
#include "x86/fpu.h"
#include "x86/msr.h"

struct cpu_features cpu_features;

static void read_vendor(struct cpu_features *f)
{
	static const struct {
		char id[13];
		enum cpu_vendor vendor;
	} vendors[] = {
		{ "GenuineIntel", VENDOR_INTEL }, { "AuthenticAMD", VENDOR_AMD }, { "HygonGenuine", VENDOR_HYGON },
	};
	struct cpuid_regs r = cpuid(0);

	f->max_leaf = r.eax;
	f->max_ext_leaf = cpuid(0x80000000).eax;
	memcpy(f->vendor_id, &r.ebx, 4);
	memcpy(f->vendor_id + 4, &r.edx, 4);
	memcpy(f->vendor_id + 8, &r.ecx, 4);
	for (unsigned int i = 0; i < ARRAY_SIZE(vendors); i++)
		if (!strcmp(f->vendor_id, vendors[i].id))
			f->vendor = vendors[i].vendor;
}

static void read_model(struct cpu_features *f, uint32_t eax)
{
	f->stepping = eax & 0xf;
	f->model = eax >> 4 & 0xf;
	f->family = eax >> 8 & 0xf;
	if (f->family == 0xf || f->family == 6)
		f->model |= (eax >> 16 & 0xf) << 4;
	if (f->family == 0xf)
		f->family += eax >> 20 & 0xff;
}

static void read_name(struct cpu_features *f)
{
	struct cpuid_regs r;

	if (f->max_ext_leaf < 0x80000004)
		return;
	for (unsigned int i = 0; i < 3; i++) {
		r = cpuid(0x80000002 + i);
		memcpy(f->name + i * 16, &r, 16);
	}
}

static void read_words(struct cpu_features *f)
{
	for (unsigned int i = 0; i < NR_FEATURE_WORDS; i++) {
		const struct cpuid_word *w = &cpuid_word[i];
		struct cpuid_regs r = cpuid_count(w->leaf, w->subleaf);
		const uint32_t regs[] = { r.eax, r.ebx, r.ecx, r.edx };

		if (w->leaf <= (w->leaf >> 31 ? f->max_ext_leaf : f->max_leaf))
			f->word[i] = regs[w->reg];
	}
	f->word[FW_ARCH_CAPS] = cpu_has(F_ARCH_CAPS) ? rdmsr(MSR_ARCH_CAPABILITIES) : 0;
}

static void read_numbers(struct cpu_features *f)
{
	f->signature = cpuid(1).eax;
	read_model(f, f->signature);
	f->phys_bits = f->max_ext_leaf >= 0x80000008 ? cpuid(0x80000008).eax & 0xff : 36;
	if (cpu_has(F_SVM))
		f->svm_asids = cpuid(0x8000000a).ebx;
}

static void read_xsave(struct cpu_features *f)
{
	struct cpuid_regs r;

	if (!cpu_has(F_XSAVE) || f->max_leaf < 0xd) {
		f->word[FW_1_ECX] &= ~(1u << F_XSAVE % 32);
		return;
	}
	r = cpuid_count(0xd, 0);
	f->xcr0_mask = ((uint64_t)r.edx << 32 | r.eax) & XCR0_KNOWN;
	/* CPUID tells the size for what XCR0 holds now. */
	fpu_init_cpu();
	f->xsave_size = cpuid_count(0xd, 0).ebx;
}

void features_init(void)
{
	struct cpu_features *f = &cpu_features;

	read_vendor(f);
	read_words(f);
	read_numbers(f);
	read_name(f);
	read_xsave(f);
	log_info("CPU %s %s, family %#x model %#x stepping %u, %u address bits\n", f->vendor_id, f->name,
		 f->family, f->model, f->stepping, f->phys_bits);
}
