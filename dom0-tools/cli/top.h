/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hl top: a sample is what all domains have and have used up to one moment; two make percentages.
 * Taking one asks the hypervisor (top.c) and Dom0's drivers (top_devices.c); putting it into words,
 * in xentop's columns or as JSON, is pure (top_text.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOP_NO_LIMIT	(~0ULL)
#define TOP_LINE	320	/* bytes that any line fits in */

struct top_domain {
	char name[100];
	uint32_t domid;
	char state[7];			/* xentop's letters: dying, shut down, blocked, crashed, paused, running */
	uint64_t cpu_ns, mem_kib, max_kib;
	double cpu_percent;		/* of one CPU, since the sample before; 0 without one */
	unsigned int vcpus, vcpus_online, nets, vbds;
	uint64_t tx_bytes, rx_bytes;	/* as the guest sees it */
	uint64_t vbd_oo, vbd_rd, vbd_wr, vbd_rsect, vbd_wsect;
};

struct top_sample {
	uint64_t at_ns;			/* of a clock that never jumps */
	uint64_t total_kib, free_kib;
	unsigned int nr_cpus, cpu_khz, nr;
	char version[64];
	struct top_domain *domain;	/* freed by top_free() */
};

enum top_order { TOP_BY_ID, TOP_BY_CPU, TOP_BY_MEMORY, TOP_BY_NAME, TOP_NR_ORDERS };

void top_free(struct top_sample *s);
/* Add what Dom0's backends have counted, from the folder of their devices in sysfs. */
#define TOP_BACKENDS "/sys/bus/xen-backend/devices"
void top_add_devices(struct top_sample *s, const char *folder);

/* Fill in cpu_percent. */
void top_compare(struct top_sample *s, const struct top_sample *before);
void top_sort(struct top_sample *s, enum top_order order);
/* The lines above the table; i from 0, false behind the last. clock is the time of day. */
bool top_summary(const struct top_sample *s, const char *clock, unsigned int i, char line[TOP_LINE]);
void top_header(char line[TOP_LINE]);
void top_row(const struct top_sample *s, const struct top_domain *d, bool full_name,
	     char line[TOP_LINE]);
struct json_object;
struct json_object *top_json(const struct top_sample *s, double time_s);
