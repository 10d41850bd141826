/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Building a PVH guest, from its configuration to a paused domain that can run, and taking it down.
 * On failure nothing is left behind: no domain, no xenstore nodes.
 */
#pragma once

#include "dom0-tools/builder/kernel.h"
#include "dom0-tools/config/config.h"
#include "dom0-tools/lib/hl.h"

#define GUEST_SLACK_KIB	1024	/* ACPI tables, rings, what the guest maps beside its RAM */

/* The files of a guest, read and checked, before anything is built. */
struct guest_files {
	uint8_t *kernel_data, *ramdisk;
	size_t kernel_size, ramdisk_size;
	struct kernel kernel;
};

int guest_files_read(struct guest_files *f, const struct guest_config *c, struct diag *dg);
void guest_files_free(struct guest_files *f);

/*
 * Where there is firmware=: kernel becomes its file. -ENOENT with what to install, -EINVAL for one
 * that is not for PVH guests.
 */
int firmware_find(struct guest_config *c, struct diag *dg);

/* Build the guest and leave it paused. c has a UUID by now. */
int guest_create(struct hl *hl, const struct guest_config *c, const struct guest_files *f,
		 uint32_t *domid, struct diag *dg);
/* Destroy the domain and remove what guest_create wrote about it. */
int guest_destroy(struct hl *hl, uint32_t domid, struct diag *dg);

/* nodes.c: the guest's xenstore nodes, and telling xenstored about the guest. */
struct guest_ports {
	uint32_t store, console;
};
int nodes_write(struct hl *hl, const struct guest_config *c, uint32_t domid,
		const struct guest_ports *ports, struct diag *dg);
void nodes_remove(struct hl *hl, uint32_t domid);
/* Take over how much memory and how many vCPUs the guest was asked to have, for its next life. */
void nodes_remember(struct hl *hl, uint32_t domid, struct guest_config *c);
