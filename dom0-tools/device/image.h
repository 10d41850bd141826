/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's disk as Dom0 has it: a block device, there already or made for it from a file, by a loop
 * device (raw) or by qemu-nbd (qcow2).
 */
#pragma once

#include <sys/types.h>
#include "dom0-tools/config/disk.h"
#include "dom0-tools/lib/diag.h"

struct image {
	const struct disk_config *d;
	char id[64];		/* which image this is, by whatever name: "file:DEV:INODE", "block:DEV" */
	bool is_block;
	char device[64];	/* of a file, once it has one: "/dev/loop3" */
	dev_t number;		/* of the block device that the backend is to use */
	int fd;			/* keeps the device while nobody else does; -1: none */
};

/* image.c: is it there, what is it, and does its format fit? Nothing is made yet. */
int image_check(struct image *i, const struct disk_config *d, struct diag *dg);
/* Give it a block device, and look whether its partitions fit into it. */
int image_open(struct image *i, struct diag *dg);
/* The backend is told of it and will have it closed: the device stays when we go. */
void image_keep(struct image *i);
/* On failure: nothing stays. After image_keep: no more than the open file. */
void image_close(struct image *i);

/* loop.c */
int loop_attach(struct image *i, struct diag *dg);
void loop_keep(struct image *i);
/* Free the loop device, at once or when its last user closes it. */
void loop_detach(const char *device);
/* Take over the file's new size. */
int loop_resize(const char *device);
/* The loop device of Dom0's own that has this file, writable unless ours is read-only; or none. */
bool loop_find_user(const struct image *i, char *device, size_t size);

/* nbd.c */
int nbd_attach(struct image *i, struct diag *dg);
void nbd_detach(const char *device);

/* partitions.c: do the partitions that it lists lie inside the device? */
int partitions_check(int fd, const struct disk_config *d, struct diag *dg);
