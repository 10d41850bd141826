/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A seed for cloud-init: a small disk with a FAT file system labelled CIDATA, with user-data from
 * the administrator's file and a meta-data that names the guest (cloud-init's NoCloud). It is made
 * for each life of the guest out of what was read when the guest was created, with the same
 * instance-id, and its file is deleted as soon as the guest has the disk: nothing to clean up.
 */
#pragma once

#include "dom0-tools/config/config.h"

/* Read the file that cloud_init= names, if any, into c; a warning goes to stderr. */
int seed_read(struct guest_config *c, struct diag *dg);
/* Make the disk's image, and list it in c as the next free xvd unless it is there. c has a UUID. */
int seed_make(struct guest_config *c, struct diag *dg);
/* Delete the image; the guest that has it keeps it. */
void seed_remove(const struct guest_config *c);
