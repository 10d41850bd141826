/* SPDX-License-Identifier: GPL-2.0-only */
/* One network interface as xl-network-configuration(5) writes it: "mac=...,bridge=...,ip=...". Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dom0-tools/lib/diag.h"

#define VIF_MAC_TEXT	18	/* "00:16:3e:xx:xx:xx" with its end */
#define VIF_NAME_SIZE	16	/* the kernel's limit for an interface's name, with its end */

struct vif_config {
	unsigned int id;		/* the caller's to set: which of the guest's interfaces */
	uint8_t mac[6];
	bool has_mac;
	char bridge[VIF_NAME_SIZE], vifname[VIF_NAME_SIZE], gatewaydev[VIF_NAME_SIZE];
	char script[128];
	char ip[128];			/* addresses, separated by single spaces */
	uint32_t rate_bytes;		/* in each interval; 0: no limit */
	uint32_t rate_interval_us;
	unsigned int mtu;		/* 0: the default */
};

/* On error -EINVAL, what is wrong in dg, and where, counted from 1, in *column. */
int vif_parse(const char *text, struct vif_config *v, unsigned int *column, struct diag *dg);
/* The same with the text and the column in the message, for one that stands in no file. */
int vif_parse_argument(const char *text, struct vif_config *v, struct diag *dg);
bool vif_parse_mac(const char *text, uint8_t mac[6]);
void vif_format_mac(const uint8_t mac[6], char text[VIF_MAC_TEXT]);
/*
 * An address for a guest's interface that was given none: the same for the same guest (UUID) and
 * index, so it survives a reboot; another for each salt, should one be taken.
 */
void vif_derive_mac(const uint8_t uuid[16], unsigned int index, unsigned int salt, uint8_t mac[6]);
