/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of the machine: its processor, its IOMMU, Secure Boot. */
#include "dom0-tools/doctor/doctor.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MSR_FEATURE_CONTROL	0x3a		/* SDM 4 table 2-2: bit 0 locked, bit 2 VMX outside SMX */
#define MSR_VM_CR		0xc0010114	/* APM 2 15.30.1 */
#define VM_CR_SVMDIS		0x10

static bool svm_is_locked(uint64_t vm_cr)
{
	return vm_cr & VM_CR_SVMDIS;
}

static bool vmx_is_locked(uint64_t feature_control)
{
	return (feature_control & 5) == 1;
}

static const struct vendor {
	const char *id, *name;
	const char *flag;		/* of /proc/cpuinfo */
	const char *paging, *paging_name;
	const char *setup;		/* what firmware calls the switch */
	uint32_t msr;
	bool (*is_locked)(uint64_t msr);
	const char *also, *also_name;	/* one more flag without which Helium does not run, or NULL */
} vendors[] = {
	{ "AuthenticAMD", "AMD-V", "svm", "npt", "nested paging", "SVM Mode", MSR_VM_CR,
	  svm_is_locked, NULL, NULL },
	{ "HygonGenuine", "AMD-V", "svm", "npt", "nested paging", "SVM Mode", MSR_VM_CR,
	  svm_is_locked, NULL, NULL },
	{ "GenuineIntel", "VT-x", "vmx", "ept", "EPT", "Intel Virtualization Technology",
	  MSR_FEATURE_CONTROL, vmx_is_locked,
	  "unrestricted_guest", "unrestricted guests" },
};

/* Does the first processor's line `key : word word` have this word? */
static bool has_word(const char *cpuinfo, const char *key, const char *word)
{
	const char *line = strstr(cpuinfo, key), *end, *at;
	size_t n = strlen(word);

	if (!line)
		return false;
	line += strlen(key);
	end = line + strcspn(line, "\n");
	for (at = line; (at = strstr(at, word)) && at < end; at += n)
		if (strchr(" \t", at[-1]) && strchr(" \n", at[n]))
			return true;
	return false;
}

/* Any word of `flags` or, where newer kernels put it, of `vmx flags`. */
static bool has_flag(const char *cpuinfo, const char *flag)
{
	return has_word(cpuinfo, "\nflags", flag) || has_word(cpuinfo, "\nvmx flags", flag);
}

/* An MSR of the first CPU; false when the msr module is not loaded or we are not root. */
static bool read_msr(struct doctor *d, uint32_t msr, uint64_t *value)
{
	char path[2 * DOCTOR_PATH];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "%s/dev/cpu/0/msr", d->root);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	done = fd >= 0 && pread(fd, value, sizeof(*value), msr) == sizeof(*value);
	if (fd >= 0)
		close(fd);
	return done;
}

static const struct vendor *find_vendor(const char *cpuinfo)
{
	for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
		if (has_word(cpuinfo, "vendor_id", vendors[i].id))
			return &vendors[i];
	return NULL;
}

static void judge_vendor(struct doctor *d, const struct vendor *v, const char *cpuinfo)
{
	char advice[512];
	uint64_t msr;

	snprintf(advice, sizeof(advice),
		 "If the processor has %s, its switch in the firmware's setup (\"%s\") is off:\n"
		 "turn it on. In a virtual machine, turn on nested virtualization outside.",
		 v->name, v->setup);
	if (read_msr(d, v->msr, &msr) && v->is_locked(msr))
		doctor_say(d, FINDING_FAIL, advice, "the firmware has switched %s off", v->name);
	else if (!has_flag(cpuinfo, v->flag))
		doctor_say(d, FINDING_FAIL, advice, "the processor does not show %s", v->name);
	else if (!has_flag(cpuinfo, v->paging))
		doctor_say(d, FINDING_FAIL, "Helium needs both; use a newer machine.",
			   "the processor has %s, but not %s", v->name, v->paging_name);
	else if (v->also && !has_flag(cpuinfo, v->also))
		doctor_say(d, FINDING_FAIL, "Helium needs both; use a newer machine.",
			   "the processor has %s, but no %s", v->name, v->also_name);
	else
		doctor_say(d, FINDING_OK, "", "%s with %s", v->name, v->paging_name);
}

void check_processor(struct doctor *d)
{
	char *cpuinfo = doctor_read(d, "/proc/cpuinfo", NULL);
	const struct vendor *v = cpuinfo ? find_vendor(cpuinfo) : NULL;

	if (doctor_on_helium(d))
		doctor_say(d, FINDING_OK, "", "Helium runs on it now");
	else if (!cpuinfo)
		doctor_say(d, FINDING_WARN, "Mount /proc.", "cannot read /proc/cpuinfo");
	else if (!v)
		doctor_say(d, FINDING_FAIL, "Use a machine with an AMD or Intel processor.",
			   "the processor is of an unknown vendor");
	else
		judge_vendor(d, v, cpuinfo);
	free(cpuinfo);
}

void check_iommu(struct doctor *d)
{
	const char *table = doctor_has(d, "/sys/firmware/acpi/tables/IVRS") ? "IVRS" :
			    doctor_has(d, "/sys/firmware/acpi/tables/DMAR") ? "DMAR" : NULL;

	if (doctor_on_helium(d))
		doctor_say(d, FINDING_OK, "", "Dom0 is not shown one; `hl info` says what Helium has");
	else if (table)
		doctor_say(d, FINDING_OK, "", "there is one (ACPI table %s)", table);
	else
		doctor_say(d, FINDING_WARN,
			   "Helium runs without one: Dom0's devices can then reach all memory.\n"
			   "If the machine has one, the firmware's setup (\"IOMMU\", \"AMD-Vi\", \"VT-d\")\n"
			   "turns it on.",
			   "the firmware describes none (no ACPI table IVRS or DMAR)");
}

/* The variable's value stands behind four bytes of attributes. */
static bool secure_boot_is_on(struct doctor *d)
{
	size_t size;
	char *var = doctor_read(d,
				"/sys/firmware/efi/efivars/"
				"SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
				&size);
	bool on = var && size == 5 && var[4] == 1;

	free(var);
	return on;
}

void check_secure_boot(struct doctor *d)
{
	if (!doctor_on_efi(d))
		doctor_say(d, FINDING_OK, "", "the machine was not started by UEFI");
	else if (secure_boot_is_on(d))
		doctor_say(d, FINDING_FAIL,
			   "Turn it off in the firmware's setup, or use a signed image without GRUB\n"
			   "(docs/uefi.md).",
			   "it is on: GRUB will not load a multiboot2 image");
	else
		doctor_say(d, FINDING_OK, "", "it is off");
}
