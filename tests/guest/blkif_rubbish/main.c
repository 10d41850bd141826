/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * blkif_rubbish: a disk's frontend that lies, for a domain that hl made (scenario rubbish). It says on
 * the console which grant and which port are its ring's; whoever reads that writes them into its
 * xenstore directory. Then it asks Dom0's real backend for what no driver would: each such request has
 * to be answered with its error, good ones in between with their data. The last word is a producer
 * index that cannot be; a backend stops serving the ring then, and the domain ends with it mapped.
 */
#include "lib/events.h"
#include "lib/grants.h"
#include "lib/test.h"

#include <xen/io/blkif.h>

#define RING_REF	8	/* the first that is not reserved */
#define DATA_REF	9
#define NO_REF		12345
#define CONNECT_NS	(60 * NSEC_PER_SEC)
#define ANSWER_NS	(20 * NSEC_PER_SEC)
#define QUIET_NS	NSEC_PER_SEC
#define STEP_NS		NSEC_PER_MSEC
#define NR_ENTRIES	32	/* of 112 bytes, in a page, as a power of two */
#define SECTORS_PER_PAGE 8

static struct blkif_sring *ring;
static evtchn_port_t port;
static uint32_t produced;

static bool is_connected(void)
{
	struct evtchn_status s;

	return !evtchn_status(DOMID_SELF, port, &s) && s.status == EVTCHNSTAT_interdomain;
}

static bool is_answered(void)
{
	return READ_ONCE(ring->rsp_prod) == produced;
}

static bool wait_for(bool (*done)(void), uint64_t timeout_ns)
{
	uint64_t end = now_ns() + timeout_ns;

	while (!done()) {
		if (now_ns() > end)
			return false;
		sleep_until(now_ns() + STEP_NS);
	}
	return true;
}

/* Hand in one request; its answer's status, or 1 when there was none. */
static int ask(const struct blkif_request *r)
{
	unsigned int at = produced % NR_ENTRIES;
	struct blkif_request mine = *r;
	struct blkif_response answer;

	mine.id = 0xfeed0000 + produced;
	ring->ring[at].req = mine;
	barrier(); /* the index makes the entry valid */
	WRITE_ONCE(ring->req_prod, ++produced);
	WRITE_ONCE(ring->rsp_event, produced);
	CHECK_EQ(evtchn_send(port), 0);
	if (!wait_for(is_answered, ANSWER_NS))
		return 1;
	barrier(); /* pairs with the backend's */
	answer = ring->ring[at].rsp;
	CHECK_EQ(answer.id, mine.id);
	return answer.status;
}

static struct blkif_request page_request(uint8_t operation)
{
	return (struct blkif_request){
		.operation = operation, .nr_segments = 1,
		.seg = { { .gref = DATA_REF, .last_sect = SECTORS_PER_PAGE - 1 } },
	};
}

static void check_good(char *data)
{
	struct blkif_request r = page_request(BLKIF_OP_WRITE);

	memset(data, 0x5a, PAGE_SIZE);
	CHECK_EQ(ask(&r), BLKIF_RSP_OKAY);
	memset(data, 0, PAGE_SIZE);
	r = page_request(BLKIF_OP_READ);
	CHECK_EQ(ask(&r), BLKIF_RSP_OKAY);
	CHECK(data[0] == 0x5a && data[PAGE_SIZE - 1] == 0x5a);
}

/* Each one is the good request but for one thing. */
static void check_bad(void)
{
	struct blkif_request r = page_request(77);

	CHECK_EQ(ask(&r), BLKIF_RSP_EOPNOTSUPP);
	r = page_request(BLKIF_OP_READ);
	r.nr_segments = 0;
	CHECK_EQ(ask(&r), BLKIF_RSP_ERROR);
	r.nr_segments = 255;
	CHECK_EQ(ask(&r), BLKIF_RSP_ERROR);
	r = page_request(BLKIF_OP_READ);
	r.seg[0].gref = NO_REF;
	CHECK_EQ(ask(&r), BLKIF_RSP_ERROR);
	r.seg[0].gref = ~0U;
	CHECK_EQ(ask(&r), BLKIF_RSP_ERROR);
	r = page_request(BLKIF_OP_READ);
	r.seg[0].first_sect = 7;
	r.seg[0].last_sect = 2;
	CHECK_EQ(ask(&r), BLKIF_RSP_ERROR);
	r.seg[0].last_sect = 255;
	CHECK_EQ(ask(&r), BLKIF_RSP_ERROR);
	r = page_request(BLKIF_OP_WRITE);
	r.sector_number = 1ULL << 60;
	CHECK_EQ(ask(&r), BLKIF_RSP_ERROR);
	r.sector_number = ~0ULL; /* its end wraps round to the disk's beginning */
	CHECK_EQ(ask(&r), BLKIF_RSP_ERROR);
}

static void check_bad_indirect(void)
{
	struct blkif_request_indirect r = {
		.operation = BLKIF_OP_INDIRECT, .indirect_op = BLKIF_OP_READ, .nr_segments = 65535,
		.indirect_grefs = { NO_REF },
	};

	CHECK_EQ(ask((void *)&r), BLKIF_RSP_ERROR);
	r.nr_segments = 16;
	CHECK_EQ(ask((void *)&r), BLKIF_RSP_ERROR);
	r.indirect_grefs[0] = DATA_REF; /* what is in there are no segments */
	CHECK_EQ(ask((void *)&r), BLKIF_RSP_ERROR);
	r.indirect_op = 99;
	CHECK_EQ(ask((void *)&r), BLKIF_RSP_ERROR);
}

TEST(blkif_rubbish, ROLE, 1)
{
	char *data = page_alloc();
	long rc;

	ring = page_alloc();
	ring->req_event = ring->rsp_event = 1;
	REQUIRE_EQ(grants_init(), 0);
	grant_offer(RING_REF, 0, ring, 0);
	grant_offer(DATA_REF, 0, data, 0);
	rc = evtchn_alloc_unbound(DOMID_SELF, 0);
	REQUIRE(rc > 0);
	port = (evtchn_port_t)rc;
	test_printf("RING ring-ref=%u event-channel=%u\n", RING_REF, port);
	REQUIRE(wait_for(is_connected, CONNECT_NS));
	check_good(data);
	check_bad();
	check_good(data);
	memset(data, 0xff, PAGE_SIZE);
	check_bad_indirect();
	check_good(data);
	/* A backend that believed this would read entries that nobody wrote. */
	WRITE_ONCE(ring->req_prod, produced + 1000000);
	CHECK_EQ(evtchn_send(port), 0);
	sleep_until(now_ns() + QUIET_NS);
	CHECK_EQ(READ_ONCE(ring->rsp_prod), produced);
	test_printf("RING-LIED\n");
}
