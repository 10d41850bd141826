/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's command line: one table of options, their values in one struct. Names and syntax
 * are Xen's. main.c parses the line twice: silently before there is a console (the console's own
 * options come from here), then again with a reporter that names what was not understood.
 */
#pragma once

#include "mem/iommu.h"
#include "x86/spec.h"

enum console_bits {
	CONSOLE_COM1 = 1 << 0,
	CONSOLE_COM2 = 1 << 1,
	CONSOLE_VGA = 1 << 2,
};

/* An amount of memory as dom0_mem= gives it: part of the host's RAM plus or minus some bytes. */
struct mem_amount {
	bool set;
	unsigned int percent; /* of the host's RAM */
	int64_t bytes;	      /* added to it; negative alone means "all but" */
};

struct options {
	enum iommu_choice iommu;
	bool no_intremap; /* right behind iommu: one option sets both */
	unsigned int console; /* enum console_bits */
	char com1[32], com2[32];
	enum spec_choice spec_rsb, spec_ibpb;
	/* Messages up to this level are printed; -1 prints none. enum log_level. */
	int loglvl, guest_loglvl;
	struct mem_amount dom0_mem, dom0_mem_min, dom0_mem_max;
	unsigned int dom0_vcpus_min, dom0_vcpus_max; /* 0: not given */
	unsigned int maxcpus;			     /* 0: not given */
	unsigned int gnttab_max_frames, gnttab_max_maptrack_frames;
	bool no_efi;	/* the firmware's runtime services are left alone */
	bool no_vid;	/* virtual interrupt delivery is not used */
	bool noreboot;	/* stop on a crash or a Dom0 reboot instead of resetting the machine */
	bool dom0_pin;	/* each Dom0 vCPU stays on the physical CPU of its number */
};

/* Called for what is not understood, and for what is understood but has no effect. */
typedef void (*cmdline_report_t)(const char *option, const char *why);

/* Fill in defaults, then what the line says. Never fails: a bad value leaves the default. */
void cmdline_parse(struct options *o, const char *line, cmdline_report_t report);

/* The amount for a host with total_bytes of RAM. A plain size is itself, even if that is more. */
uint64_t mem_amount_bytes(const struct mem_amount *m, uint64_t total_bytes);

/* For docs/cmdline.md: calls fn once per option, in the table's order. */
typedef void (*cmdline_help_t)(const char *name, const char *syntax, const char *help, void *arg);
void cmdline_for_each_option(cmdline_help_t fn, void *arg);
