/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evtchn: event channels inside one domain: every kind of port, every operation with good and bad
 * arguments, 2-level delivery and masking, the rules that Linux and xenstored lean on (a newly
 * bound interdomain port is pending at once; virqs have one owner; closing makes the peer
 * unbound).
 */
#include "lib/events.h"
#include "lib/test.h"

static struct evtchn_status st;

static void check_bad_ports(void)
{
	static const evtchn_port_t bad[] = { 0, 2047, 4095, 4096, 131072, 0x7fffffff, ~0u };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(evtchn_send(bad[i]), -XEN_EINVAL);
		CHECK_EQ(evtchn_close(bad[i]), -XEN_EINVAL);
		CHECK_EQ(evtchn_bind_vcpu(bad[i], 0), -XEN_EINVAL);
		struct evtchn_unmask unmask = { .port = bad[i] };
		/* Xen allows unmasking a free port inside the table */
		if (bad[i] >= 4096)
			CHECK_EQ(event_channel_op(EVTCHNOP_unmask, &unmask), -XEN_EINVAL);
	}
	CHECK_EQ(evtchn_status(DOMID_SELF, ~0u, &st), -XEN_EINVAL);
	CHECK_EQ(evtchn_status(0x7000, 1, &st), -XEN_ESRCH);
	if (!is_dom0())
		CHECK_EQ(evtchn_status(0, 1, &st), -XEN_EPERM);
	CHECK_EQ(event_channel_op(99, &st), -XEN_ENOSYS);
	CHECK_EQ(event_channel_op(~0u, &st), -XEN_ENOSYS);
}

/* Anybody may bind a global virq; it is sent to Dom0 alone. */
static void check_global_virq(uint32_t virq)
{
	long port = evtchn_bind_virq(virq, 0);

	if (CHECK(port > 0))
		CHECK_EQ(evtchn_close(port), 0);
}

static void check_bad_binds(void)
{
	CHECK_EQ(evtchn_bind_ipi(77), -XEN_ENOENT);
	CHECK_EQ(evtchn_bind_ipi(~0u), -XEN_ENOENT);
	CHECK_EQ(evtchn_bind_virq(24, 0), -XEN_EINVAL);
	CHECK_EQ(evtchn_bind_virq(~0u, 0), -XEN_EINVAL);
	CHECK_EQ(evtchn_bind_virq(VIRQ_TIMER, 77), -XEN_ENOENT);
	CHECK_EQ(evtchn_bind_interdomain(DOMID_SELF, 0), -XEN_EINVAL);
	CHECK_EQ(evtchn_bind_interdomain(DOMID_SELF, ~0u), -XEN_EINVAL);
	CHECK_EQ(evtchn_bind_interdomain(0x7000, 1), -XEN_ESRCH);
	CHECK_EQ(evtchn_alloc_unbound(0x7000, DOMID_SELF), -XEN_ESRCH);
	if (!is_dom0()) {
		CHECK_EQ(evtchn_alloc_unbound(0, DOMID_SELF), -XEN_EPERM);
		check_global_virq(VIRQ_DOM_EXC);
		check_global_virq(VIRQ_CONSOLE);
	}
}

static void check_virq(void)
{
	long port = evtchn_bind_virq(VIRQ_DEBUG, 0);

	REQUIRE(port > 0);
	CHECK_EQ(evtchn_bind_virq(VIRQ_DEBUG, 0), -XEN_EEXIST);
	CHECK_EQ(evtchn_send(port), -XEN_EINVAL); /* not a guest's to send */
	CHECK_EQ(evtchn_status(DOMID_SELF, port, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_virq);
	CHECK_EQ(st.u.virq, VIRQ_DEBUG);
	CHECK_EQ(evtchn_bind_vcpu(port, 0), -XEN_EINVAL); /* a per-vCPU one stays where it is */
	CHECK_EQ(evtchn_close(port), 0);
	CHECK_EQ(evtchn_status(DOMID_SELF, port, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_closed);
}

static void check_masking(void)
{
	long port = evtchn_bind_ipi(0);
	unsigned int before;

	REQUIRE(port > 0);
	before = event_count(port);
	CHECK_EQ(evtchn_status(DOMID_SELF, port, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_ipi);
	CHECK_EQ(st.vcpu, 0);
	event_mask(port);
	CHECK_EQ(evtchn_send(port), 0);
	CHECK(event_is_pending(port));
	CHECK(!event_wait(port, before + 1, NSEC_PER_MSEC)); /* masked: stays pending */
	event_unmask(port);
	CHECK(event_wait(port, before + 1, NSEC_PER_SEC)); /* the unmask hypercall delivers it */
	CHECK(!event_is_pending(port));
	CHECK_EQ(evtchn_send(port), 0);
	CHECK_EQ(evtchn_send(port), 0); /* two sends, interrupts off: one event */
	CHECK(event_wait(port, before + 2, NSEC_PER_SEC));
	CHECK(!event_wait(port, before + 3, NSEC_PER_MSEC));
	CHECK_EQ(evtchn_close(port), 0);
	CHECK_EQ(evtchn_send(port), -XEN_EINVAL);
}

/* A loop-back channel: both ends ours. */
static void check_loopback(void)
{
	long a = evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF), b;

	REQUIRE(a > 0);
	CHECK_EQ(evtchn_status(DOMID_SELF, a, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_unbound);
	CHECK_EQ(evtchn_send(a), 0); /* to nobody: dropped without complaint */
	event_mask(a);
	b = evtchn_bind_interdomain(DOMID_SELF, a);
	REQUIRE(b > 0);
	CHECK(event_is_pending(b)); /* nothing sent earlier is lost */
	event_take(b);
	CHECK_EQ(evtchn_bind_interdomain(DOMID_SELF, a), -XEN_EINVAL); /* taken already */
	event_mask(b);
	CHECK_EQ(evtchn_send(a), 0);
	CHECK(event_is_pending(b) && !event_is_pending(a));
	CHECK_EQ(evtchn_send(b), 0);
	CHECK(event_is_pending(a));
	CHECK_EQ(evtchn_status(DOMID_SELF, b, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_interdomain);
	CHECK_EQ(st.u.interdomain.port, a);
	CHECK_EQ(evtchn_close(a), 0);
	CHECK_EQ(evtchn_status(DOMID_SELF, b, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_unbound);
	event_take(a);
	event_take(b);
	CHECK_EQ(evtchn_close(b), 0);
	CHECK_EQ(evtchn_close(b), -XEN_EINVAL);
}

/* Use every port there is; then none is left, and all can be closed again. */
static void check_exhaustion(void)
{
	static uint16_t ports[NR_PORTS];
	unsigned int nr = 0;
	long port = 0;

	while (nr < NR_PORTS && (port = evtchn_alloc_unbound(DOMID_SELF, 0)) > 0) {
		CHECK(port < NR_PORTS);
		ports[nr++] = port;
	}
	CHECK_EQ(port, -XEN_ENOSPC);
	CHECK(nr > 1900 && nr <= 2047);
	while (nr)
		CHECK_EQ(evtchn_close(ports[--nr]), 0);
}

TEST(evtchn, IN_DOM0 | IN_DOMU, 1)
{
	check_bad_ports();
	check_bad_binds();
	check_virq();
	check_masking();
	check_loopback();
	if (!is_dom0())
		check_exhaustion();
}
