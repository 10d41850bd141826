/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of platform_op. */
#pragma once

#include "boot/boot_info.h"
#include "core/guest_copy.h"
#include <xen/platform.h>

/* The screen that Dom0 may draw on. Boot. */
void platform_set_screen(const struct boot_framebuffer *fb);

/* About UEFI. 0 or -errno; -ENOSYS on a machine without it. */
int64_t platform_firmware_info(struct xenpf_firmware_info *op);
/* The caller is v; its FPU state is put aside while the firmware runs. */
int64_t platform_efi_call(struct vcpu *v, struct xenpf_efi_runtime_call *op);
