/* SPDX-License-Identifier: GPL-2.0-only */
/* Machine memory: frames 0 .. n-1 are an arena of the host's. */
#include <stdlib.h>
#include "fakes/fakes.h"
#include "lib/bug.h"
#include "mem/frame.h"

static char *arena;
static uint64_t nr_frames;

void fake_frames_init(uint64_t nr)
{
	free(arena);
	arena = NULL;
	nr_frames = nr;
	if (!nr)
		return;
	arena = aligned_alloc(PAGE_SIZE, nr * PAGE_SIZE);
	BUG_ON(!arena);
	__builtin_memset(arena, 0, nr * PAGE_SIZE);
}

void *frame_map(mfn_t mfn)
{
	BUG_ON(mfn.n >= nr_frames);
	return arena + mfn.n * PAGE_SIZE;
}

void frame_unmap(const void *va)
{
	BUG_ON((const char *)va < arena || (const char *)va >= arena + nr_frames * PAGE_SIZE);
}

mfn_t frame_of(const void *va)
{
	frame_unmap(va);
	return MFN((uint64_t)((const char *)va - arena) / PAGE_SIZE);
}
