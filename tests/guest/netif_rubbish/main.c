/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netif_rubbish: frontends of network interfaces that lie, for a domain that hl made (scenario rubbish). It says on
 * the console which grants and ports are each interface's; whoever reads that writes them into its xenstore
 * directory. Of Dom0's real backend the first interface then asks what no driver would: each slot has to be answered
 * with its error, good ones in between go through. The second gets what a seed says. Each further one tells one lie
 * that only the interface's end can follow. Then it goes on with rubbish until somebody ends it.
 *
 * On its command line: seed=N, lie=N (the first of the fatal ones).
 */
#include "netif_rubbish/netif.h"

#define NR_VIFS		6
#define NR_WILD_ROUNDS	300
#define CONNECT_NS	(90 * NSEC_PER_SEC)
#define ANSWER_NS	(20 * NSEC_PER_SEC)
#define QUIET_NS	(300 * NSEC_PER_MSEC)
#define IP_TCP_SIZE	54

static struct vif vifs[NR_VIFS];

static bool is(struct answers a, unsigned int okay, unsigned int error, unsigned int null)
{
	return a.is_all && a.okay == okay && a.error == error && a.null == null;
}

static struct answers ask(struct vif *f, union slot s)
{
	tx_put(f, s);
	return tx_show(f, ANSWER_NS);
}

static void check_good(struct vif *f)
{
	memset(netif_data, 0xff, 12);
	*(uint16_t *)(netif_data + 12) = 0xb588; /* local experiments */
	CHECK(is(ask(f, tx_slot(DATA_REF, 0, 60, 0)), 1, 0, 0));
	CHECK(is(ask(f, tx_slot(READONLY_REF, 0, 3000, 0)), 1, 0, 0)); /* copied in part, mapped in part */
}

static void check_bad_refs(struct vif *f)
{
	static const grant_ref_t bad[] = { NO_REF, ~0U, 511, 512, FOREIGN_REF, HOLE_REF };

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(is(ask(f, tx_slot(bad[i], 0, 60, 0)), 0, 1, 0));
		CHECK(is(ask(f, tx_slot(bad[i], 0, 3000, 0)), 0, 1, 0));
		tx_put(f, tx_slot(DATA_REF, 0, 3000, NETTXF_more_data));
		CHECK(ask(f, tx_slot(bad[i], 0, 1000, 0)).error);
	}
}

static void check_bad_sizes(struct vif *f)
{
	CHECK(is(ask(f, tx_slot(DATA_REF, 0, 13, 0)), 0, 1, 0));
	CHECK(is(ask(f, tx_slot(DATA_REF, 0, 0, 0)), 0, 1, 0));
	tx_put(f, tx_slot(DATA_REF, 0, 100, NETTXF_more_data)); /* the rest is more than the whole */
	CHECK(is(ask(f, tx_slot(DATA_REF, 0, 200, 0)), 0, 2, 0));
	for (unsigned int i = 0; i < 19; i++)
		tx_put(f, tx_slot(DATA_REF, 0, i ? 10 : 1000, NETTXF_more_data));
	CHECK(is(ask(f, tx_slot(DATA_REF, 0, 10, 0)), 0, 20, 0));
}

/* Headers of IPv4 and TCP that are right, but for the checksums. */
static void put_headers(void)
{
	static const uint8_t ip[] = { 0x08, 0x00, 0x45, 0, 0x0f, 0xa0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 8, 2, 7, 10, 8, 2, 1 };

	memset(netif_data, 0, 128);
	memset(netif_data, 0xff, 6);
	memcpy(netif_data + 12, ip, sizeof(ip));
	netif_data[46] = 0x50; /* TCP's header has 20 bytes */
}

static void check_bad_offloads(struct vif *f)
{
	memset(netif_data, 0xff, 128); /* headers that are none */
	netif_data[12] = 0x08;
	netif_data[13] = 0;
	CHECK(is(ask(f, tx_slot(DATA_REF, 0, 100, NETTXF_csum_blank)), 1, 0, 0));
	tx_put(f, tx_slot(DATA_REF, 0, 100, NETTXF_csum_blank | NETTXF_extra_info));
	CHECK(is(ask(f, tx_gso(XEN_NETIF_GSO_TYPE_TCPV4, 1448)), 1, 0, 1));
	for (unsigned int type = XEN_NETIF_GSO_TYPE_TCPV4; type <= XEN_NETIF_GSO_TYPE_TCPV6; type++) {
		for (unsigned int size = 1; size <= 65535; size += 21844) {
			put_headers();
			tx_put(f, tx_slot(DATA_REF, 0, 4014, NETTXF_csum_blank | NETTXF_data_validated | NETTXF_extra_info));
			CHECK(is(ask(f, tx_gso(type, size)), 1, 0, 1));
		}
	}
	for (unsigned int i = 0; i < 70; i++) { /* more addresses than it keeps */
		struct answers a;
		union slot s = { .extra = { .type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD, .u.mcast.addr = { 1, 0, 0, 0, 0, i } } };

		tx_put(f, tx_slot(DATA_REF, 0, IP_TCP_SIZE, NETTXF_extra_info));
		a = ask(f, s);
		CHECK(i < 64 ? is(a, 1, 0, 1) : is(a, 0, 1, 1));
	}
}

/* Dom0 sends to everybody all the time: four places that it cannot write to, and one that it can. */
static void check_rx(struct vif *f)
{
	static const grant_ref_t refs[] = { NO_REF, READONLY_REF, FOREIGN_REF, HOLE_REF, DATA_REF };
	uint32_t at = READ_ONCE(f->rx->rsp_prod);

	for (unsigned int i = 0; i < 5; i++)
		f->rx->ring[(at + i) % RX_ENTRIES].req = (struct netif_rx_request){ .id = i, .gref = refs[i] };
	barrier(); /* the index makes the entries valid */
	WRITE_ONCE(f->rx->req_prod, at + 5);
	CHECK_EQ(evtchn_send(f->port), 0);
	REQUIRE(wait_word(&f->rx->rsp_prod, at + 5, ANSWER_NS));
	for (unsigned int i = 0; i < 5; i++) {
		int16_t status = f->rx->ring[(at + i) % RX_ENTRIES].rsp.status;

		CHECK(i < 4 ? status < 0 : status > 0);
	}
}

static void offer_all(void)
{
	netif_data = page_alloc();
	grant_offer(DATA_REF, 0, netif_data, 0);
	grant_offer(READONLY_REF, 0, netif_data, GTF_readonly);
	grant_offer(FOREIGN_REF, 7, netif_data, 0);
	grant_offer(HOLE_REF, 0, (void *)HOLE_GPA, 0);
	for (unsigned int i = 0; i < NR_VIFS; i++) {
		vif_init(&vifs[i], RING_REF + 2 * i);
		test_printf("RING %u tx-ring-ref %u rx-ring-ref %u event-channel %u\n", i, RING_REF + 2 * i,
			    RING_REF + 2 * i + 1, vifs[i].port);
	}
	test_printf("ALL-RINGS\n");
}

static bool are_connected(void)
{
	for (unsigned int i = 0; i < NR_VIFS; i++)
		if (!vif_is_connected(&vifs[i]))
			return false;
	return true;
}

/* Answered or ended, it is all the same here; what matters is what Dom0 says in the end. */
static void be_wild(struct vif *f, bool harmless)
{
	wild_round(f, harmless);
	sleep_until(now_ns() + NSEC_PER_MSEC);
}

TEST(netif_rubbish, ROLE, 1)
{
	uint64_t end, seed = option_number("seed", 1), lie = option_number("lie", 0);

	REQUIRE_EQ(grants_init(), 0);
	offer_all();
	for (end = now_ns() + CONNECT_NS; !are_connected(); sleep_until(now_ns() + NSEC_PER_MSEC))
		REQUIRE(now_ns() < end);
	check_good(&vifs[0]);
	check_bad_refs(&vifs[0]);
	check_bad_sizes(&vifs[0]);
	check_good(&vifs[0]);
	check_bad_offloads(&vifs[0]);
	check_rx(&vifs[0]);
	check_good(&vifs[0]);
	for (unsigned int i = 2; i < NR_VIFS; i++) {
		const struct fatal_lie *l = &fatal_lies[(lie + i - 2) % NR_FATAL];

		check_good(&vifs[i]);
		l->tell(&vifs[i]);
		CHECK(!tx_show(&vifs[i], QUIET_NS).is_all);
		test_printf("LIE %u %s\n", i, l->log);
	}
	wild_seed(seed);
	for (unsigned int n = 0; n < NR_WILD_ROUNDS; n++)
		be_wild(&vifs[1], false);
	test_printf("RINGS-LIED %s\n", test_has_failed() ? "and were believed" : "in vain");
	CHECK_EQ(evtchn_close(vifs[1].port), 0);
	for (;;)
		be_wild(&vifs[wild_below(NR_VIFS)], true);
}
