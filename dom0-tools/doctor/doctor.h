/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What would keep a machine from booting Helium, found before the reboot. Each check looks at files
 * below a root ("" for this machine), so that a test can show it any machine. Pure but for reading.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DOCTOR_ADVICE 2304 /* bytes */

enum finding_level { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct finding {
	const char *subject;		/* the check's name */
	enum finding_level level;
	char text[512];			/* what was found, one line */
	char advice[DOCTOR_ADVICE];	/* what to do; lines; empty when there is nothing to do */
};

typedef void (*finding_fn)(void *arg, const struct finding *f);

/* Run all checks; report gets each finding, at least one per check. */
void doctor_run(const char *root, finding_fn report, void *arg);
const char *finding_level_name(enum finding_level level);

/* The rest is for the checks. */
struct doctor {
	const char *root, *subject;
	finding_fn report;
	void *report_arg;
};

/* Report a finding; advice may be "". */
void doctor_say(struct doctor *d, enum finding_level level, const char *advice, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A file's bytes with a 0 behind them, for free(); NULL when it cannot be read. size may be NULL. */
char *doctor_read(struct doctor *d, const char *path, size_t *size);
bool doctor_has(struct doctor *d, const char *path);
/* The first, or the last, name below the root that matches pattern, in version order; "" if none. */
#define DOCTOR_PATH 256
const char *doctor_first(struct doctor *d, const char *pattern, char path[DOCTOR_PATH]);
const char *doctor_last(struct doctor *d, const char *pattern, char path[DOCTOR_PATH]);
/* Call fn for each match; path is without the root. Returns how many. */
unsigned int doctor_each(struct doctor *d, const char *pattern,
			 void (*fn)(struct doctor *d, const char *path, void *arg), void *arg);
/* Does the file have this byte string? */
bool doctor_file_has(struct doctor *d, const char *path, const char *text);
bool doctor_on_helium(struct doctor *d);
bool doctor_on_efi(struct doctor *d);
bool doctor_on_debian(struct doctor *d);

void check_processor(struct doctor *d);
void check_iommu(struct doctor *d);
void check_secure_boot(struct doctor *d);
void check_image(struct doctor *d);
void check_kernel(struct doctor *d);
void check_grub_module(struct doctor *d);
void check_grub_menu(struct doctor *d);
void check_daemons(struct doctor *d);
void check_guests(struct doctor *d);
