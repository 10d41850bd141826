/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The choice by CPU. A guest can train the predictors that we then use, and leave entries in the return
 * stack buffer: CPUs with automatic IBRS isolate both themselves; QEMU's TCG predicts nothing and offers no
 * IBPB, which is how an emulated CPU is told apart here: nothing to control means nothing is done.
 */
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "x86/features.h"
#include "x86/msr.h"
#include "x86/spec.h"

bool spec_stuff_rsb, spec_ibpb;

static const struct {
	const char *name;
	bool *flag;
} words[] = {
	{ "rsb", &spec_stuff_rsb },
	{ "ibpb", &spec_ibpb },
};

static int apply_word(const char *word, size_t len)
{
	bool on = true;

	if (len > 3 && strncmp(word, "no-", 3) == 0) {
		on = false;
		word += 3;
		len -= 3;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i].name) == len && strncmp(words[i].name, word, len) == 0) {
			*words[i].flag = on;
			return 0;
		}
	return -EINVAL;
}

int spec_init(const char *option)
{
	bool has_ibpb = cpu_has(F_IBPB) || cpu_has(F_IBRSB);

	spec_ibpb = has_ibpb;
	spec_stuff_rsb = has_ibpb && !cpu_has(F_AUTO_IBRS);
	if (option && strcmp(option, "no") == 0) {
		spec_ibpb = spec_stuff_rsb = false;
	} else if (option) {
		while (*option) {
			const char *comma = strchr(option, ',');
			size_t len = comma ? (size_t)(comma - option) : strlen(option);

			if (apply_word(option, len) < 0)
				return -EINVAL;
			option += len + (comma ? 1 : 0);
		}
	}
	if (spec_ibpb && !has_ibpb) {
		log_warn("spec-ctrl=ibpb: this CPU has no IBPB; ignored\n");
		spec_ibpb = false;
	}
	log_info("Speculation: rsb %s, ibpb %s\n", spec_stuff_rsb ? "yes" : "no", spec_ibpb ? "yes" : "no");
	return 0;
}

/* With it the CPU keeps predictions of less privileged code, guests included, away from ours by itself. */
void spec_cpu_init(void)
{
	if (cpu_has(F_AUTO_IBRS))
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_AIBRSE);
}

void spec_domain_switch(void)
{
	if (spec_ibpb)
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
}
