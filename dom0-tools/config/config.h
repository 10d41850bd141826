/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest's configuration says once it is read and checked; the keys are in schema.c. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "dom0-tools/config/disk.h"
#include "dom0-tools/config/parse.h"
#include "dom0-tools/config/vif.h"

#define CONFIG_MAX_CPUS	256
#define CONFIG_MAX_VCPUS 128

enum guest_action {
	ACTION_DESTROY, ACTION_RESTART, ACTION_RENAME_RESTART, ACTION_PRESERVE,
};

struct guest_cpus {
	uint8_t bits[CONFIG_MAX_CPUS / 8];
};

struct guest_config {
	char *name, *kernel, *ramdisk, *cmdline, *root, *extra, *tsc_mode;
	char *firmware;			/* instead of kernel; firmware_find() turns it into one */
	char *cloud_init;		/* a file's name, */
	char *user_data;		/* and what was in it: seed_read(); owned */
	size_t user_data_size;
	uint8_t uuid[16];
	bool has_uuid;
	unsigned int memory_mib, maxmem_mib, vcpus, maxvcpus, weight, cap, max_evtchn_port;
	enum guest_action on_poweroff, on_reboot, on_crash;
	unsigned int nr_cpus;		/* 0: any; 1: one map for all vCPUs; else one per vCPU */
	struct guest_cpus *cpus;
	unsigned int nr_disks;
	struct disk_config *disk;
	unsigned int nr_vifs;
	struct vif_config *vif;
};

typedef void (*config_warn_fn)(void *arg, const char *text);

/*
 * Fill c from the settings. Unknown keys and keys without effect become warnings. Errors are
 * "file:line:column: what", or "file: what" for something that is missing.
 */
int config_read(struct guest_config *c, const struct cfg_file *f, config_warn_fn warn, void *arg,
		struct diag *dg);
/* For the manual: each key with the values it takes, in words, and what it means. */
void config_each_key(void (*fn)(void *arg, const char *name, const char *values, const char *help),
		     void *arg);
/* Keys of xl that would change the guest, were they supported; ends with NULL. */
extern const char *const config_unsupported[];
void config_free(struct guest_config *c);
const char *config_action_name(enum guest_action a);
/* "0-3,^2,5", "all"; false when malformed or past CONFIG_MAX_CPUS. */
bool config_parse_cpus(const char *text, struct guest_cpus *cpus);
/* "512", "512m", "1g", "4096k" and so on, at least 1 KiB; false when malformed. */
bool config_parse_size(const char *text, uint64_t *kib);
bool config_parse_uuid(const char *text, uint8_t uuid[16]);
void config_format_uuid(const uint8_t uuid[16], char text[37]);
/* Names start with a letter or digit, are not all digits, and hold letters, digits and ".-_+:" */
bool config_name_ok(const char *name);
