/* SPDX-License-Identifier: GPL-2.0-only */
/* Slots, grants and pages without sense, from a seed; grants are withdrawn and pages change while the backend looks. */
#include "netif_rubbish/netif.h"

static uint64_t state;

void wild_seed(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15 + 1;
}

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

unsigned int wild_below(unsigned int n)
{
	return next() % n;
}

/* An Ethernet frame for everybody, with a header that a kernel would look into. */
static void fill_data(void)
{
	static const uint16_t kinds[] = { 0x0008, 0xdd86, 0x0608, 0x0081, 0xb588 }; /* IPv4, IPv6, ARP, VLAN, none */
	static const uint8_t first[] = { 0x45, 0x60, 0x46, 0x00 };

	for (unsigned int i = 0; i < 256; i += 8)
		*(uint64_t *)(netif_data + i) = next();
	memset(netif_data, 0xff, 6);
	netif_data[6] = 0x02;
	*(uint16_t *)(netif_data + 12) = kinds[wild_below(5)];
	netif_data[14] = first[wild_below(4)];
	netif_data[23] = wild_below(2) ? 6 : 17; /* TCP or UDP */
	if (wild_below(2))
		*(uint16_t *)(netif_data + 20) = 0; /* a whole packet, no fragment */
}

static grant_ref_t some_ref(void)
{
	static const grant_ref_t refs[] = { READONLY_REF, FOREIGN_REF, HOLE_REF, RING_REF + 1, RING_REF, NO_REF, ~0U, 511, 512 };

	return wild_below(4) ? DATA_REF : refs[wild_below(9)];
}

static void put_extra(struct vif *f)
{
	static const uint8_t types[] = { XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_TYPE_MCAST_ADD,
					 XEN_NETIF_EXTRA_TYPE_MCAST_DEL, XEN_NETIF_EXTRA_TYPE_HASH };
	union slot s = tx_gso(1 + wild_below(2), 1 + wild_below(wild_below(2) ? 65535 : 2000));

	s.extra.type = types[wild_below(5)];
	tx_put(f, s);
}

static void put_packet(struct vif *f)
{
	unsigned int size = 14 + wild_below(wild_below(2) ? 100 : 4000), flags = wild_below(4);
	unsigned int nr = wild_below(3) ? 0 : 1 + wild_below(18), left = size;
	bool has_extra = !wild_below(4);

	tx_put(f, tx_slot(some_ref(), wild_below(4097 - size), size,
			  flags | (nr ? NETTXF_more_data : 0) | (has_extra ? NETTXF_extra_info : 0)));
	if (has_extra)
		put_extra(f);
	for (; nr; nr--) {
		unsigned int part = wild_below(left / nr + 2);

		left -= part < left ? part : left;
		tx_put(f, tx_slot(some_ref(), wild_below(4096 - part), part, nr > 1 ? NETTXF_more_data : 0));
	}
}

static void put_nonsense(struct vif *f)
{
	union slot s;

	*(uint64_t *)&s = next();
	s.req.size = next();
	tx_put(f, s);
}

/* harmless: nothing that is the interface's end. */
void wild_round(struct vif *f, bool harmless)
{
	fill_data();
	for (unsigned int n = 1 + wild_below(6); n; n--)
		put_packet(f);
	if (!harmless && !wild_below(200))
		put_nonsense(f);
	WRITE_ONCE(f->tx->rsp_event, READ_ONCE(f->tx->rsp_prod) + 1 + wild_below(3));
	WRITE_ONCE(f->tx->req_prod, f->produced);
	(void)evtchn_send(f->port);
	if (!wild_below(3) && grant_revoke(DATA_REF))
		grant_offer(DATA_REF, 0, netif_data, 0);
	fill_data();
	WRITE_ONCE(f->rx->req_prod, f->rx->req_prod + wild_below(3)); /* of whatever lies there */
}
