/* SPDX-License-Identifier: GPL-2.0-only */
/* Machine memory: physical addresses from 0 on are an arena of the host's. */
#include <stdlib.h>
#include <string.h>
#include "fakes/fakes.h"
#include "lib/bug.h"
#include "x86/hostmap.h"

static char *arena;
static uint64_t arena_size;

void fake_frames_init(uint64_t nr)
{
	free(arena);
	arena = NULL;
	arena_size = nr * PAGE_SIZE;
	if (!nr)
		return;
	arena = aligned_alloc(PAGE_SIZE, arena_size);
	BUG_ON(!arena);
	memset(arena, 0, arena_size);
}

void *phys_to_virt(uint64_t hpa)
{
	BUG_ON(hpa >= arena_size);
	return arena + hpa;
}

uint64_t virt_to_phys(const void *va)
{
	BUG_ON((const char *)va < arena || (const char *)va >= arena + arena_size);
	return (uint64_t)((const char *)va - arena);
}
