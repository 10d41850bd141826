/* SPDX-License-Identifier: GPL-2.0-only */
/* The real header, except that ports and the TSC are those of fakes/ports.c. */
#pragma once

#define port_read  port_read_of_the_machine
#define port_write port_write_of_the_machine
#define outb	   outb_of_the_machine
#define inb	   inb_of_the_machine
#include_next "x86/asm.h"
#undef port_read
#undef port_write
#undef outb
#undef inb
uint32_t port_read(uint16_t port, unsigned int size);
void port_write(uint16_t port, unsigned int size, uint32_t val);
void outb(uint16_t port, uint8_t val);
uint8_t inb(uint16_t port);
