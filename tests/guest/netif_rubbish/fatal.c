/* SPDX-License-Identifier: GPL-2.0-only */
/* Each lie is its own end: the backend serves that interface no more, and says why. */
#include "netif_rubbish/netif.h"

static union slot good(unsigned int flags)
{
	return tx_slot(DATA_REF, 0, 60, flags);
}

static void chain(struct vif *f, unsigned int nr)
{
	for (; nr; nr--)
		tx_put(f, tx_slot(DATA_REF, 0, nr == 1 ? 1 : 100 + nr, NETTXF_more_data));
}

/* A backend that believed this would read slots that nobody wrote. */
static void far_ahead(struct vif *f)
{
	f->produced += 100000;
}

static void endless(struct vif *f)
{
	chain(f, 5);
}

static void long_chain(struct vif *f)
{
	chain(f, 40);
}

static void over_the_page(struct vif *f)
{
	tx_put(f, tx_slot(DATA_REF, 4000, 200, 0));
}

static void over_the_page_later(struct vif *f)
{
	tx_put(f, tx_slot(DATA_REF, 0, 3000, NETTXF_more_data));
	tx_put(f, tx_slot(DATA_REF, 65535, 2, 0));
}

static void no_extra(struct vif *f)
{
	tx_put(f, good(NETTXF_extra_info));
}

static void odd_extra(struct vif *f)
{
	tx_put(f, good(NETTXF_extra_info));
	tx_put(f, (union slot){ .extra.type = 200 });
}

static void gso_of_nothing(struct vif *f)
{
	tx_put(f, good(NETTXF_extra_info));
	tx_put(f, tx_gso(XEN_NETIF_GSO_TYPE_TCPV4, 0));
}

static void gso_of_no_kind(struct vif *f)
{
	tx_put(f, good(NETTXF_extra_info));
	tx_put(f, tx_gso(9, 1448));
}

const struct fatal_lie fatal_lies[NR_FATAL] = {
	{ "Impossible number of requests", far_ahead },
	{ "exceeds this limit", endless },
	{ "Malicious frontend", long_chain },
	{ "txreq.offset: 4000, size: 200", over_the_page },
	{ "Cross page boundary", over_the_page_later },
	{ "Missing extra info", no_extra },
	{ "Invalid extra type: 200", odd_extra },
	{ "GSO size must not be zero", gso_of_nothing },
	{ "Bad GSO type 9", gso_of_no_kind },
};
