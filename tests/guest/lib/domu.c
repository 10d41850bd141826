/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Building, watching and destroying a domain that runs this image. Its memory: gfns 0-15, the
 * image with its bss, one page after it for start info, and a console page where libxl puts it.
 * Uses only calls that real Xen 4.17 has, so that the tests can be proven against it.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/string.h"
#include "lib/test.h"

#include <xen/arch-x86/hvm/start_info.h>
#include <xen/hvm/save.h>

#define CONSOLE_GFN  0xfefffUL
#define LOW_PAGES    16
#define CONTEXT_SIZE 32768
#define COPY_BATCH   32

/* Scratch pages of a slot. */
enum { AT_MAILBOX, AT_CONSOLE, AT_COPY };

extern uint8_t image_start[], image_end[], bss_end[];
void start32(void);
union mailbox_page mailbox_page page_aligned;
static uint8_t context_blob[CONTEXT_SIZE] __attribute__((aligned(16)));

struct boot_page {
	struct hvm_start_info info;
	struct hvm_memmap_table_entry map[3];
	char cmdline[256];
};

static uint64_t start_info_gpa(void)
{
	return (uintptr_t)bss_end;
}

long domu_new(struct domu *u, unsigned int slot, unsigned int vcpus)
{
	struct xen_domctl op = { .u.createdomain = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap, .max_vcpus = vcpus,
		.max_evtchn_port = 2047, .max_grant_frames = 8, .max_maptrack_frames = 64,
		.grant_opts = 1, .arch.emulation_flags = XEN_X86_EMU_LAPIC,
	} };
	long rc;

	memset(u, 0, sizeof(*u));
	u->slot = slot;
	rc = domctl(XEN_DOMCTL_createdomain, DOMID_INVALID, &op);
	u->id = op.domain;
	if (rc)
		return rc;
	op.u.max_vcpus.max = vcpus;
	rc = domctl(XEN_DOMCTL_max_vcpus, u->id, &op);
	if (rc)
		return rc;
	/* Xen's p2m memory; a hypervisor that does not account it says so. */
	op.u.paging_mempool.size = 4 << 20;
	domctl(XEN_DOMCTL_set_paging_mempool_size, u->id, &op);
	op.u.tsc_info = (struct xen_domctl_tsc_info){ .tsc_mode = 2 /* native */ };
	rc = domctl(XEN_DOMCTL_settscinfo, u->id, &op);
	if (rc)
		return rc;
	op.u.settimeoffset.time_offset_seconds = 0; /* as libxl does; Xen fills in wc_* here */
	domctl(XEN_DOMCTL_settimeoffset, u->id, &op);
	op.u.max_mem.max_memkb = 32 << 10;
	return domctl(XEN_DOMCTL_max_mem, u->id, &op);
}

static long populate_range(domid_t id, xen_pfn_t first, unsigned int nr)
{
	static xen_pfn_t gfns[256];

	while (nr) {
		unsigned int n = nr < ARRAY_SIZE(gfns) ? nr : ARRAY_SIZE(gfns);
		long done;

		for (unsigned int i = 0; i < n; i++)
			gfns[i] = first + i;
		done = memory_populate(id, gfns, n);
		if (done != n)
			return done < 0 ? done : -XEN_ENOMEM;
		first += n;
		nr -= n;
	}
	return 0;
}

static long copy_in(struct domu *u, uint64_t gpa, const uint8_t *src, size_t len)
{
	uint8_t *at = scratch(u->slot, AT_COPY);
	xen_pfn_t gfns[COPY_BATCH];

	while (len) {
		size_t bytes = len < COPY_BATCH * PAGE_SIZE ? len : COPY_BATCH * PAGE_SIZE;
		unsigned int n = (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
		long rc;

		for (unsigned int i = 0; i < n; i++)
			gfns[i] = (gpa >> PAGE_SHIFT) + i;
		rc = foreign_map(u->id, gfns, n, at);
		if (rc)
			return rc;
		memcpy(at, src, bytes);
		foreign_unmap(at, n);
		gpa += bytes;
		src += bytes;
		len -= bytes;
	}
	return 0;
}

static void fill_boot_page(struct boot_page *b, const char *name)
{
	uint64_t gpa = start_info_gpa();

	b->info = (struct hvm_start_info){
		.magic = XEN_HVM_START_MAGIC_VALUE, .version = 1,
		.cmdline_paddr = gpa + offsetof(struct boot_page, cmdline),
		.memmap_paddr = gpa + offsetof(struct boot_page, map), .memmap_entries = 3,
	};
	b->map[0] = (struct hvm_memmap_table_entry){ 0, LOW_PAGES * PAGE_SIZE, 1, 0 };
	b->map[1] = (struct hvm_memmap_table_entry){(uintptr_t)image_start,
						    gpa + PAGE_SIZE - (uintptr_t)image_start, 1, 0};
	b->map[2] = (struct hvm_memmap_table_entry){ CONSOLE_GFN << PAGE_SHIFT, PAGE_SIZE, 2, 0 };
	snprintf(b->cmdline, sizeof(b->cmdline), "test=%s seed=%lu", name,
		 option_number("seed", 1));
}

static long connect_console(struct domu *u)
{
	xen_pfn_t gfns[2] = { gfn_of(&mailbox_page), CONSOLE_GFN };
	long port = evtchn_alloc_unbound(u->id, DOMID_SELF), rc;

	if (port < 0)
		return port;
	rc = hvm_set_param(u->id, HVM_PARAM_CONSOLE_PFN, CONSOLE_GFN);
	if (!rc)
		rc = hvm_set_param(u->id, HVM_PARAM_CONSOLE_EVTCHN, port);
	if (!rc)
		rc = port = evtchn_bind_interdomain(u->id, port);
	if (rc < 0)
		return rc;
	u->console_port = port;
	rc = foreign_map(u->id, gfns, 2, scratch(u->slot, AT_MAILBOX));
	if (rc)
		return rc;
	u->box = (void *)scratch(u->slot, AT_MAILBOX);
	u->ring = (void *)scratch(u->slot, AT_CONSOLE);
	return 0;
}

long domu_load(struct domu *u, const char *name)
{
	static struct boot_page boot;
	static const xen_pfn_t console_gfn = CONSOLE_GFN;
	unsigned int pages = (start_info_gpa() + PAGE_SIZE - (uintptr_t)image_start) >> PAGE_SHIFT;
	long rc;

	rc = populate_range(u->id, 0, LOW_PAGES);
	if (!rc)
		rc = populate_range(u->id, gfn_of(image_start), pages);
	if (!rc)
		rc = memory_populate(u->id, &console_gfn, 1) == 1 ? 0 : -XEN_ENOMEM;
	if (!rc)
		rc = copy_in(u, (uintptr_t)image_start, image_start, image_end - image_start);
	if (rc)
		return rc;
	fill_boot_page(&boot, name);
	rc = copy_in(u, start_info_gpa(), (uint8_t *)&boot, sizeof(boot));
	return rc ? rc : connect_console(u);
}

void *domu_find_record(uint8_t *blob, size_t size, unsigned int type)
{
	for (size_t at = 0; at + sizeof(struct hvm_save_descriptor) <= size;) {
		struct hvm_save_descriptor *d = (void *)(blob + at);

		if (d->typecode == type)
			return d + 1;
		at += sizeof(*d) + d->length;
	}
	return NULL;
}

static long get_context(domid_t id, uint32_t *size)
{
	struct xen_domctl op = { .u.hvmcontext.size = CONTEXT_SIZE };
	long rc;

	set_xen_guest_handle(op.u.hvmcontext.buffer, context_blob);
	rc = domctl(XEN_DOMCTL_gethvmcontext, id, &op);
	*size = op.u.hvmcontext.size;
	return rc;
}

static void *append_record(uint8_t **at, unsigned int type, const void *payload, size_t len)
{
	struct hvm_save_descriptor *d = (void *)*at;

	*d = (struct hvm_save_descriptor){ .typecode = type, .length = len };
	if (payload)
		memcpy(d + 1, payload, len);
	else
		memset(d + 1, 0, len);
	*at += sizeof(*d) + len;
	return d + 1;
}

static void fill_boot_cpu(struct hvm_hw_cpu *c, uint32_t entry, uint32_t start_info)
{
	c->rbx = start_info;
	c->rip = entry;
	c->rflags = 2;
	c->cr0 = 0x11;
	c->dr6 = 0xffff0ff0;
	c->dr7 = 0x400;
	c->cs_limit = c->ds_limit = c->es_limit = c->ss_limit = ~0u;
	c->cs_arbytes = 0xc9b;
	c->ds_arbytes = c->es_arbytes = c->ss_arbytes = 0xc93;
	c->tr_limit = 0x67;
	c->tr_arbytes = 0x8b;
}

long domu_boot_state(struct domu *u, uint32_t entry, uint32_t start_info)
{
	static uint8_t blob[8192] __attribute__((aligned(16)));
	struct xen_domctl op = { 0 };
	struct hvm_hw_mtrr *mtrr;
	uint8_t *at = blob;
	uint32_t size;
	void *record;
	long rc = get_context(u->id, &size);

	if (rc)
		return rc;
	record = domu_find_record(context_blob, size, HVM_SAVE_CODE(HEADER));
	if (!record)
		return -XEN_ENODATA;
	append_record(&at, HVM_SAVE_CODE(HEADER), record, HVM_SAVE_LENGTH(HEADER));
	record = domu_find_record(context_blob, size, HVM_SAVE_CODE(MTRR));
	if (record) {
		mtrr = append_record(&at, HVM_SAVE_CODE(MTRR), record, HVM_SAVE_LENGTH(MTRR));
		mtrr->msr_mtrr_def_type = 0x806; /* enabled, write-back */
	}
	fill_boot_cpu(append_record(&at, HVM_SAVE_CODE(CPU), NULL, HVM_SAVE_LENGTH(CPU)), entry,
		      start_info);
	append_record(&at, HVM_SAVE_CODE(END), NULL, 0);
	op.u.hvmcontext.size = at - blob;
	set_xen_guest_handle(op.u.hvmcontext.buffer, blob);
	return domctl(XEN_DOMCTL_sethvmcontext, u->id, &op);
}

long domu_create(struct domu *u, unsigned int slot, const char *name, unsigned int vcpus)
{
	const char *step = "createdomain";
	long rc = domu_new(u, slot, vcpus);

	if (!rc) {
		step = "load";
		rc = domu_load(u, name);
	}
	if (!rc) {
		step = "boot state";
		rc = domu_boot_state(u, (uintptr_t)start32, start_info_gpa());
	}
	if (rc) {
		test_error("cannot create a domain for %s: %s: %ld", name, step, rc);
		domu_destroy(u);
	}
	return rc;
}

long domu_unpause(struct domu *u)
{
	return domctl_simple(XEN_DOMCTL_unpausedomain, u->id);
}

static void print_line(struct domu *u)
{
	u->line[u->line_len] = 0;
	test_printf("(d%u) %s\n", u->id, u->line);
	u->line_len = 0;
}

void domu_drain_console(struct domu *u)
{
	XENCONS_RING_IDX cons, prod;

	if (!u->ring)
		return;
	cons = u->ring->out_cons;
	prod = READ_ONCE(u->ring->out_prod);
	if (prod - cons > sizeof(u->ring->out)) /* it may have gone mad */
		cons = prod;
	while (cons != prod) {
		char c = u->ring->out[MASK_XENCONS_IDX(cons++, u->ring->out)];

		if (c == '\n' || u->line_len == sizeof(u->line) - 1)
			print_line(u);
		if (c != '\n')
			u->line[u->line_len++] = c;
	}
	WRITE_ONCE(u->ring->out_cons, cons);
	event_take(u->console_port);
}

/* Sleep until the console's event or a short while. */
static void nap(struct domu *u)
{
	evtchn_port_t port = u->console_port;
	struct sched_poll poll = { .nr_ports = 1, .timeout = now_ns() + NSEC_PER_MSEC };

	set_xen_guest_handle(poll.ports, &port);
	sched_op(SCHEDOP_poll, &poll);
	domu_drain_console(u);
}

static void print_where(struct domu *u)
{
	const struct hvm_hw_cpu *c;
	uint32_t size;

	domctl_simple(XEN_DOMCTL_pausedomain, u->id);
	if (get_context(u->id, &size))
		return;
	c = domu_find_record(context_blob, size, HVM_SAVE_CODE(CPU));
	if (c)
		test_printf("d%u vcpu0 rip %lx rsp %lx rflags %lx rax %lx rdi %lx cr0 %lx\n", u->id,
			    c->rip, c->rsp, c->rflags, c->rax, c->rdi, c->cr0);
}

long domu_wait(struct domu *u, uint64_t timeout_ns)
{
	uint64_t end = now_ns() + timeout_ns;
	struct xen_domctl_getdomaininfo info;

	for (;;) {
		long rc = domain_info(u->id, &info);

		domu_drain_console(u);
		if (rc)
			return rc;
		if (info.flags & XEN_DOMINF_shutdown)
			break;
		if (now_ns() >= end) {
			print_where(u);
			return -XEN_ETIME;
		}
		nap(u);
	}
	domu_drain_console(u);
	if (u->line_len)
		print_line(u);
	return info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

bool domu_wait_word(struct domu *u, unsigned int word, uint64_t value, uint64_t timeout_ns)
{
	uint64_t end = now_ns() + timeout_ns;

	while (u->box->word[word] != value && now_ns() < end)
		nap(u);
	return u->box->word[word] == value;
}

bool domu_word_moves(struct domu *u, unsigned int word, uint64_t timeout_ns)
{
	uint64_t end = now_ns() + timeout_ns, before = u->box->word[word];

	while (u->box->word[word] == before && now_ns() < end)
		nap(u);
	return u->box->word[word] != before;
}

void domu_destroy(struct domu *u)
{
	if (u->ring)
		foreign_unmap(scratch(u->slot, AT_MAILBOX), 2);
	if (u->console_port)
		evtchn_close(u->console_port);
	u->ring = NULL;
	u->box = NULL;
	if (u->id && u->id < DOMID_FIRST_RESERVED)
		domctl_simple(XEN_DOMCTL_destroydomain, u->id);
	u->id = DOMID_INVALID;
}
