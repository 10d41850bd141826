/* SPDX-License-Identifier: GPL-2.0-only */
/* Where distributions put what firmware= names. It is loaded like any other PVH kernel. */
#include "dom0-tools/builder/guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PVGRUB_PVH "/usr/lib/grub-xen/grub-i386-xen_pvh.bin"
#define PVGRUB_ADVICE "install grub-xen-host (Debian, Ubuntu), or say where it is with kernel= instead"
#define MAX_PATHS  3

/* One GRUB does for both words: under PVH it is a 32-bit program that starts kernels of either kind. */
static const struct {
	const char *name, *advice;
	const char *path[MAX_PATHS];
} firmwares[] = {
	{ "pvgrub64", PVGRUB_ADVICE, { PVGRUB_PVH } },
	{ "pvgrub32", PVGRUB_ADVICE, { PVGRUB_PVH } },
	{ "ovmf",
	  "it has to be OVMF's build for Xen (OvmfXen): install edk2-ovmf-xen (Fedora); Debian 12 has "
	  "no package of it, its ovmf is for other machines; use pvgrub64 there",
	  { "/usr/share/edk2/xen/OVMF.fd", "/usr/share/ovmf/XEN_OVMF.fd" } },
};

int firmware_find(struct guest_config *c, struct diag *dg)
{
	if (!c->firmware)
		return 0;
	for (size_t i = 0; i < sizeof(firmwares) / sizeof(firmwares[0]); i++) {
		if (strcmp(firmwares[i].name, !strcmp(c->firmware, "uefi") ? "ovmf" : c->firmware))
			continue;
		for (unsigned int p = 0; p < MAX_PATHS && firmwares[i].path[p]; p++)
			if (!access(firmwares[i].path[p], R_OK)) {
				free(c->kernel);
				c->kernel = strdup(firmwares[i].path[p]);
				return c->kernel ? 0 : diag_fail(dg, -ENOMEM, "no memory");
			}
		return diag_fail(dg, -ENOENT,
				 "firmware: there is no %s: %s", firmwares[i].path[0], firmwares[i].advice);
	}
	return diag_fail(dg, -EINVAL,
			 "firmware: expected \"pvgrub64\", \"pvgrub32\" or \"ovmf\", not \"%s\": other "
			 "firmware is for HVM guests", c->firmware);
}
