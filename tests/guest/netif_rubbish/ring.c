/* SPDX-License-Identifier: GPL-2.0-only */
#include "netif_rubbish/netif.h"

#define STEP_NS NSEC_PER_MSEC

uint8_t *netif_data;

void vif_init(struct vif *f, grant_ref_t ref)
{
	long rc = evtchn_alloc_unbound(DOMID_SELF, 0);

	REQUIRE(rc > 0);
	*f = (struct vif){ .tx = page_alloc(), .rx = page_alloc(), .port = (evtchn_port_t)rc };
	f->tx->req_event = f->tx->rsp_event = f->rx->req_event = f->rx->rsp_event = 1;
	grant_offer(ref, 0, f->tx, 0);
	grant_offer(ref + 1, 0, f->rx, 0);
}

bool vif_is_connected(const struct vif *f)
{
	struct evtchn_status s;

	return !evtchn_status(DOMID_SELF, f->port, &s) && s.status == EVTCHNSTAT_interdomain;
}

bool wait_word(const volatile uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	uint64_t end = now_ns() + timeout_ns;

	while (*word != value) {
		if (now_ns() > end)
			return false;
		sleep_until(now_ns() + STEP_NS);
	}
	return true;
}

void tx_put(struct vif *f, union slot s)
{
	memcpy(&f->tx->ring[f->produced++ % TX_ENTRIES], &s, sizeof(s));
}

struct answers tx_show(struct vif *f, uint64_t timeout_ns)
{
	struct answers a = { 0 };

	barrier(); /* the index makes the slots valid */
	WRITE_ONCE(f->tx->rsp_event, f->produced);
	WRITE_ONCE(f->tx->req_prod, f->produced);
	CHECK_EQ(evtchn_send(f->port), 0);
	a.is_all = wait_word(&f->tx->rsp_prod, f->produced, timeout_ns);
	barrier(); /* pairs with the backend's */
	for (; f->shown != READ_ONCE(f->tx->rsp_prod) && f->shown != f->produced; f->shown++) {
		int16_t status = f->tx->ring[f->shown % TX_ENTRIES].rsp.status;

		a.okay += status == NETIF_RSP_OKAY;
		a.error += status == NETIF_RSP_ERROR;
		a.null += status == NETIF_RSP_NULL;
	}
	return a;
}

union slot tx_slot(grant_ref_t ref, unsigned int offset, unsigned int size, unsigned int flags)
{
	return (union slot){ .req = { .gref = ref, .offset = offset, .size = size, .flags = flags } };
}

union slot tx_gso(unsigned int type, unsigned int size)
{
	return (union slot){ .extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO, .u.gso = { .type = type, .size = size } } };
}
