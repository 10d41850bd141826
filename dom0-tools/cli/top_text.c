/* SPDX-License-Identifier: GPL-2.0-only */
/* What hl top shows, from samples; see top.h. Pure. */
#include "dom0-tools/cli/top.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

/* A domain that came after the sample before has no percentage yet. */
void top_compare(struct top_sample *s, const struct top_sample *before)
{
	uint64_t elapsed_ns = s->at_ns - before->at_ns;

	for (unsigned int i = 0; i < s->nr && elapsed_ns; i++)
		for (unsigned int j = 0; j < before->nr; j++)
			if (before->domain[j].domid == s->domain[i].domid &&
			    before->domain[j].cpu_ns <= s->domain[i].cpu_ns)
				s->domain[i].cpu_percent =
					100.0 * (s->domain[i].cpu_ns - before->domain[j].cpu_ns) /
					elapsed_ns;
}

static int by_id(const void *va, const void *vb)
{
	const struct top_domain *a = va, *b = vb;

	return (a->domid > b->domid) - (a->domid < b->domid);
}

static int by_cpu(const void *va, const void *vb)
{
	const struct top_domain *a = va, *b = vb;
	int less = (a->cpu_percent < b->cpu_percent) - (a->cpu_percent > b->cpu_percent);

	return less ? less : by_id(a, b);
}

static int by_memory(const void *va, const void *vb)
{
	const struct top_domain *a = va, *b = vb;
	int less = (a->mem_kib < b->mem_kib) - (a->mem_kib > b->mem_kib);

	return less ? less : by_id(a, b);
}

static int by_name(const void *va, const void *vb)
{
	const struct top_domain *a = va, *b = vb;
	int order = strcmp(a->name, b->name);

	return order ? order : by_id(a, b);
}

void top_sort(struct top_sample *s, enum top_order order)
{
	static int (*const compare[TOP_NR_ORDERS])(const void *, const void *) = {
		by_id, by_cpu, by_memory, by_name,
	};

	qsort(s->domain, s->nr, sizeof(*s->domain), compare[order]);
}

static unsigned int count_state(const struct top_sample *s, char letter)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->nr; i++)
		n += strchr(s->domain[i].state, letter) != NULL;
	return n;
}

bool top_summary(const struct top_sample *s, const char *clock, unsigned int i, char line[TOP_LINE])
{
	switch (i) {
	case 0:
		snprintf(line, TOP_LINE, "hl top - %s   %s", clock, s->version);
		return true;
	case 1:
		snprintf(line, TOP_LINE, "%u domains: %u running, %u blocked, %u paused, %u crashed, "
			 "%u dying, %u shutdown", s->nr, count_state(s, 'r'), count_state(s, 'b'),
			 count_state(s, 'p'), count_state(s, 'c'), count_state(s, 'd'),
			 count_state(s, 's'));
		return true;
	case 2:
		snprintf(line, TOP_LINE, "Mem: %lluk total, %lluk used, %lluk free    "
			 "CPUs: %u @ %uMHz", (ull)s->total_kib, (ull)(s->total_kib - s->free_kib),
			 (ull)s->free_kib, s->nr_cpus, s->cpu_khz / 1000);
		return true;
	default:
		return false;
	}
}

void top_header(char line[TOP_LINE])
{
	snprintf(line, TOP_LINE, "%10s %-6s %10s %6s %10s %6s %10s %9s %5s %4s %8s %8s %4s %8s %8s "
		 "%8s %10s %10s %4s", "NAME", "STATE", "CPU(sec)", "CPU(%)", "MEM(k)", "MEM(%)",
		 "MAXMEM(k)", "MAXMEM(%)", "VCPUS", "NETS", "NETTX(k)", "NETRX(k)", "VBDS", "VBD_OO",
		 "VBD_RD", "VBD_WR", "VBD_RSECT", "VBD_WSECT", "SSID");
}

static double share(const struct top_sample *s, uint64_t kib)
{
	return s->total_kib ? 100.0 * kib / s->total_kib : 0;
}

void top_row(const struct top_sample *s, const struct top_domain *d, bool full_name,
	     char line[TOP_LINE])
{
	char most[24] = "no limit", most_share[24] = "n/a";

	if (d->max_kib != TOP_NO_LIMIT) {
		snprintf(most, sizeof(most), "%llu", (ull)d->max_kib);
		snprintf(most_share, sizeof(most_share), "%.1f", share(s, d->max_kib));
	}
	snprintf(line, TOP_LINE, "%10.*s %-6s %10llu %6.1f %10llu %6.1f %10s %9s %5u %4u %8llu %8llu "
		 "%4u %8llu %8llu %8llu %10llu %10llu %4s", full_name ? 100 : 10, d->name, d->state,
		 (ull)(d->cpu_ns / 1000000000), d->cpu_percent, (ull)d->mem_kib,
		 share(s, d->mem_kib), most, most_share, d->vcpus, d->nets, (ull)d->tx_bytes / 1024,
		 (ull)d->rx_bytes / 1024, d->vbds, (ull)d->vbd_oo, (ull)d->vbd_rd, (ull)d->vbd_wr,
		 (ull)d->vbd_rsect, (ull)d->vbd_wsect, "0");
}

static void add(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_int64(n));
}

static struct json_object *json_domain(const struct top_domain *d)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(d->name));
	add(o, "domid", d->domid);
	json_object_object_add(o, "state", json_object_new_string(d->state));
	add(o, "cpu_time_ns", d->cpu_ns);
	json_object_object_add(o, "cpu_percent", json_object_new_double(d->cpu_percent));
	add(o, "memory_kib", d->mem_kib);
	if (d->max_kib != TOP_NO_LIMIT)
		add(o, "memory_max_kib", d->max_kib);
	add(o, "vcpus", d->vcpus);
	add(o, "vcpus_online", d->vcpus_online);
	add(o, "nets", d->nets);
	add(o, "net_tx_bytes", d->tx_bytes);
	add(o, "net_rx_bytes", d->rx_bytes);
	add(o, "vbds", d->vbds);
	add(o, "vbd_out_of_order", d->vbd_oo);
	add(o, "vbd_reads", d->vbd_rd);
	add(o, "vbd_writes", d->vbd_wr);
	add(o, "vbd_read_sectors", d->vbd_rsect);
	add(o, "vbd_written_sectors", d->vbd_wsect);
	return o;
}

struct json_object *top_json(const struct top_sample *s, double time_s)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	json_object_object_add(o, "time", json_object_new_double(time_s));
	add(o, "memory_total_kib", s->total_kib);
	add(o, "memory_free_kib", s->free_kib);
	add(o, "cpus", s->nr_cpus);
	add(o, "cpu_khz", s->cpu_khz);
	for (unsigned int i = 0; i < s->nr; i++)
		json_object_array_add(list, json_domain(&s->domain[i]));
	json_object_object_add(o, "domains", list);
	return o;
}
