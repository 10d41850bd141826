/* SPDX-License-Identifier: GPL-2.0-only */
/* Text at 0xb8000: characters, line feeds, scrolling; the cursor is hidden below the screen. */
#include "x86/asm.h"
#include "x86/hostmap.h"
#include "x86/vga.h"

#define COLS 80
#define ROWS 25
#define BLANK 0x0720

static volatile uint16_t *screen; /* in the first MiB: the direct map always has it */
static unsigned int col;

static void cursor_hide(void)
{
	outw(0x3d4, 0x0e | (ROWS * COLS >> 8) << 8);
	outw(0x3d4, 0x0f | (ROWS * COLS & 0xff) << 8);
}

static void scroll(void)
{
	for (unsigned int i = 0; i < (ROWS - 1) * COLS; i++)
		screen[i] = screen[i + COLS];
	for (unsigned int i = (ROWS - 1) * COLS; i < ROWS * COLS; i++)
		screen[i] = BLANK;
	col = 0;
}

void vga_init(void)
{
	screen = phys_to_virt(0xb8000);
	cursor_hide();
	scroll();
}

void vga_putc(char c)
{
	if (!screen || c == '\r')
		return;
	if (c == '\n' || col == COLS)
		scroll();
	if (c != '\n')
		screen[(ROWS - 1) * COLS + col++] = 0x0700 | (uint8_t)c;
}
