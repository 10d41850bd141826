/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tiny toolstack for the Dom0 payload: new domains run this very image, so every symbol has the
 * same address in both and a domain's mailbox page is simply mapped where ours would be.
 */
#pragma once

#include "lib/hypercall.h"

#include <helium/domctl.h>
#include <helium/sysctl.h>
#include <xen/io/console.h>

#define MAILBOX_WORDS 256

/* What a domain tells its creator and the other way round; zero when the domain starts. */
struct mailbox {
	uint32_t outcome; /* enum outcome + 1 when the domain's test has ended */
	volatile uint64_t word[MAILBOX_WORDS];
	char message[512];
};
extern union mailbox_page {
	struct mailbox box;
	uint8_t page[PAGE_SIZE];
} mailbox_page;
#define own_mailbox (mailbox_page.box)

struct domu {
	domid_t id;
	unsigned int slot; /* which part of the scratch area */
	evtchn_port_t console_port;
	struct xencons_interface *ring;
	struct mailbox *box;
	char line[256];
	unsigned int line_len;
};

#define SLOT_PAGES 64
/* Guest-physical (and virtual) address of scratch page n; slot 0 is left to tests. */
static inline uint8_t *scratch(unsigned int slot, unsigned int page)
{
	return (uint8_t *)(uintptr_t)(SCRATCH_GPA + (slot * SLOT_PAGES + page) * PAGE_SIZE);
}

long domctl(uint32_t cmd, domid_t domid, struct xen_domctl *op);
/* A control operation without arguments. */
long domctl_simple(uint32_t cmd, domid_t domid);
long sysctl(uint32_t cmd, struct xen_sysctl *op);
/* How often what the hypervisor has said so far has this in it (Dom0). */
unsigned int console_count(const char *what);
uint64_t host_free_pages(void);
/* The same a little later: a dead domain's pages come back until the figure stops growing. */
uint64_t host_free_pages_settled(void);

/* Map a domain's frame at a scratch address, and take it away again. */
long foreign_map(domid_t domid, const xen_pfn_t *gfns, unsigned int nr, void *at);
void foreign_unmap(void *at, unsigned int nr);
long memory_populate(domid_t domid, const xen_pfn_t *gfns, unsigned int nr);

/* Create a paused domain that will run test `name` with this many vCPUs; 0 or a negative error. */
long domu_create(struct domu *u, unsigned int slot, const char *name, unsigned int vcpus);
/* The steps of it, for tests of each; domu_create calls them in this order. */
long domu_new(struct domu *u, unsigned int slot, unsigned int vcpus);
long domu_load(struct domu *u, const char *name);
long domu_boot_state(struct domu *u, uint32_t entry, uint32_t start_info);
/* The payload of the first record of a type (HVM_SAVE_CODE) in a context blob, or NULL. */
void *domu_find_record(uint8_t *blob, size_t size, unsigned int type);

long domu_unpause(struct domu *u);
/* Print its console until it has shut down: the SHUTDOWN_* reason, or -XEN_ETIME. */
long domu_wait(struct domu *u, uint64_t timeout_ns);
/* Sleep, with consoles printed, until the domain has put `value` in a mailbox word. */
bool domu_wait_word(struct domu *u, unsigned int word, uint64_t value, uint64_t timeout_ns);
/* Whether a mailbox word changes within the time: the domain is running. */
bool domu_word_moves(struct domu *u, unsigned int word, uint64_t timeout_ns);
void domu_drain_console(struct domu *u);
void domu_destroy(struct domu *u);
/* create, unpause, wait, destroy; the outcome of its test is ours. */
void domu_run(const char *name, unsigned int vcpus);
/* getdomaininfo of exactly this domain. */
long domain_info(domid_t domid, struct xen_domctl_getdomaininfo *info);
