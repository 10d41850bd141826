/* SPDX-License-Identifier: GPL-2.0-only */
/* A VGA text screen, 80x25, as the BIOS leaves it. Not for machines started by UEFI. */
#pragma once

void vga_init(void);
void vga_putc(char c);
