/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One disk as xl-disk-configuration(5) writes it: "TARGET,FORMAT,VDEV,ACCESS" and KEY=VALUE in any
 * mixture, and names of virtual disks as numbers. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "dom0-tools/lib/diag.h"

enum disk_format { DISK_RAW, DISK_QCOW2 };

struct disk_config {
	char text[512];		/* as it was written */
	char target[384];
	char vdev[16];
	unsigned int id;	/* what vdev stands for, and the guest's kernel sees */
	enum disk_format format;
	bool has_format, read_only, cdrom, no_discard, want_phy;
};

/* On error -EINVAL, what is wrong in dg, and where, counted from 1, in *column. */
int disk_parse(const char *text, struct disk_config *d, unsigned int *column, struct diag *dg);
/* The same with the text and the column in the message, for one that stands in no file. */
int disk_parse_argument(const char *text, struct disk_config *d, struct diag *dg);
/* "xvda", "xvdb3", "hdc", "sda", "d0p1" or a number; false when it is none. */
bool disk_number(const char *vdev, unsigned int *id);
/* The name that the number stands for, xvdX where it can. */
void disk_name(unsigned int id, char *buf, size_t size);
const char *disk_format_name(enum disk_format format);
