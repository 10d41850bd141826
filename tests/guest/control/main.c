/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control: domctl and sysctl as the tools rely on them: wrong interface version -EACCES, unknown
 * operation -ENOSYS, no such domain -ESRCH; getdomaininfo finds the next domain; creation refuses
 * what it cannot do; pausing stops a domain and unpausing lets it go on.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/test.h"

static void check_versions(void)
{
	struct xen_domctl d = { .cmd = XEN_DOMCTL_getdomaininfo, .interface_version = 0x14 };
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_physinfo, .interface_version = 0x16 };

	CHECK_EQ(HC(__HYPERVISOR_domctl, &d), -XEN_EACCES);
	CHECK_EQ(HC(__HYPERVISOR_sysctl, &s), -XEN_EACCES);
	CHECK_EQ(HC(__HYPERVISOR_domctl, UNMAPPED_PTR), -XEN_EFAULT);
	CHECK_EQ(HC(__HYPERVISOR_sysctl, UNMAPPED_PTR), -XEN_EFAULT);
	CHECK_EQ(domctl(9999, 0, &d), -XEN_ENOSYS);
	CHECK_EQ(sysctl(9999, &s), -XEN_ENOSYS);
}

static void check_no_domain(void)
{
	static const uint32_t ops[] = {
		XEN_DOMCTL_destroydomain, XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain,
		XEN_DOMCTL_max_mem, XEN_DOMCTL_max_vcpus, XEN_DOMCTL_gethvmcontext,
		XEN_DOMCTL_sethvmcontext, XEN_DOMCTL_getvcpuinfo, XEN_DOMCTL_getdomaininfo,
		XEN_DOMCTL_setvcpuaffinity, XEN_DOMCTL_getvcpuaffinity, XEN_DOMCTL_settscinfo,
		XEN_DOMCTL_scheduler_op, XEN_DOMCTL_set_cpu_policy,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		long rc = domctl_simple(ops[i], 0x7000);

		if (rc != -XEN_ESRCH)
			test_failure("domctl %u on no domain: %ld", ops[i], rc);
	}
}

static void check_sysctls(void)
{
	static xen_domctl_getdomaininfo_t list[4];
	struct xen_sysctl op = { 0 };

	CHECK_EQ(sysctl(XEN_SYSCTL_physinfo, &op), 0);
	CHECK(op.u.physinfo.cores_per_socket >= 1 && op.u.physinfo.threads_per_core >= 1);
	CHECK(op.u.physinfo.nr_cpus >= 1);
	CHECK(op.u.physinfo.total_pages > op.u.physinfo.free_pages);
	CHECK(op.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_hvm);
	CHECK(op.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_hap);
	op.u.getdomaininfolist.first_domain = 0;
	op.u.getdomaininfolist.max_domains = 4;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, list);
	CHECK_EQ(sysctl(XEN_SYSCTL_getdomaininfolist, &op), 0);
	CHECK(op.u.getdomaininfolist.num_domains >= 1);
	CHECK_EQ(list[0].domain, 0);
	CHECK(list[0].flags & XEN_DOMINF_hvm_guest);
	CHECK(list[0].max_vcpu_id < NR_CPUS);
	memset(&op, 0, sizeof(op));
	CHECK_EQ(sysctl(XEN_SYSCTL_sched_id, &op), 0);
}

static long create(uint32_t flags, uint32_t vcpus, uint32_t emulation, domid_t *id)
{
	struct xen_domctl op = { .u.createdomain = {
		.flags = flags, .max_vcpus = vcpus, .max_evtchn_port = 1023, .max_grant_frames = 8,
		.max_maptrack_frames = 64, .grant_opts = 1, .arch.emulation_flags = emulation,
	} };
	long rc = domctl(XEN_DOMCTL_createdomain, *id, &op);

	*id = op.domain;
	return rc;
}

static void check_creation(void)
{
	const uint32_t flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
	struct xen_domctl_getdomaininfo info;
	domid_t id = DOMID_INVALID, same;

	CHECK_EQ(create(flags | 1u << 20, 1, XEN_X86_EMU_LAPIC, &id), -XEN_EINVAL);
	CHECK_EQ(create(flags, 0, XEN_X86_EMU_LAPIC, &id), -XEN_EINVAL);
	CHECK_EQ(create(flags, 100000, XEN_X86_EMU_LAPIC, &id), -XEN_EINVAL);
	CHECK_EQ(create(flags, 1, 1u << 30, &id), -XEN_EINVAL);
	id = DOMID_INVALID;
	REQUIRE_EQ(create(flags, 1, XEN_X86_EMU_LAPIC, &id), 0);
	CHECK(id > 0 && id < DOMID_FIRST_RESERVED);
	same = id;
	CHECK_EQ(create(flags, 1, XEN_X86_EMU_LAPIC, &same), -XEN_EEXIST);
	CHECK_EQ(domain_info(id, &info), 0);
	CHECK(info.flags & XEN_DOMINF_paused);
	CHECK(!(info.flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown)));
	CHECK_EQ(domctl_simple(XEN_DOMCTL_destroydomain, id), 0);
}

/* An operation for id n answers with the first domain at or after it. */
static void check_next_domain(domid_t id)
{
	struct xen_domctl op = { 0 };

	CHECK_EQ(domctl(XEN_DOMCTL_getdomaininfo, 1, &op), 0);
	CHECK_EQ(op.domain, id);
	CHECK_EQ(op.u.getdomaininfo.domain, id);
	CHECK(op.u.getdomaininfo.tot_pages > 100 && op.u.getdomaininfo.tot_pages < 8192);
	CHECK_EQ(domctl(XEN_DOMCTL_getdomaininfo, id + 1, &op), -XEN_ESRCH);
}

TEST(counter, ROLE, 1)
{
	for (;;)
		own_mailbox.word[0]++;
}

static void check_pause(struct domu *u)
{
	struct xen_domctl op = { 0 };

	CHECK(!domu_word_moves(u, 0, 20 * NSEC_PER_MSEC));
	CHECK_EQ(domu_unpause(u), 0);
	CHECK(domu_word_moves(u, 0, 2 * NSEC_PER_SEC));
	CHECK_EQ(domctl_simple(XEN_DOMCTL_pausedomain, u->id), 0);
	CHECK(!domu_word_moves(u, 0, 20 * NSEC_PER_MSEC));
	CHECK_EQ(domctl(XEN_DOMCTL_getvcpuinfo, u->id, &op), 0);
	CHECK(op.u.getvcpuinfo.online && !op.u.getvcpuinfo.running);
	CHECK(op.u.getvcpuinfo.cpu_time > 0);
	CHECK_EQ(domu_unpause(u), 0);
	CHECK(domu_word_moves(u, 0, 2 * NSEC_PER_SEC));
	op.u.getvcpuinfo.vcpu = 9;
	CHECK_EQ(domctl(XEN_DOMCTL_getvcpuinfo, u->id, &op), -XEN_EINVAL);
}

TEST(control, IN_DOM0, 1)
{
	struct domu u;

	check_versions();
	check_no_domain();
	check_sysctls();
	check_creation();
	sleep_until(now_ns() + 5 * NSEC_PER_MSEC); /* let the dead be buried */
	if (domu_create(&u, 1, "counter", 1))
		return;
	check_next_domain(u.id);
	check_pause(&u);
	domu_destroy(&u);
}

/* Some of what a control domain cannot do to itself. */
TEST(control_self, IN_DOM0, 1)
{
	CHECK_EQ(domctl_simple(XEN_DOMCTL_destroydomain, 0), -XEN_EINVAL);
	CHECK_EQ(domctl_simple(XEN_DOMCTL_pausedomain, 0), -XEN_EINVAL);
	CHECK_EQ(domctl_simple(XEN_DOMCTL_pausedomain, DOMID_SELF), -XEN_ESRCH);
}
