/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest's RAM of a few pages; each a block of its own, so that ASan sees its edges. */
#include <stdlib.h>
#include <string.h>
#include "fakes/fakes.h"
#include "guest/shared_info.h"
#include "lib/bug.h"

uint8_t *fake_guest_page[FAKE_GUEST_PAGES];
unsigned int fake_guest_pins;

void fake_guest_pages_init(void)
{
	for (unsigned int i = 0; i < FAKE_GUEST_PAGES; i++) {
		free(fake_guest_page[i]);
		BUG_ON(posix_memalign((void **)&fake_guest_page[i], PAGE_SIZE, PAGE_SIZE));
		memset(fake_guest_page[i], 0, PAGE_SIZE);
	}
}

void *guest_page_pin(struct domain *d, uint64_t gfn)
{
	if (gfn >= FAKE_GUEST_PAGES)
		return NULL;
	fake_guest_pins++;
	return fake_guest_page[gfn];
}

void guest_page_unpin(void *va)
{
	BUG_ON(!fake_guest_pins);
	fake_guest_pins--;
}
