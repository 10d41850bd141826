/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the capability MSRs (SDM 3C, appendix A) to the controls that guests run with. Pure.
 *
 * Each control word has an MSR: its low half says which bits must be one, its high half which may.
 */
#include "hvm/vmx/vmx.h"

enum { BASIC = 0, MISC = 5, CR0_FIXED0 = 6, CR4_FIXED0 = 8 }; /* MSR numbers less 0x480 */
#define BASIC_TRUE_CONTROLS (1ULL << 55)
#define TRUE_MSRS_AHEAD	    12 /* IA32_VMX_TRUE_PINBASED_CTLS is 48d, IA32_VMX_PINBASED_CTLS 481 */

enum word { PIN, PROC, EXITS, ENTRIES, NR_TRUE, PROC2 = NR_TRUE, EPT, NR_WORDS };
static const uint8_t word_msr[NR_WORDS] = {
	[PIN] = 1, [PROC] = 2, [EXITS] = 3, [ENTRIES] = 4, [PROC2] = VMX_PROC2_MSR, [EPT] = 12,
};

enum how {
	REQUIRED, /* on */
	WANTED,	  /* on where there is one */
	SWITCHED, /* off at first; must be there */
	OFF,	  /* must be possible to leave off */
};

#define B(n) (1u << (n))
#define PROC2_APIC_HELP (PROC2_X2APIC | PROC2_APIC_REGS | PROC2_INTR_DELIVERY)
/* In the order in which the first that is missing says most. */
static const struct {
	uint32_t bits;
	uint8_t word, how;
	const char *name;
} needs[] = {
	{ B(1), PROC2, REQUIRED, "extended page tables (EPT)" },
	{ B(7), PROC2, REQUIRED, "unrestricted guests" },
	{ B(3) | B(5) | B(6) | B(12) | B(15), PROC2, WANTED, "RDTSCP, VPID and others" },
	{ B(6) | B(14) | B(16), EPT, REQUIRED, "EPT of four levels, write-back, with 2 MiB pages" },
	{ B(20) | B(25), EPT, REQUIRED, "INVEPT of one guest" },
	{ B(0) | B(3) | B(5), PIN, REQUIRED, "exits for interrupts and NMIs, or no virtual NMIs" },
	{ PROC2_APIC_HELP, PROC2, WANTED, "a local APIC without exits" },
	{ B(6), PIN, WANTED, "the preemption timer" },
	{ PROC_TPR_SHADOW, PROC, WANTED, "CR8 without exits" },
	{ B(2) | B(22), PROC, SWITCHED, "interrupt and NMI windows" },
	{ B(3) | B(25) | B(28) | B(31), PROC, REQUIRED, "TSC offset, bitmaps or second controls" },
	{ B(7) | B(10) | B(11) | B(19) | B(20) | B(23) | B(29), PROC, REQUIRED,
	  "exits for HLT, MWAIT, RDPMC, CR8, debug registers or MONITOR" },
	{ B(9) | B(12) | B(15) | B(16), PROC, OFF, "INVLPG, RDTSC and CR3 without exits" },
	{ B(2) | B(9) | B(18) | B(19) | B(20) | B(21), EXITS, REQUIRED, "PAT and EFER at exits" },
	{ EXIT_SAVE_TIMER, EXITS, WANTED, "a preemption timer that goes on where it was" },
	{ B(2) | B(14) | B(15), ENTRIES, REQUIRED, "PAT and EFER at entries" },
	{ B(9), ENTRIES, SWITCHED, "64-bit guests" },
};

/* Control registers: what must be one stays so, and caching and machine checks are the host's. */
#define CR4_GUEST                                                                                  \
	(X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE | X86_CR4_PAE |        \
	 X86_CR4_PGE | X86_CR4_PCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_UMIP |          \
	 X86_CR4_FSGSBASE | X86_CR4_PCIDE | X86_CR4_OSXSAVE | X86_CR4_SMEP | X86_CR4_SMAP)

static void compute_crs(const uint64_t *msr, struct vmx_caps *c)
{
	c->cr0_on = msr[CR0_FIXED0] & ~(X86_CR0_PE | X86_CR0_PG); /* free for unrestricted guests */
	c->cr0_mask = c->cr0_on | X86_CR0_CD | X86_CR0_NW;
	c->cr4_on = msr[CR4_FIXED0] | X86_CR4_MCE;
	c->cr4_mask = ~CR4_GUEST | msr[CR4_FIXED0];
}

/* What helps with the local APIC builds on the TPR shadow, which makes exits for CR8 needless. */
static void compute_apic(struct vmx_caps *c)
{
	if (c->proc & PROC_TPR_SHADOW)
		c->proc &= ~(PROC_CR8_READ | PROC_CR8_WRITE);
	if (!(c->proc & PROC_TPR_SHADOW) || !(c->proc2 & PROC2_X2APIC))
		c->proc2 &= ~PROC2_APIC_HELP;
}

/* False if the CPU cannot do it. */
static bool apply(uint8_t how, uint32_t bits, uint64_t allowed, uint32_t *control)
{
	uint32_t must = (uint32_t)allowed, may = allowed >> 32;

	if (how == REQUIRED || how == WANTED)
		*control |= bits & may;
	else if (must & bits)
		return false;
	return how == WANTED || how == OFF || (may & bits) == bits;
}

const char *vmx_caps_compute(const uint64_t msr[VMX_NR_MSRS], struct vmx_caps *c)
{
	uint64_t allowed[NR_WORDS];
	uint32_t control[NR_WORDS];
	uint32_t *const out[] = {
		[PIN] = &c->pin, [PROC] = &c->proc, [PROC2] = &c->proc2,
		[EXITS] = &c->exit, [ENTRIES] = &c->entry,
	};

	memset(c, 0, sizeof(*c));
	c->revision = msr[BASIC] & 0x7fffffff;
	c->timer_shift = msr[MISC] & 0x1f;
	c->ept = (uint32_t)msr[word_msr[EPT]];
	compute_crs(msr, c);
	for (unsigned int w = 0; w < NR_WORDS; w++) {
		bool is_true = w < NR_TRUE && (msr[BASIC] & BASIC_TRUE_CONTROLS);

		allowed[w] = msr[word_msr[w] + (is_true ? TRUE_MSRS_AHEAD : 0)];
		if (w == EPT) /* not a control word: all of it is allowed or not */
			allowed[w] <<= 32;
		control[w] = (uint32_t)allowed[w];
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(needs); i++)
		if (!apply(needs[i].how, needs[i].bits, allowed[needs[i].word],
			   &control[needs[i].word]))
			return needs[i].name;
	for (unsigned int w = 0; w < ARRAY_SIZE(out); w++)
		*out[w] = control[w];
	compute_apic(c);
	if (!(c->pin & PIN_PREEMPTION_TIMER)) /* one without the other is refused: 26.2.1.2 */
		c->exit &= ~EXIT_SAVE_TIMER;
	return NULL;
}
