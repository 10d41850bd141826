/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine whose ports remember what was written: the last access, and bytes that a test puts there. */
#include "fakes/fakes.h"
#include "x86/asm.h"

uint8_t fake_port_bytes[0x10000 + 3];
struct fake_port_access fake_port_last;
unsigned int fake_port_writes;

uint32_t port_read(uint16_t port, unsigned int size)
{
	uint32_t val = 0;

	for (unsigned int i = 0; i < size; i++)
		val |= (uint32_t)fake_port_bytes[port + i] << i * 8;
	return val;
}

void port_write(uint16_t port, unsigned int size, uint32_t val)
{
	fake_port_last = (struct fake_port_access){ port, size, val };
	fake_port_writes++;
	for (unsigned int i = 0; i < size; i++)
		fake_port_bytes[port + i] = (uint8_t)(val >> i * 8);
}

void outb(uint16_t port, uint8_t val)
{
	port_write(port, 1, val);
}

uint8_t inb(uint16_t port)
{
	return (uint8_t)port_read(port, 1);
}
