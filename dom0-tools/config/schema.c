/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keys of a guest's configuration: one row each. xl's keys without support yet are known by
 * name, so that the warning does not call them misspelt.
 */
#include "dom0-tools/config/config.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MEMORY_MIB	(1U << 24)
#define MAX_WEIGHT	65535
#define MAX_CAP		(100 * CONFIG_MAX_CPUS)
#define MAX_EVTCHN_PORT	131071 /* of the FIFO ABI */
#define NEAR_ENOUGH	3	/* edits between a misspelt key and the one we propose */

struct reader {
	const struct cfg_file *file;
	struct guest_config *c;
	config_warn_fn warn;
	void *warn_arg;
	struct diag *dg;
};

struct key {
	const char *name;
	int (*read)(struct reader *r, const struct key *k, const struct cfg_setting *set);
	size_t offset;
	unsigned int min, max;
	const char *values, *help;	/* for the manual; NULL values: the range */
};

static int bad(struct reader *r, const struct cfg_setting *set, const char *fmt, const char *what)
{
	char text[256];

	snprintf(text, sizeof(text), fmt, what);
	return diag_fail(r->dg, -EINVAL, "%s:%u:%u: %s: %s", r->file->name, set->value.line,
			 set->value.column, set->key, text);
}

static int read_string(struct reader *r, const struct key *k, const struct cfg_setting *set)
{
	char **to = (char **)((char *)r->c + k->offset);

	if (set->value.kind == CFG_LIST)
		return bad(r, set, "%s", "expected text in quotes, not a list");
	free(*to);
	*to = strdup(set->value.string);
	return *to ? 0 : bad(r, set, "%s", "no memory");
}

static int read_uint(struct reader *r, const struct key *k, const struct cfg_setting *set)
{
	const struct cfg_value *v = &set->value;
	long n = v->number;
	char *end = "", range[64];

	if (v->kind == CFG_STRING && *v->string)
		n = strtol(v->string, &end, 0);
	if (v->kind == CFG_LIST || *end || (v->kind == CFG_STRING && !*v->string))
		return bad(r, set, "%s", "expected a number");
	if (n < (long)k->min || n > (long)k->max) {
		snprintf(range, sizeof(range), "%u to %u", k->min, k->max);
		return bad(r, set, "must be %s", range);
	}
	*(unsigned int *)((char *)r->c + k->offset) = n;
	return 0;
}

static const struct {
	const char *name;
	enum guest_action action;
} actions[] = {
	{ "destroy", ACTION_DESTROY },
	{ "restart", ACTION_RESTART },
	{ "rename-restart", ACTION_RENAME_RESTART },
	{ "preserve", ACTION_PRESERVE },
	{ "coredump-destroy", ACTION_DESTROY },
	{ "coredump-restart", ACTION_RESTART },
};
#define NR_ACTIONS (sizeof(actions) / sizeof(actions[0]))

static void warn_at(struct reader *r, const struct cfg_setting *set, const char *text)
{
	char line[512];

	snprintf(line, sizeof(line), "%s:%u: %s", r->file->name, set->line, text);
	r->warn(r->warn_arg, line);
}

static int read_action(struct reader *r, const struct key *k, const struct cfg_setting *set)
{
	const char *name = set->value.kind == CFG_STRING ? set->value.string : "";

	for (size_t i = 0; i < NR_ACTIONS; i++) {
		if (strcmp(actions[i].name, name))
			continue;
		if (!strncmp(name, "coredump-", 9))
			warn_at(r, set, "no core is dumped: hl cannot do that yet");
		*(enum guest_action *)((char *)r->c + k->offset) = actions[i].action;
		return 0;
	}
	return bad(r, set, "%s",
		   "expected \"destroy\", \"restart\", \"rename-restart\" or \"preserve\"");
}

static int read_type(struct reader *r, const struct key *k, const struct cfg_setting *set)
{
	const char *type = set->value.kind == CFG_STRING ? set->value.string : "";

	if (!strcmp(type, "pvh"))
		return 0;
	if (!strcmp(type, "pv") || !strcmp(type, "hvm"))
		return bad(r, set,
			   "Helium runs PVH guests, not \"%s\"; Linux 4.11 and later can be PVH: "
			   "set type = \"pvh\" and give kernel and ramdisk",
			   type);
	return bad(r, set, "%s", "expected \"pvh\"");
}

static int read_uuid(struct reader *r, const struct key *k, const struct cfg_setting *set)
{
	if (set->value.kind != CFG_STRING || !config_parse_uuid(set->value.string, r->c->uuid))
		return bad(r, set, "%s", "expected \"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\"");
	r->c->has_uuid = true;
	return 0;
}

static int read_name(struct reader *r, const struct key *k, const struct cfg_setting *set)
{
	int rc = read_string(r, k, set);

	if (!rc && !config_name_ok(r->c->name))
		return bad(r, set, "%s",
			   "a name holds letters, digits and .-_+: (80 at most), and not "
			   "digits only");
	return rc;
}

static int read_tsc_mode(struct reader *r, const struct key *k, const struct cfg_setting *set)
{
	const char *mode = set->value.kind == CFG_STRING ? set->value.string : "";

	if (strcmp(mode, "default") && strcmp(mode, "always_emulate") && strcmp(mode, "native"))
		return bad(r, set, "%s", "expected \"default\", \"native\" or \"always_emulate\"");
	return read_string(r, k, set);
}

static bool value_cpus(const struct cfg_value *v, struct guest_cpus *cpus)
{
	return v->kind != CFG_LIST && config_parse_cpus(v->string, cpus);
}

static int read_cpus(struct reader *r, const struct key *k, const struct cfg_setting *set)
{
	const struct cfg_value *v = &set->value;
	unsigned int nr = v->kind == CFG_LIST ? v->nr_items : 1;

	free(r->c->cpus);
	r->c->nr_cpus = 0;
	r->c->cpus = calloc(nr ? nr : 1, sizeof(*r->c->cpus));
	if (!r->c->cpus)
		return bad(r, set, "%s", "no memory");
	for (unsigned int i = 0; i < nr; i++)
		if (!value_cpus(v->kind == CFG_LIST ? &v->item[i] : v, &r->c->cpus[i]))
			return bad(r, set, "%s",
				   "expected CPUs as in \"0-3,^2\" or \"all\", or a list with "
				   "one for each vCPU");
	r->c->nr_cpus = nr;
	return 0;
}

/* One text of the list; what is wrong in it is shown where it stands in the file. */
static int read_disk(struct reader *r, const struct cfg_value *text, struct disk_config *d)
{
	struct diag what = { "" };
	unsigned int column = 1;

	if (text->kind != CFG_STRING)
		return diag_fail(r->dg, -EINVAL, "%s:%u:%u: disk: expected text in quotes",
				 r->file->name, text->line, text->column);
	if (disk_parse(text->string, d, &column, &what))
		return diag_fail(r->dg, -EINVAL, "%s:%u:%u: disk: %s", r->file->name, text->line,
				 text->column + column, what.text);
	for (const struct disk_config *other = r->c->disk; other < d; other++)
		if (other->id == d->id)
			return diag_fail(r->dg, -EINVAL, "%s:%u:%u: disk: there is a %s already",
					 r->file->name, text->line, text->column, d->vdev);
	return 0;
}

static int read_disks(struct reader *r, const struct key *k, const struct cfg_setting *set)
{
	const struct cfg_value *list = &set->value;
	int rc = 0;

	if (list->kind != CFG_LIST)
		return bad(r, set, "%s", "expected a list, as in disk = [ \"/disk.img,raw,xvda,w\" ]");
	free(r->c->disk);
	r->c->disk = calloc(list->nr_items + 1, sizeof(*r->c->disk));
	r->c->nr_disks = 0;
	if (!r->c->disk)
		return bad(r, set, "%s", "no memory");
	for (; r->c->nr_disks < list->nr_items && !rc; r->c->nr_disks++)
		rc = read_disk(r, &list->item[r->c->nr_disks], &r->c->disk[r->c->nr_disks]);
	return rc;
}

static int read_one_vif(struct reader *r, const struct cfg_value *text, struct vif_config *v)
{
	struct diag what = { "" };
	unsigned int column = 1;

	if (text->kind != CFG_STRING)
		return diag_fail(r->dg, -EINVAL, "%s:%u:%u: vif: expected text in quotes",
				 r->file->name, text->line, text->column);
	if (!vif_parse(text->string, v, &column, &what))
		return 0;
	return diag_fail(r->dg, -EINVAL, "%s:%u:%u: vif: %s", r->file->name, text->line,
			 text->column + column, what.text);
}

static int read_vifs(struct reader *r, const struct key *k, const struct cfg_setting *set)
{
	const struct cfg_value *list = &set->value;
	int rc = 0;

	if (list->kind != CFG_LIST)
		return bad(r, set, "%s", "expected a list, as in vif = [ \"bridge=xenbr0\" ]");
	free(r->c->vif);
	r->c->nr_vifs = 0;
	r->c->vif = calloc(list->nr_items + 1, sizeof(*r->c->vif));
	if (!r->c->vif)
		return bad(r, set, "%s", "no memory");
	for (; r->c->nr_vifs < list->nr_items && !rc; r->c->nr_vifs++) {
		struct vif_config *v = &r->c->vif[r->c->nr_vifs];

		rc = read_one_vif(r, &list->item[r->c->nr_vifs], v);
		v->id = r->c->nr_vifs;
	}
	return rc;
}

#define KEY(key, fn, v, h)	{ .name = key, .read = fn, .values = v, .help = h }
#define TEXT(key, fn, field, v, h) \
	{ .name = key, .read = fn, .offset = offsetof(struct guest_config, field), \
	  .values = v, .help = h }
#define ACTION(key, h) \
	TEXT(#key, read_action, key, \
	     "\"destroy\", \"restart\", \"rename-restart\" or \"preserve\"", h)
#define NUMBER(key, field, lo, hi, h) \
	{ .name = key, .read = read_uint, .offset = offsetof(struct guest_config, field), \
	  .min = lo, .max = hi, .help = h }
#define FILE_NAME "\"FILE\""
#define WORDS	  "\"WORDS\""

static const struct key keys[] = {
	TEXT("name", read_name, name, "\"NAME\"",
	     "the guest's name, unique on this machine: up to 80 letters, digits and .-_+:"),
	KEY("type", read_type, "\"pvh\"", "the only type there is"),
	KEY("uuid", read_uuid, "\"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\"",
	    "the guest's UUID; a random one by default"),
	NUMBER("memory", memory_mib, 4, MAX_MEMORY_MIB, "its memory in MiB; 128 by default"),
	NUMBER("maxmem", maxmem_mib, 4, MAX_MEMORY_MIB,
	       "what it may balloon up to, in MiB; the guest starts with this much and gives the "
	       "rest back while it boots; memory by default"),
	NUMBER("vcpus", vcpus, 1, CONFIG_MAX_VCPUS, "its vCPUs; 1 by default"),
	NUMBER("maxvcpus", maxvcpus, 1, CONFIG_MAX_VCPUS,
	       "the most vCPUs it can have; those above vcpus start offline; vcpus by default"),
	TEXT("kernel", read_string, kernel, FILE_NAME,
	     "a bzImage (gzip, xz, zstd) or an ELF kernel, with a PVH entry; this or firmware is "
	     "required"),
	TEXT("firmware", read_string, firmware, "\"pvgrub64\", \"pvgrub32\" or \"ovmf\"",
	     "instead of a kernel: GRUB or UEFI, which boots what is on the guest's own disk"),
	TEXT("cloud_init", read_string, cloud_init, FILE_NAME,
	     "user-data for cloud-init, on a small disk (NoCloud) under the next free name of xvda, "
	     "xvdb, ..."),
	TEXT("ramdisk", read_string, ramdisk, FILE_NAME, "its initrd"),
	TEXT("cmdline", read_string, cmdline, WORDS, "its command line"),
	TEXT("root", read_string, root, "\"DEVICE\"",
	     "where there is no cmdline: root=DEVICE goes on the command line"),
	TEXT("extra", read_string, extra, WORDS,
	     "where there is no cmdline: these words follow on the command line"),
	ACTION(on_poweroff, "what is done when it powers off; destroy by default"),
	ACTION(on_reboot, "what is done when it reboots; restart by default"),
	ACTION(on_crash, "what is done when it crashes; destroy by default"),
	KEY("cpus", read_cpus, "\"0-3,^1\", \"all\", or a list of these",
	    "the CPUs that its vCPUs may run on; a list has one entry per vCPU"),
	NUMBER("cpu_weight", weight, 1, MAX_WEIGHT, "its share of the CPUs; 256 by default"),
	NUMBER("cap", cap, 0, MAX_CAP, "its limit in percent of one CPU; 0, no limit, by default"),
	NUMBER("max_event_channels", max_evtchn_port, 1, MAX_EVTCHN_PORT,
	       "its highest event channel port; 1023 by default; beyond 4095 its kernel must know "
	       "FIFO event channels"),
	KEY("disk", read_disks, "[ \"TARGET,FORMAT,VDEV,ACCESS\", ... ]",
	    "its disks, one text each; see DISKS"),
	KEY("vif", read_vifs, "[ \"KEY=VALUE,...\", ... ]",
	    "its network interfaces, one text each, \"\" for all by default; see NETWORK INTERFACES"),
	TEXT("tsc_mode", read_tsc_mode, tsc_mode, "\"default\", \"native\" or \"always_emulate\"",
	     "how its time stamp counter is made"),
};
#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

void config_each_key(void (*fn)(void *arg, const char *name, const char *values, const char *help),
		     void *arg)
{
	for (size_t i = 0; i < NR_KEYS; i++) {
		char range[32];

		snprintf(range, sizeof(range), "%u to %u", keys[i].min, keys[i].max);
		fn(arg, keys[i].name, keys[i].values ? keys[i].values : range, keys[i].help);
	}
}

const char *const config_unsupported[] = {
	"vfb", "pci", "usbctrl", "usbdev", "vtpm", "p9", "channel", "vdispl",
	"vsnd", "vkb", "virtio", "dtdev", "irqs", "ioports", "iomem", "bootloader",
	"bootloader_args", "cpuid", "cpus_soft", "pool", "vnuma", "nodes",
	"max_grant_frames", "max_maptrack_frames", "on_watchdog",
	"on_soft_reset", "on_xend_start", "on_xend_stop", "rtc_timeoffset", "localtime",
	"device_tree", "driver_domain", "passthrough", "tee", "xend_suspend_evtchn_compat",
	"nestedhvm", "altp2m", "pvshim", "claim_mode", "init_seclabel", "seclabel", "bios",
	"memory_sharing", NULL
};

static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int row[64];
	size_t n = strlen(b);

	if (n >= 64)
		return ~0U;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		unsigned int diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			unsigned int best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (diagonal + 1 < best)
				best = diagonal + 1;
			row[j + 1] = best;
		}
	}
	return row[n];
}

static const char *nearest_key(const char *name)
{
	unsigned int best = NEAR_ENOUGH + 1;
	const char *found = NULL;

	for (size_t i = 0; i < NR_KEYS; i++) {
		unsigned int d = edit_distance(name, keys[i].name);

		if (d < best && d < strlen(keys[i].name)) {
			best = d;
			found = keys[i].name;
		}
	}
	return found;
}

static void warn_unknown(struct reader *r, const struct cfg_setting *set)
{
	const char *near = nearest_key(set->key);
	char text[256];

	snprintf(text, sizeof(text), near ? "unknown key '%.60s' is ignored; did you mean '%s'?" :
		 "unknown key '%.60s' is ignored", set->key, near);
	for (size_t i = 0; config_unsupported[i]; i++)
		if (!strcmp(config_unsupported[i], set->key))
			snprintf(text, sizeof(text),
				 "'%s' is not supported yet: the guest goes without", set->key);
	warn_at(r, set, text);
}

static int read_setting(struct reader *r, const struct cfg_setting *set)
{
	for (size_t i = 0; i < NR_KEYS; i++)
		if (!strcmp(keys[i].name, set->key))
			return keys[i].read(r, &keys[i], set);
	warn_unknown(r, set);
	return 0;
}

/* root= and extra= make a command line where cmdline= does not. */
static int join_cmdline(struct reader *r)
{
	struct guest_config *c = r->c;
	size_t size;

	if (c->cmdline) {
		if (c->root || c->extra) {
			char text[256];

			snprintf(text, sizeof(text),
				 "%s: root= and extra= are ignored in favour of cmdline=",
				 r->file->name);
			r->warn(r->warn_arg, text);
		}
		return 0;
	}
	size = (c->root ? strlen(c->root) : 0) + (c->extra ? strlen(c->extra) : 0) +
	       sizeof("root= ");
	c->cmdline = malloc(size);
	if (!c->cmdline)
		return diag_fail(r->dg, -ENOMEM, "no memory");
	snprintf(c->cmdline, size, "%s%s%s%s", c->root ? "root=" : "", c->root ? c->root : "",
		 c->root && c->extra ? " " : "", c->extra ? c->extra : "");
	return 0;
}

static int check_whole(struct reader *r)
{
	struct guest_config *c = r->c;
	const char *file = r->file->name;

	if (!c->name)
		return diag_fail(r->dg, -EINVAL, "%s: no name: add name = \"...\"", file);
	if (!c->kernel && !c->firmware)
		return diag_fail(r->dg, -EINVAL,
				 "%s: no kernel: add kernel = \"/path/to/vmlinuz\", or firmware = "
				 "\"pvgrub64\" for a guest that boots from its own disk", file);
	if (c->kernel && c->firmware)
		return diag_fail(r->dg, -EINVAL, "%s: kernel and firmware exclude each other", file);
	if (c->ramdisk && c->firmware)
		return diag_fail(r->dg, -EINVAL,
				 "%s: ramdisk goes with kernel; what firmware boots brings its own", file);
	if (!c->maxmem_mib)
		c->maxmem_mib = c->memory_mib;
	if (c->maxmem_mib < c->memory_mib)
		return diag_fail(r->dg, -EINVAL, "%s: maxmem (%u) is less than memory (%u)", file,
				 c->maxmem_mib, c->memory_mib);
	if (!c->maxvcpus)
		c->maxvcpus = c->vcpus;
	if (c->maxvcpus < c->vcpus)
		return diag_fail(r->dg, -EINVAL, "%s: maxvcpus (%u) is less than vcpus (%u)", file,
				 c->maxvcpus, c->vcpus);
	if (c->nr_cpus > c->maxvcpus)
		return diag_fail(r->dg, -EINVAL, "%s: cpus lists %u vCPUs, but the guest has %u",
				 file, c->nr_cpus, c->maxvcpus);
	return join_cmdline(r);
}

int config_read(struct guest_config *c, const struct cfg_file *f, config_warn_fn warn, void *arg,
		struct diag *dg)
{
	struct reader r = { .file = f, .c = c, .warn = warn, .warn_arg = arg, .dg = dg };
	int rc = 0;

	*c = (struct guest_config){
		.memory_mib = 128, .vcpus = 1, .max_evtchn_port = 1023, .on_poweroff = ACTION_DESTROY,
		.on_reboot = ACTION_RESTART, .on_crash = ACTION_DESTROY,
	};
	for (const struct cfg_setting *set = f->first; set && !rc; set = set->next)
		rc = read_setting(&r, set);
	if (!rc)
		rc = check_whole(&r);
	if (rc)
		config_free(c);
	return rc;
}

void config_free(struct guest_config *c)
{
	for (size_t i = 0; i < NR_KEYS; i++)
		if (keys[i].read == read_string || keys[i].read == read_name ||
		    keys[i].read == read_tsc_mode)
			free(*(char **)((char *)c + keys[i].offset));
	free(c->user_data);
	free(c->cpus);
	free(c->disk);
	free(c->vif);
	*c = (struct guest_config){ 0 };
}

const char *config_action_name(enum guest_action a)
{
	for (size_t i = 0; i < NR_ACTIONS; i++)
		if (actions[i].action == a)
			return actions[i].name;
	return "?";
}
