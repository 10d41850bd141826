/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of checks, and what they look with. */
#include "dom0-tools/doctor/doctor.h"

#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE (64UL << 20) /* bytes; nothing that a check reads is larger */

static const struct {
	const char *subject;
	void (*run)(struct doctor *d);
} checks[] = {
	{ "processor", check_processor },
	{ "iommu", check_iommu },
	{ "secure-boot", check_secure_boot },
	{ "image", check_image },
	{ "kernel", check_kernel },
	{ "grub-module", check_grub_module },
	{ "grub-menu", check_grub_menu },
	{ "daemons", check_daemons },
	{ "guests", check_guests },
};

void doctor_run(const char *root, finding_fn report, void *arg)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct doctor d = { root, checks[i].subject, report, arg };

		checks[i].run(&d);
	}
}

const char *finding_level_name(enum finding_level level)
{
	static const char *const names[] = { "ok", "warn", "fail" };

	return names[level];
}

void doctor_say(struct doctor *d, enum finding_level level, const char *advice,
		const char *fmt, ...)
{
	struct finding f = { .subject = d->subject, .level = level };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	snprintf(f.advice, sizeof(f.advice), "%s", advice);
	d->report(d->report_arg, &f);
}

static void full_path(struct doctor *d, const char *path, char *full)
{
	snprintf(full, 2 * DOCTOR_PATH, "%s%s", d->root, path);
}

bool doctor_has(struct doctor *d, const char *path)
{
	char full[2 * DOCTOR_PATH];

	full_path(d, path, full);
	return !access(full, F_OK);
}

char *doctor_read(struct doctor *d, const char *path, size_t *size)
{
	char full[2 * DOCTOR_PATH], *bytes = NULL, *grown;
	size_t used = 0, got = 1;
	FILE *in;

	full_path(d, path, full);
	in = fopen(full, "re");
	/* Files of /proc and /sys do not say how long they are. */
	while (in && got && used < MAX_FILE) {
		grown = realloc(bytes, used * 2 + 4096);
		if (!grown)
			break;
		bytes = grown;
		got = fread(bytes + used, 1, used + 4095, in);
		used += got;
		bytes[used] = 0;
	}
	if (in && ferror(in)) {
		free(bytes);
		bytes = NULL;
	}
	if (in)
		fclose(in);
	if (size)
		*size = used;
	return bytes;
}

bool doctor_file_has(struct doctor *d, const char *path, const char *text)
{
	size_t size;
	char *bytes = doctor_read(d, path, &size);
	bool has = bytes && memmem(bytes, size, text, strlen(text));

	free(bytes);
	return has;
}

static int by_version(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* The matches in version order, with the root before them. */
static void find(struct doctor *d, const char *pattern, glob_t *found)
{
	char full[2 * DOCTOR_PATH];

	full_path(d, pattern, full);
	if (glob(full, 0, NULL, found))
		found->gl_pathc = 0;
	else
		qsort(found->gl_pathv, found->gl_pathc, sizeof(char *), by_version);
}

static const char *pick(struct doctor *d, const char *pattern, char path[DOCTOR_PATH], bool last)
{
	glob_t found = { 0 };
	size_t nr;

	find(d, pattern, &found);
	nr = found.gl_pathc;
	snprintf(path, DOCTOR_PATH, "%s",
		 nr ? found.gl_pathv[last ? nr - 1 : 0] + strlen(d->root) : "");
	globfree(&found);
	return path;
}

const char *doctor_first(struct doctor *d, const char *pattern, char path[DOCTOR_PATH])
{
	return pick(d, pattern, path, false);
}

const char *doctor_last(struct doctor *d, const char *pattern, char path[DOCTOR_PATH])
{
	return pick(d, pattern, path, true);
}

unsigned int doctor_each(struct doctor *d, const char *pattern,
			 void (*fn)(struct doctor *d, const char *path, void *arg), void *arg)
{
	glob_t found = { 0 };
	unsigned int nr;

	find(d, pattern, &found);
	nr = found.gl_pathc;
	for (size_t i = 0; i < nr; i++)
		fn(d, found.gl_pathv[i] + strlen(d->root), arg);
	globfree(&found);
	return nr;
}

bool doctor_on_helium(struct doctor *d)
{
	return doctor_file_has(d, "/sys/hypervisor/type", "xen") &&
	       doctor_file_has(d, "/sys/hypervisor/version/extra", "elium");
}

bool doctor_on_efi(struct doctor *d)
{
	return doctor_has(d, "/sys/firmware/efi");
}

bool doctor_on_debian(struct doctor *d)
{
	return doctor_has(d, "/etc/debian_version");
}
