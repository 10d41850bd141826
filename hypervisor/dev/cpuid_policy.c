/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making CPUID policies: which of the host's features a guest may see, and leaves whose content is
 * ours. An allow-list per feature word: a bit that nobody here has thought about is not shown.
 * Pure.
 */
#include "dev/cpuid_policy.h"
#include "x86/time.h"

#define BIT(n) (1u << (n))
#define BITS(high, low) ((~0u >> (31 - (high))) & (~0u << (low)))

/*
 * What a guest may see if the host has it. Not here: MCE, TSC_ADJUST, MONITOR, VMX, SVM, PMU, IBS,
 * TOPOEXT.
 */
static const uint32_t allowed[NR_POLICY_WORDS] = {
	[FW_1_EDX] = BITS(6, 0) | BIT(8) | BIT(9) | BITS(13, 11) | BITS(17, 15) | BIT(19) |
		 BITS(26, 23) | BIT(28),
	[FW_1_ECX] = BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(17) | BITS(20, 19) | BIT(22) |
		 BIT(23) | BIT(25) | BIT(26) | BITS(30, 28),
	[FW_8_1_EDX] = BITS(6, 0) | BIT(8) | BIT(9) | BITS(13, 11) | BITS(17, 15) | BIT(20) |
		  BITS(25, 22) | BIT(26) | BIT(27) | BITS(31, 29),
	[FW_8_1_ECX] = BIT(0) | BITS(8, 4) | BIT(11) | BIT(16) | BIT(21),
	[FW_D1_EAX] = BITS(2, 0),
	[FW_7_EBX] = BIT(0) | BIT(3) | BITS(10, 5) | BIT(13) | BIT(16) | BIT(17) | BITS(21, 18) |
		  BIT(23) | BIT(24) | BITS(31, 28),
	[FW_7_ECX] = BIT(1) | BIT(2) | BIT(6) | BITS(12, 8) | BIT(14) | BIT(22) | BIT(27) | BIT(28),
	[FW_8_7_EDX] = BIT(8),
	[FW_8_8_EBX] = BIT(0) | BIT(2) | BIT(9) | BIT(12) | BIT(26) | BIT(29) | BIT(30),
	[FW_7_EDX] = BIT(4) | BIT(10) | BIT(14),
	[FW_71_EAX] = BIT(4) | BIT(5) | BITS(12, 10),
	[FW_8_21_EAX] = BIT(2) | BIT(6),
};

/* Bits of SPEC_CTRL, AMD: IBRS, STIBP, their advice, SSBD, PSFD. Only where the CPU switches it. */
#define SPEC_CTRL_E8B (BITS(19, 14) | BIT(24) | BIT(28))

/* What every guest has, because we make it: x2APIC, TSC deadline timer, "a hypervisor is here". */
#define ALWAYS_1C (BIT(21) | BIT(24) | BIT(31))
#define LEAF6_ARAT BIT(2)

static uint32_t *reg_of(struct cpuid_leaf *row, unsigned int reg)
{
	uint32_t *const regs[] = { &row->a, &row->b, &row->c, &row->d };

	return regs[reg];
}

struct cpuid_leaf *cpuid_policy_find(const struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf)
{
	uint32_t i = leaf & 0x7fffffff;
	unsigned int at = CPUID_NO_ROW;

	if (leaf < NR_BASIC_LEAVES)
		at = p->basic[index_nospec(leaf, NR_BASIC_LEAVES)];
	else if (leaf >= 0x80000000 && i < NR_EXTENDED_LEAVES)
		at = p->extended[index_nospec(i, NR_EXTENDED_LEAVES)];
	for (; at < p->nr && p->row[at].leaf == leaf; at++)
		if (p->row[at].subleaf == subleaf || p->row[at].subleaf == CPUID_NO_SUBLEAF)
			return (struct cpuid_leaf *)&p->row[at];
	return NULL;
}

uint32_t cpuid_policy_word(const struct cpuid_policy *p, unsigned int word)
{
	const struct cpuid_word *w = &cpuid_word[word];
	struct cpuid_leaf *row = cpuid_policy_find(p, w->leaf, w->subleaf);

	return row ? *reg_of(row, w->reg) : 0;
}

static void set_word(struct cpuid_policy *p, unsigned int word, uint32_t val)
{
	const struct cpuid_word *w = &cpuid_word[word];
	struct cpuid_leaf *row = cpuid_policy_find(p, w->leaf, w->subleaf);

	if (row)
		*reg_of(row, w->reg) = val;
}

/* Rows must come in rising order. */
static struct cpuid_leaf *add(struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf)
{
	uint8_t *first = leaf >= 0x80000000 ? &p->extended[leaf - 0x80000000] : &p->basic[leaf];
	struct cpuid_leaf *row = &p->row[p->nr];

	BUG_ON(p->nr == CPUID_MAX_LEAVES);
	*row = cpuid_host_leaf(leaf, subleaf == CPUID_NO_SUBLEAF ? 0 : subleaf);
	row->subleaf = subleaf;
	if (*first == CPUID_NO_ROW)
		*first = p->nr;
	p->nr++;
	return row;
}

/* The subleaves of one leaf, up to the last that says something. */
static void add_subleaves(struct cpuid_policy *p, uint32_t leaf)
{
	struct cpuid_leaf *row;

	switch (leaf) {
	case 4: /* caches, until type 0 */
		for (unsigned int i = 0; i < 6; i++)
			if (!(add(p, leaf, i)->a & 0x1f))
				break;
		break;
	case 7:
	case 0xb:
		for (unsigned int i = 0; i < (leaf == 7 ? 3 : 2); i++)
			add(p, leaf, i);
		break;
	case 0xd:
		add(p, leaf, 0);
		add(p, leaf, 1);
		for (unsigned int i = 2; i < 20; i++) {
			row = cpu_features.xcr0_mask >> i & 1 ? add(p, leaf, i) : NULL;
			if (row)
				row->c = row->d = 0;
		}
		break;
	default:
		add(p, leaf, CPUID_NO_SUBLEAF);
	}
}

static void collect(struct cpuid_policy *p)
{
	uint32_t max_basic = cpuid_host_leaf(0, 0).a,
		 max_extended = cpuid_host_leaf(0x80000000, 0).a;

	memset(p, 0, sizeof(*p));
	memset(p->basic, CPUID_NO_ROW, sizeof(p->basic));
	memset(p->extended, CPUID_NO_ROW, sizeof(p->extended));
	for (uint32_t leaf = 0; leaf <= 0xd; leaf++)
		add_subleaves(p, leaf);
	for (uint32_t leaf = 0x80000000; leaf < 0x80000000 + NR_EXTENDED_LEAVES; leaf++)
		if (leaf <= 0x80000008 ||
		    (leaf <= max_extended && leaf >= 0x80000019 && leaf != 0x8000001c))
			add(p, leaf, CPUID_NO_SUBLEAF);
	p->nr_known = p->nr;
	add(p, 0x15, CPUID_NO_SUBLEAF);
	add(p, 0x16, CPUID_NO_SUBLEAF);
	/* A leaf past the host's end answers with the last leaf's data on Intel: not with ours. */
	for (unsigned int i = 0; i < p->nr; i++) {
		struct cpuid_leaf *row = &p->row[i];
		uint32_t top = row->leaf >= 0x80000000 ? max_extended : max_basic;

		if (row->leaf > top)
			row->a = row->b = row->c = row->d = 0;
	}
}

static void clear(struct cpuid_policy *p, uint32_t leaf)
{
	for (unsigned int i = 0; i < p->nr; i++)
		if (p->row[i].leaf == leaf)
			p->row[i].a = p->row[i].b = p->row[i].c = p->row[i].d = 0;
}

/* Bits that make no sense without others. Also what keeps a cut-down policy consistent. */
static void resolve_dependencies(struct cpuid_policy *p, uint64_t xcr0)
{
	uint32_t c1 = cpuid_policy_word(p, FW_1_ECX), b7 = cpuid_policy_word(p, FW_7_EBX);
	uint32_t c7 = cpuid_policy_word(p, FW_7_ECX), a71 = cpuid_policy_word(p, FW_71_EAX);
	uint32_t e1c = cpuid_policy_word(p, FW_8_1_ECX);

	if (!(c1 & BIT(26)))
		xcr0 = 0;
	if (!xcr0)
		set_word(p, FW_D1_EAX, 0);
	if (!(xcr0 & XCR0_AVX)) {
		c1 &= ~(BIT(12) | BIT(28) | BIT(29)); /* FMA AVX F16C */
		b7 &= ~BIT(5);
		e1c &= ~(BIT(11) | BIT(16)); /* XOP FMA4 */
		c7 &= ~(BIT(9) | BIT(10));
		a71 &= ~BIT(4);
	}
	if ((xcr0 & XCR0_AVX512) != XCR0_AVX512) {
		b7 &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31));
		c7 &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
		a71 &= ~BIT(5);
	}
	if (!(c1 & BIT(17)))
		b7 &= ~BIT(10); /* INVPCID goes with PCID */
	set_word(p, FW_1_ECX, c1);
	set_word(p, FW_7_EBX, b7);
	set_word(p, FW_7_ECX, c7);
	set_word(p, FW_71_EAX, a71);
	set_word(p, FW_8_1_ECX, e1c);
}

/* Leaf 0xd: only states that a guest may enable. */
static void shape_xsave(struct cpuid_policy *p)
{
	uint64_t xcr0 = cpu_features.xcr0_mask & XCR0_KNOWN;
	struct cpuid_leaf *row, *main = cpuid_policy_find(p, 0xd, 0);
	uint32_t size = 576;

	if (!(cpuid_policy_word(p, FW_1_ECX) & BIT(26))) {
		clear(p, 0xd);
		return;
	}
	for (unsigned int i = 2; i < 20; i++) {
		row = cpuid_policy_find(p, 0xd, i);
		if (row && !(xcr0 >> i & 1))
			row->a = row->b = 0;
		else if (row)
			size = max(size, row->a + row->b);
	}
	*main = (struct cpuid_leaf){ 0xd, 0, (uint32_t)xcr0, size, size, 0 };
	row = cpuid_policy_find(p, 0xd, 1);
	row->b = row->c = row->d = 0;
}

/* Facts that are ours, not the host's. CPU counts and IDs are filled in when a vCPU asks. */
static void shape_leaves(struct cpuid_policy *p)
{
	static const uint32_t hidden[] = {
		3, 5, 8, 9, 0xa, 0xb, 0xc, 0x8000000a, 0x8000001b, 0x8000001d, 0x8000001e,
		0x8000001f, 0x80000020,
	};
	struct cpuid_leaf *row;

	for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++)
		clear(p, hidden[i]);
	clear(p, 6);
	cpuid_policy_find(p, 6, 0)->a = LEAF6_ARAT;
	row = cpuid_policy_find(p, 7, 0);
	row->a = min(row->a, 2u);
	row = cpuid_policy_find(p, 0x80000007, 0);
	row->a = row->b = row->c = 0;
	row = cpuid_policy_find(p, 0x80000008, 0);
	row->a = (row->a & 0xff00) | min(row->a & 0xff, 48u);
	row->c = row->d = 0;
	if (cpu_is_amd()) {
		p->row[p->basic[0]].a = 0xd;
		clear(p, 0x15);
		clear(p, 0x16);
	} else {
		/* The crystal is the vLAPIC's clock; TSC = crystal * EBX / EAX. */
		row = cpuid_policy_find(p, 0x15, 0);
		row->a = 100000;
		row->b = (uint32_t)tsc_khz;
		row->c = 100000000;
		row->d = 0;
		p->row[p->basic[0]].a = 0x16;
	}
	row = cpuid_policy_find(p, 0x80000000, 0);
	row->a = min(row->a, 0x80000000 + NR_EXTENDED_LEAVES - 1);
}

void cpuid_policy_make(struct cpuid_policy *p, enum policy_level level)
{
	collect(p);
	if (level == LEVEL_HOST)
		return;
	for (unsigned int w = 0; w < NR_POLICY_WORDS; w++) {
		uint32_t bits = allowed[w];

		if (w == FW_8_8_EBX && cpu_has(F_SVM_SPEC_CTRL))
			bits |= SPEC_CTRL_E8B;
		set_word(p, w, cpuid_policy_word(p, w) & bits);
	}
	set_word(p, FW_1_ECX, cpuid_policy_word(p, FW_1_ECX) | ALWAYS_1C);
	shape_leaves(p);
	shape_xsave(p);
	resolve_dependencies(p, cpu_features.xcr0_mask);
}

/* Leaves that a toolstack cannot change, because they follow from others or from the machine. */
static bool is_ours(uint32_t leaf)
{
	return leaf == 0xb || leaf == 0xd || leaf == 6 || leaf == 0x15 ||
	       (leaf & 0xffff0000) == CPUID_XEN_BASE;
}

static bool acceptable(const struct cpuid_policy *top, const struct cpuid_leaf *in)
{
	const struct cpuid_leaf *row = cpuid_policy_find(top, in->leaf, in->subleaf);

	if (in->leaf == 0) /* guests choose VMCALL or VMMCALL by the vendor */
		return in->b == row->b && in->c == row->c && in->d == row->d;
	if (in->leaf == 0x80000008)
		return (in->a & 0xff) <= (row->a & 0xff);
	return true;
}

int cpuid_policy_merge(struct cpuid_policy *p, const struct cpuid_policy *top,
		       const struct cpuid_leaf *leaves, unsigned int nr,
		       const struct cpuid_leaf **err)
{
	struct cpuid_leaf *row, *xsave;

	for (unsigned int i = 0; i < nr; i++) {
		if (!acceptable(top, &leaves[i])) {
			*err = &leaves[i];
			return -EINVAL;
		}
	}
	for (unsigned int i = 0; i < nr; i++) {
		uint32_t subleaf;

		if (is_ours(leaves[i].leaf))
			continue;
		row = cpuid_policy_find(p, leaves[i].leaf, leaves[i].subleaf);
		if (!row)
			continue;
		subleaf = row->subleaf;
		*row = leaves[i];
		row->subleaf = subleaf;
	}
	p->row[p->basic[0]].a = min(p->row[p->basic[0]].a, top->row[top->basic[0]].a);
	p->row[p->extended[0]].a = min(p->row[p->extended[0]].a, top->row[top->extended[0]].a);
	for (unsigned int i = 0; i < NR_POLICY_WORDS; i++)
		set_word(p, i, cpuid_policy_word(p, i) & cpuid_policy_word(top, i));
	set_word(p, FW_1_ECX, cpuid_policy_word(p, FW_1_ECX) | ALWAYS_1C);
	if (!(cpuid_policy_word(p, FW_1_ECX) & BIT(26)))
		clear(p, 0xd);
	xsave = cpuid_policy_find(p, 0xd, 0);
	resolve_dependencies(p, xsave->a);
	return 0;
}
