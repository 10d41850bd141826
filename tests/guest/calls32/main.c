/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * calls32: hypercalls from 32-bit code, as GRUB for PVH makes them, in compatibility mode and in
 * protected mode without paging: the structs that are laid out otherwise, and that nothing beyond
 * them is touched; what 32-bit code may not call, and bad pointers. Then shared_info: its layout
 * follows the code that sets it up, and what happens in the meantime is not lost on the way back.
 */
#include "lib/events.h"
#include "lib/test.h"

/* In and out of call32(): EAX, EBX, ECX, EDX, ESI, EDI. */
struct regs32 {
	uint32_t eax, ebx, ecx, edx, esi, edi;
};

/*
 * void call32(struct regs32 *r, long unpaged): to the 32-bit code segment, where flag `unpaged`
 * turns paging off around the call, and back. All of the image is mapped one to one below 4 GiB.
 */
void call32(struct regs32 *r, long unpaged);
__asm__("	.text\n"
	"call32:	pushq	%rbx\n"
	"	pushq	%rbp\n"
	"	movl	$0x10, %eax\n"
	"	movl	%eax, %ds\n"
	"	movl	%eax, %ss\n"
	"	movl	%edi, %ebp\n"
	"	lcall	*far32\n"
	"	xorl	%eax, %eax\n"
	"	movl	%eax, %ds\n"
	"	movl	%eax, %ss\n"
	"	popq	%rbp\n"
	"	popq	%rbx\n"
	"	ret\n"
	"	.code32\n"
	"code32:	pushl	%esi\n"
	"	testl	%esi, %esi\n"
	"	jz	1f\n"
	"	movl	%cr0, %eax\n"
	"	andl	$0x7fffffff, %eax\n"
	"	movl	%eax, %cr0\n"
	"1:	movl	0(%ebp), %eax\n"
	"	movl	4(%ebp), %ebx\n"
	"	movl	8(%ebp), %ecx\n"
	"	movl	12(%ebp), %edx\n"
	"	movl	16(%ebp), %esi\n"
	"	movl	20(%ebp), %edi\n"
	"	call	hypercall_insn\n"
	"	movl	%eax, 0(%ebp)\n"
	"	movl	%ebx, 4(%ebp)\n"
	"	movl	%ecx, 8(%ebp)\n"
	"	movl	%edx, 12(%ebp)\n"
	"	movl	%esi, 16(%ebp)\n"
	"	movl	%edi, 20(%ebp)\n"
	"	popl	%esi\n"
	"	testl	%esi, %esi\n"
	"	jz	1f\n"
	"	movl	%cr0, %eax\n"
	"	orl	$0x80000000, %eax\n"
	"	movl	%eax, %cr0\n"
	"1:	lretl\n"
	"	.code64\n"
	"	.section .rodata\n"
	"far32:	.long	code32\n"
	"	.word	8\n"
	"	.text\n");

static bool unpaged;

static int32_t hc32(uint32_t nr, uint32_t cmd, const volatile void *arg, uint32_t third)
{
	struct regs32 r = { nr, cmd, (uint32_t)(uintptr_t)arg, third, 0x55555555, 0x66666666 };

	call32(&r, unpaged);
	CHECK_EQ(r.ebx, cmd);
	CHECK_EQ(r.ecx, (uint32_t)(uintptr_t)arg);
	CHECK_EQ(r.edx, third);
	CHECK_EQ(r.esi, 0x55555555);
	CHECK_EQ(r.edi, 0x66666666);
	return (int32_t)r.eax;
}
#define OP(call, cmd, arg) hc32(__HYPERVISOR_##call, cmd, arg, 0)

/* The structs as i386 has them; `after` must keep its value. */
#define AFTER 0xa5a5a5a5
struct memory_map32 {
	uint32_t nr_entries, buffer, after;
};
struct foreign_map32 {
	uint16_t domid;
	struct memory_map32 map;
};
struct add_to_physmap32 {
	uint16_t domid, size;
	uint32_t space, idx, gpfn, after;
};
struct poll32 {
	uint32_t ports, nr_ports;
	uint64_t timeout_ns;
};
_Static_assert(sizeof(struct foreign_map32) == 16 && sizeof(struct poll32) == 16, "i386");

static uint8_t e820_32[21 * 20], e820_64[21 * 20];
static struct memory_map32 map;
static struct add_to_physmap32 add;

/* A domain may say what its memory map is from now on; GRUB does. */
static void set_memory_map(void)
{
	struct foreign_map32 foreign = { .domid = DOMID_SELF };

	for (unsigned int i = 0; i < 40; i++)
		e820_32[i] = i;
	foreign.map = (struct memory_map32){ 2, (uint32_t)(uintptr_t)e820_32, AFTER };
	CHECK_EQ(OP(memory_op, XENMEM_set_memory_map, &foreign), 0);
	foreign.map.nr_entries = 100000;
	CHECK_EQ(OP(memory_op, XENMEM_set_memory_map, &foreign), -XEN_EINVAL);
}

static void check_memory_map(void)
{
	struct xen_memory_map map64 = { .nr_entries = 20 };

	if (!is_dom0())
		set_memory_map();
	set_xen_guest_handle_raw(map64.buffer, e820_64);
	memset(e820_32, 0xa5, sizeof(e820_32));
	memset(e820_64, 0xa5, sizeof(e820_64));
	map = (struct memory_map32){ 20, (uint32_t)(uintptr_t)e820_32, AFTER };
	CHECK_EQ(memory_op(XENMEM_memory_map, &map64), 0);
	CHECK_EQ(OP(memory_op, XENMEM_memory_map, &map), 0);
	CHECK_EQ(map.nr_entries, map64.nr_entries);
	CHECK_EQ(map.buffer, (uint32_t)(uintptr_t)e820_32);
	CHECK_EQ(map.after, AFTER);
	CHECK(!memcmp(e820_32, e820_64, sizeof(e820_64)));
	if (!is_dom0())
		CHECK(map.nr_entries == 2 && e820_32[7] == 7 && e820_32[39] == 39);
}

static void check_params(void)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_STORE_PFN };
	uint64_t value;

	CHECK_EQ(hvm_get_param(DOMID_SELF, HVM_PARAM_STORE_PFN, &value), 0);
	CHECK_EQ(OP(hvm_op, HVMOP_get_param, &p), 0);
	CHECK_EQ(p.value, value);
	p.index = 77777;
	CHECK_EQ(OP(hvm_op, HVMOP_get_param, &p), -XEN_EINVAL);
}

static void check_polls(void)
{
	struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = 0 };
	struct poll32 p = { .nr_ports = 1, .timeout_ns = 1 };
	struct evtchn_close close;

	CHECK_EQ(OP(event_channel_op, EVTCHNOP_alloc_unbound, &alloc), 0);
	p.ports = (uint32_t)(uintptr_t)&alloc.port;
	CHECK_EQ(OP(sched_op, SCHEDOP_poll, &p), 0); /* long past: back at once */
	p.nr_ports = 129;
	CHECK_EQ(OP(sched_op, SCHEDOP_poll, &p), -XEN_EINVAL);
	p.nr_ports = 1;
	p.ports = 0xf0000000;
	CHECK_EQ(OP(sched_op, SCHEDOP_poll, &p), -XEN_EFAULT);
	CHECK_EQ(OP(sched_op, SCHEDOP_yield, NULL), 0);
	close.port = alloc.port;
	CHECK_EQ(OP(event_channel_op, EVTCHNOP_close, &close), 0);
	CHECK_EQ(OP(event_channel_op, EVTCHNOP_close, &close), -XEN_EINVAL);
}

static void check_grants(void)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };
	struct gnttab_set_version version = { .version = 1 };

	CHECK_EQ(hc32(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, &q, 1), 0);
	CHECK_EQ(q.status, GNTST_okay);
	CHECK(q.max_nr_frames >= 1);
	CHECK_EQ(hc32(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, &version, 1), 0);
}

/* No memory is there; the last two reach past what there is, and past 4 GiB. */
static void check_bad_pointers(void)
{
	static const uint32_t bad[] = { 0xf0000000, 0xf0000ffc, 0xfffffffc };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		const void *p = (const void *)(uintptr_t)bad[i];

		CHECK_EQ(OP(memory_op, XENMEM_memory_map, p), -XEN_EFAULT);
		CHECK_EQ(OP(memory_op, XENMEM_add_to_physmap, p), -XEN_EFAULT);
		CHECK_EQ(OP(hvm_op, HVMOP_get_param, p), -XEN_EFAULT);
	}
	map = (struct memory_map32){ 20, bad[0], AFTER };
	CHECK_EQ(OP(memory_op, XENMEM_memory_map, &map), -XEN_EFAULT);
}

/* What 32-bit code does not get here, by number; real Xen has most of it. */
static void check_refusals(void)
{
	static const struct {
		uint8_t nr;
		uint32_t cmd;
	} refused[] = {
		{ __HYPERVISOR_memory_op, XENMEM_populate_physmap },
		{ __HYPERVISOR_memory_op, XENMEM_add_to_physmap | 1 << 6 },
		{ __HYPERVISOR_memory_op, XENMEM_decrease_reservation },
		{ __HYPERVISOR_memory_op, 39 },
		{ __HYPERVISOR_multicall, 0 },
		{ __HYPERVISOR_vcpu_op, VCPUOP_is_up },
		{ __HYPERVISOR_domctl, 0 },
		{ __HYPERVISOR_grant_table_op, GNTTABOP_copy },
		{ __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref },
		{ __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown },
		{ __HYPERVISOR_event_channel_op, EVTCHNOP_reset },
		{ __HYPERVISOR_event_channel_op, 31 },
		{ __HYPERVISOR_event_channel_op, 32 + EVTCHNOP_send },
		{ __HYPERVISOR_event_channel_op, ~0U },
		{ __HYPERVISOR_xen_version, XENVER_platform_parameters },
	};
	uint32_t *page = page_alloc();

	for (unsigned int i = 0; i < ARRAY_SIZE(refused) && is_helium(); i++)
		if (!CHECK_EQ(hc32(refused[i].nr, refused[i].cmd, page, 1), -XEN_ENOSYS))
			test_printf("  call %u command %u\n", refused[i].nr, refused[i].cmd);
	CHECK_EQ(hc32(63, 0, page, 0), -XEN_ENOSYS);
	CHECK_EQ(hc32(~0U, 0, page, 0), -XEN_ENOSYS);
}

static void set_callback(bool from_32bit)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ,
				   .value = 1 };

	if (from_32bit)
		CHECK_EQ(OP(hvm_op, HVMOP_set_param, &p), 0);
	else
		CHECK_EQ(hvm_op(HVMOP_set_param, &p), 0);
}

/* shared_info by 32-bit words, as i386 lays it out. */
#define WORD(byte) (((volatile uint32_t *)&shared_info_page)[(byte) / 4])
#define PENDING32  0x800
#define MASK32	   0x880
#define WC_SEC32   0x904
#define SEL32	   4

static void put_shared_info(xen_pfn_t gfn)
{
	add = (struct add_to_physmap32){ .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
					 .gpfn = gfn, .after = AFTER };
	CHECK_EQ(OP(memory_op, XENMEM_add_to_physmap, &add), 0);
	CHECK_EQ(add.after, AFTER);
}

static void check_shared_info(void)
{
	uint32_t wc_sec = shared.wc_sec;
	long port = evtchn_bind_ipi(0), other = evtchn_bind_ipi(0);
	struct evtchn_send send;

	REQUIRE(port > 0 && other > 0 && other < 32);
	put_shared_info(gfn_of(&shared_info_page));
	set_callback(true);
	CHECK_EQ(WORD(WC_SEC32), wc_sec);
	for (unsigned int i = 0; i < 32; i++)
		WORD(MASK32 + 4 * i) = ~0U;
	WORD(MASK32) = ~(1U << port);
	WORD(PENDING32) = 0;
	WORD(SEL32) = 0;
	shared.vcpu_info[0].evtchn_upcall_pending = 0;
	send.port = other;
	CHECK_EQ(OP(event_channel_op, EVTCHNOP_send, &send), 0);
	CHECK_EQ(WORD(PENDING32), 1U << other);
	CHECK_EQ(shared.vcpu_info[0].evtchn_upcall_pending, 0); /* masked */
	send.port = port;
	CHECK_EQ(OP(event_channel_op, EVTCHNOP_send, &send), 0);
	CHECK_EQ(WORD(PENDING32), 1U << other | 1U << port);
	CHECK_EQ(shared.vcpu_info[0].evtchn_upcall_pending, 1);
	CHECK_EQ(WORD(SEL32), 1);
	CHECK_EQ(WORD(SEL32 + 4), 0);

	/* Back, as when GRUB has started a 64-bit kernel. */
	if (is_helium())
		shared.vcpu_info[0].evtchn_upcall_pending = 0;
	shared.vcpu_info[0].evtchn_pending_sel = 0;
	memset(shared.evtchn_mask, 0xff, sizeof(shared.evtchn_mask));
	set_callback(false);
	CHECK_EQ(shared.wc_sec, wc_sec);
	if (is_helium()) { /* Xen leaves it to the guest to look */
		CHECK_EQ(shared.vcpu_info[0].evtchn_upcall_pending, 1);
		CHECK_EQ(shared.vcpu_info[0].evtchn_pending_sel, ~0UL);
	}
	CHECK(event_is_pending(port) && event_is_pending(other));
	event_unmask(port);
	CHECK(event_wait(port, 1, NSEC_PER_SEC));
	CHECK_EQ(evtchn_close(port), 0);
	CHECK_EQ(evtchn_close(other), 0);
}

TEST(calls32, IN_DOM0 | IN_DOMU, 1)
{
	for (int i = 0; i < 2; i++) {
		unpaged = i;
		CHECK_EQ(OP(xen_version, XENVER_version, NULL), 0x40011);
		check_memory_map();
		check_params();
		check_polls();
		check_grants();
		check_bad_pointers();
		check_refusals();
		if (!is_dom0())
			check_shared_info();
	}
}
