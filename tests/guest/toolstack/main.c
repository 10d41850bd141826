/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * toolstack: what the stock tools do to a domain besides making it: memory map and counters, the
 * grant table through acquire_resource, vCPU affinity, weight and cap, an NMI from outside, and
 * the state of a running domain taken out and put back unchanged, as save and restore do.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/test.h"
#include "lib/traps.h"

#include <xen/hvm/e820.h>
#include <xen/hvm/save.h>

static uint8_t blob[32768] __attribute__((aligned(16)));

static void check_memory_calls(domid_t id)
{
	struct { uint64_t addr, size; uint32_t type; } __attribute__((packed)) e820[2] = {
		{ 0, 0x10000, 1 }, { 0x1000000, 0x300000, 1 } };
	struct xen_foreign_memory_map map = { .domid = id, .map.nr_entries = 2 };
	domid_t arg = id;
	long rc;

	set_xen_guest_handle_raw(map.map.buffer, e820);
	CHECK_EQ(memory_op(XENMEM_set_memory_map, &map), 0);
	map.map.nr_entries = 100000;
	CHECK_EQ(memory_op(XENMEM_set_memory_map, &map), -XEN_EINVAL);
	rc = memory_op(XENMEM_maximum_gpfn, &arg);
	CHECK_EQ(rc, 0xfefff);
	rc = memory_op(XENMEM_get_sharing_freed_pages, NULL);
	CHECK_EQ(rc, 0); /* anything else but -ENOSYS breaks every xl command */
	rc = memory_op(XENMEM_get_sharing_shared_pages, NULL);
	CHECK_EQ(rc, 0);
}

/* The builder seeds entry 0 of a new domain's grant table through a mapping of its first frame. */
static void check_acquire(domid_t id)
{
	xen_pfn_t gfn = gfn_of(scratch(0, 0));
	struct xen_mem_acquire_resource op = { .domid = id, .type = XENMEM_resource_grant_table };
	volatile grant_entry_v1_t *table = (void *)scratch(0, 0);

	CHECK_EQ(memory_op(XENMEM_acquire_resource, &op), 0);
	CHECK(op.nr_frames >= 1);
	op = (struct xen_mem_acquire_resource){ .domid = id, .type = XENMEM_resource_grant_table,
						.nr_frames = 1 };
	set_xen_guest_handle(op.frame_list, &gfn);
	REQUIRE_EQ(memory_op(XENMEM_acquire_resource, &op), 0);
	CHECK_EQ(table[0].flags, 0);
	table[8].frame = 0x1234;
	CHECK_EQ(table[8].frame, 0x1234);
	foreign_unmap(scratch(0, 0), 1);
	op.type = 77;
	CHECK_EQ(memory_op(XENMEM_acquire_resource, &op), -XEN_EOPNOTSUPP);
	op.type = XENMEM_resource_grant_table;
	op.frame = 100000;
	CHECK_EQ(memory_op(XENMEM_acquire_resource, &op), -XEN_EINVAL);
}

static long affinity(uint32_t cmd, domid_t id, uint32_t vcpu, uint8_t *bits)
{
	struct xen_domctl op = {.u.vcpuaffinity = {.vcpu = vcpu, .flags = XEN_VCPUAFFINITY_HARD}};
	long rc;

	op.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, bits);
	rc = domctl(cmd, id, &op);
	return rc;
}

static uint32_t cpu_of(domid_t id)
{
	struct xen_domctl op = { 0 };

	CHECK_EQ(domctl(XEN_DOMCTL_getvcpuinfo, id, &op), 0);
	return op.u.getvcpuinfo.cpu;
}

/* The CPUs that run vCPUs; not all do. */
static uint8_t pool_cpus(void)
{
	struct xen_sysctl op = { .u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO };
	uint8_t bits = 0;

	op.u.cpupool_op.cpumap.nr_bits = 8;
	set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, &bits);
	CHECK_EQ(sysctl(XEN_SYSCTL_cpupool_op, &op), 0);
	CHECK(bits);
	return bits;
}

static void check_affinity(struct domu *u)
{
	uint8_t bits = 0, pool = pool_cpus();

	CHECK_EQ(affinity(XEN_DOMCTL_getvcpuaffinity, u->id, 0, &bits), 0);
	CHECK_EQ(bits & pool, pool);
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		bits = 1 << cpu;
		if (!(pool & bits)) {
			CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, u->id, 0, &bits), -XEN_EINVAL);
			continue;
		}
		CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, u->id, 0, &bits), 0);
		CHECK_EQ(bits, 1 << cpu); /* what is in effect comes back */
		for (unsigned int i = 0; i < 200 && cpu_of(u->id) != cpu; i++)
			sleep_until(now_ns() + 5 * NSEC_PER_MSEC);
		CHECK_EQ(cpu_of(u->id), cpu);
		CHECK(domu_word_moves(u, 0, 2 * NSEC_PER_SEC));
	}
	bits = 0;
	CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, u->id, 0, &bits), -XEN_EINVAL);
	bits = 0xff;
	CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, u->id, 9, &bits), -XEN_EINVAL);
	CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, u->id, 0, &bits), 0);
	CHECK(domu_word_moves(u, 0, 2 * NSEC_PER_SEC));
}

static long credit2(domid_t id, uint32_t cmd, uint16_t *weight, uint16_t *cap)
{
	struct xen_domctl op = {.u.scheduler_op = {.sched_id = XEN_SCHEDULER_CREDIT2, .cmd = cmd}};
	long rc;

	op.u.scheduler_op.u.credit2.weight = *weight;
	op.u.scheduler_op.u.credit2.cap = *cap;
	rc = domctl(XEN_DOMCTL_scheduler_op, id, &op);
	*weight = op.u.scheduler_op.u.credit2.weight;
	*cap = op.u.scheduler_op.u.credit2.cap;
	return rc;
}

static uint64_t cpu_time_over(domid_t id, uint64_t ns)
{
	struct xen_domctl_getdomaininfo info;
	uint64_t before;

	CHECK_EQ(domain_info(id, &info), 0);
	before = info.cpu_time;
	sleep_until(now_ns() + ns);
	CHECK_EQ(domain_info(id, &info), 0);
	return info.cpu_time - before;
}

static void check_cap(struct domu *u)
{
	uint16_t weight = 0, cap = 0;
	uint64_t used;

	CHECK_EQ(credit2(u->id, XEN_DOMCTL_SCHEDOP_getinfo, &weight, &cap), 0);
	CHECK_EQ(weight, 256);
	CHECK_EQ(cap, 0);
	weight = 512;
	cap = 20;
	CHECK_EQ(credit2(u->id, XEN_DOMCTL_SCHEDOP_putinfo, &weight, &cap), 0);
	CHECK_EQ(credit2(u->id, XEN_DOMCTL_SCHEDOP_getinfo, &weight, &cap), 0);
	CHECK_EQ(weight, 512);
	CHECK_EQ(cap, 20);
	used = cpu_time_over(u->id, 500 * NSEC_PER_MSEC);
	test_printf("toolstack: capped at 20 %%, used %lu ms of 500\n", used / NSEC_PER_MSEC);
	CHECK(used < 250 * NSEC_PER_MSEC);
	CHECK(domu_word_moves(u, 0, 2 * NSEC_PER_SEC));
	cap = 0;
	CHECK_EQ(credit2(u->id, XEN_DOMCTL_SCHEDOP_putinfo, &weight, &cap), 0);
}

/*
 * Everything out and in again: the domain must not notice. Helium puts state only into a domain
 * that has not run yet, as restoring does, and says -EBUSY otherwise; it takes no FPU contents.
 */
static void check_context(struct domu *u, long want)
{
	struct xen_domctl op = { 0 };
	struct hvm_hw_cpu *cpu;
	uint32_t size;

	CHECK_EQ(domctl(XEN_DOMCTL_gethvmcontext, u->id, &op), 0); /* no buffer: how much? */
	size = op.u.hvmcontext.size;
	CHECK(size > 1000 && size <= sizeof(blob));
	op.u.hvmcontext.size = 16;
	set_xen_guest_handle(op.u.hvmcontext.buffer, blob);
	CHECK_EQ(domctl(XEN_DOMCTL_gethvmcontext, u->id, &op), -XEN_ENOSPC); /* too small */
	op.u.hvmcontext.size = sizeof(blob);
	REQUIRE_EQ(domctl(XEN_DOMCTL_gethvmcontext, u->id, &op), 0);
	size = op.u.hvmcontext.size;
	if (is_helium()) {
		CHECK_EQ(domctl(XEN_DOMCTL_sethvmcontext, u->id, &op), want ? want : -XEN_EOPNOTSUPP);
		cpu = domu_find_record(blob, size, HVM_SAVE_CODE(CPU));
		REQUIRE(cpu);
		cpu->flags &= ~XEN_X86_FPU_INITIALISED;
	}
	CHECK_EQ(domctl(XEN_DOMCTL_sethvmcontext, u->id, &op), want);
	op.u.hvmcontext.size = size - 100; /* torn off */
	CHECK_EQ(domctl(XEN_DOMCTL_sethvmcontext, u->id, &op), want ? want : -XEN_EINVAL);
	op.u.hvmcontext.size = size;
	CHECK_EQ(domctl(XEN_DOMCTL_sethvmcontext, u->id, &op), want);
}

TEST(toolstack, IN_DOM0, 1)
{
	struct xen_sysctl op = { 0 };
	struct domu u;

	REQUIRE_EQ(sysctl(XEN_SYSCTL_physinfo, &op), 0);
	if (domu_create(&u, 1, "counter", 1))
		return;
	check_memory_calls(u.id);
	check_acquire(u.id);
	check_context(&u, 0);
	CHECK_EQ(domu_unpause(&u), 0);
	CHECK(domu_word_moves(&u, 0, 2 * NSEC_PER_SEC));
	check_affinity(&u);
	check_cap(&u);
	CHECK_EQ(domctl_simple(XEN_DOMCTL_pausedomain, u.id), 0);
	check_context(&u, is_helium() ? -XEN_EBUSY : 0);
	CHECK_EQ(domu_unpause(&u), 0);
	CHECK(domu_word_moves(&u, 0, 2 * NSEC_PER_SEC));
	domu_destroy(&u);
}

static void on_nmi(void)
{
	own_mailbox.word[1]++;
}

TEST(nmi_counter, ROLE, 1)
{
	irq_set_handler(X86_NMI, on_nmi);
	for (;;)
		own_mailbox.word[0]++;
}

TEST(trigger, IN_DOM0, 1)
{
	struct xen_domctl op = { .u.sendtrigger = { .trigger = XEN_DOMCTL_SENDTRIGGER_NMI } };
	struct domu u;

	if (domu_create(&u, 1, "nmi_counter", 1))
		return;
	CHECK_EQ(domu_unpause(&u), 0);
	CHECK(domu_word_moves(&u, 0, 2 * NSEC_PER_SEC));
	for (uint64_t i = 1; i <= 3; i++) {
		CHECK_EQ(domctl(XEN_DOMCTL_sendtrigger, u.id, &op), 0);
		CHECK(domu_wait_word(&u, 1, i, NSEC_PER_SEC));
	}
	op.u.sendtrigger.vcpu = 9;
	CHECK_EQ(domctl(XEN_DOMCTL_sendtrigger, u.id, &op), -XEN_ESRCH);
	domu_destroy(&u);
}

/* Each register is fine by itself, and no CPU enters with all of them: only that domain ends. */
TEST(refused_state, IN_DOM0, 1)
{
	struct xen_domctl op = { .u.hvmcontext.size = sizeof(blob) };
	struct hvm_hw_cpu *cpu;
	struct domu u;

	if (!is_helium() || domu_create(&u, 1, "counter", 1))
		return;
	set_xen_guest_handle(op.u.hvmcontext.buffer, blob);
	REQUIRE_EQ(domctl(XEN_DOMCTL_gethvmcontext, u.id, &op), 0);
	cpu = domu_find_record(blob, op.u.hvmcontext.size, HVM_SAVE_CODE(CPU));
	REQUIRE(cpu);
	cpu->flags &= ~XEN_X86_FPU_INITIALISED;
	cpu->cr0 = 0x80000011;	/* PG, ET, PE */
	cpu->cr4 = 0;		/* no PAE */
	cpu->msr_efer = 0x100;	/* LME */
	CHECK_EQ(domctl(XEN_DOMCTL_sethvmcontext, u.id, &op), 0);
	CHECK_EQ(domu_unpause(&u), 0);
	CHECK_EQ(domu_wait(&u, 2 * NSEC_PER_SEC), SHUTDOWN_crash);
	CHECK_EQ(u.box->word[0], 0); /* it never ran */
	domu_destroy(&u);
}
