/* SPDX-License-Identifier: GPL-2.0-only */
/* hl info: the machine and the hypervisor, in xl's lines, or as JSON. */
#include "dom0-tools/cli/cli.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <xen/version.h>

#define PAGES_PER_MIB 256
#define BUILD_ID_MAX  64

/* Where the lines go: standard output, or a JSON object. */
struct out {
	struct json_object *json;
};

static void line(struct out *o, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void line(struct out *o, const char *key, const char *fmt, ...)
{
	char text[2048], *end;
	va_list ap;
	long n;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[strcspn(text, "\n")] = 0;
	if (!o->json) {
		printf("%-22s : %s\n", key, text);
		return;
	}
	n = strtol(text, &end, 10);
	json_object_object_add(o->json, key, *text && !*end ? json_object_new_int64(n) :
							      json_object_new_string(text));
}

static void info_host(struct out *o)
{
	struct utsname u;

	if (uname(&u))
		return;
	line(o, "host", "%s", u.nodename);
	line(o, "release", "%s", u.release);
	line(o, "version", "%s", u.version);
	line(o, "machine", "%s", u.machine);
}

static const struct {
	uint32_t bit;
	const char *name;
} caps[] = {
	{ XEN_SYSCTL_PHYSCAP_pv, "pv" },
	{ XEN_SYSCTL_PHYSCAP_hvm, "hvm" },
	{ XEN_SYSCTL_PHYSCAP_directio, "hvm_directio" },
	{ XEN_SYSCTL_PHYSCAP_hap, "hap" },
	{ XEN_SYSCTL_PHYSCAP_shadow, "shadow" },
	{ XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share, "iommu_hap_pt_share" },
	{ XEN_SYSCTL_PHYSCAP_vmtrace, "vmtrace" },
	{ XEN_SYSCTL_PHYSCAP_vpmu, "vpmu" },
	{ XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1" },
	{ XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2" },
};

static unsigned int count_bits(const struct hl_cpumap *m)
{
	unsigned int n = 0;

	for (size_t i = 0; i < sizeof(m->bits); i++)
		n += __builtin_popcount(m->bits[i]);
	return n;
}

/* In words; the bits of virt_caps say it as Xen does. */
static void info_iommu(struct hl *hl, struct out *o)
{
	struct xen_sysctl_hl_iommu i;

	if (hl_iommu(hl, &i) < 0)
		return;
	if (!i.nr_units)
		line(o, "iommu", "none");
	else
		line(o, "iommu", "%.*s%s", (int)sizeof(i.name), i.name,
		     i.flags & XEN_SYSCTL_HL_IOMMU_intremap ? ", interrupts too" : "");
}

static int info_machine(struct hl *hl, struct out *o)
{
	struct xen_sysctl_physinfo p;
	struct hl_cpumap idle = { { 0 } };
	char text[256] = "";
	int rc = hl_physinfo(hl, &p);

	if (rc < 0)
		return cli_error("cannot ask about the machine: %s", strerror(-rc));
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if (p.capabilities & caps[i].bit) {
			strcat(text, *text ? " " : "");
			strcat(text, caps[i].name);
		}
	line(o, "nr_cpus", "%u", p.nr_cpus);
	line(o, "max_cpu_id", "%u", p.max_cpu_id);
	line(o, "nr_nodes", "%u", p.nr_nodes);
	line(o, "cores_per_socket", "%u", p.cores_per_socket);
	line(o, "threads_per_core", "%u", p.threads_per_core);
	line(o, "cpu_mhz", "%u.%03u", p.cpu_khz / 1000, p.cpu_khz % 1000);
	line(o, "hw_caps", "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x", p.hw_cap[0], p.hw_cap[1],
	     p.hw_cap[2], p.hw_cap[3], p.hw_cap[4], p.hw_cap[5], p.hw_cap[6], p.hw_cap[7]);
	line(o, "virt_caps", "%s", text);
	info_iommu(hl, o);
	line(o, "total_memory", "%llu", (unsigned long long)p.total_pages / PAGES_PER_MIB);
	line(o, "free_memory", "%llu",
	     (unsigned long long)(p.free_pages - p.outstanding_pages) / PAGES_PER_MIB);
	line(o, "sharing_freed_memory", "0");
	line(o, "sharing_used_memory", "0");
	line(o, "outstanding_claims", "%llu",
	     (unsigned long long)p.outstanding_pages / PAGES_PER_MIB);
	hl_free_cpus(hl, &idle);
	line(o, "free_cpus", "%u", count_bits(&idle));
	return 0;
}

static const char *scheduler_name(uint32_t id)
{
	static const char *const names[] = { "credit", "credit2", "arinc653", "rtds", "null" };

	return id >= XEN_SCHEDULER_CREDIT && id <= XEN_SCHEDULER_NULL
		       ? names[id - XEN_SCHEDULER_CREDIT]
		       : "unknown";
}

/* The hypervisor's build id in hex; empty when it has none. */
static void format_build_id(struct hl *hl, char *text, size_t size)
{
	union {
		xen_build_id_t id;
		unsigned char room[sizeof(xen_build_id_t) + BUILD_ID_MAX];
	} u = { .id.len = BUILD_ID_MAX };
	int n = hl_version(hl, XENVER_build_id, &u, sizeof(u));

	text[0] = 0;
	for (int i = 0; i < n && i < BUILD_ID_MAX && 2 * i + 2 < size; i++)
		snprintf(text + 2 * i, 3, "%02x", u.room[sizeof(xen_build_id_t) + i]);
}

static void info_hypervisor(struct hl *hl, struct out *o)
{
	int version = hl_version(hl, XENVER_version, NULL, 0);
	xen_compile_info_t compile = { .compiler = "" };
	xen_platform_parameters_t platform = { 0 };
	xen_extraversion_t extra = "";
	xen_capabilities_info_t capabilities = "";
	xen_changeset_info_t changeset = "";
	xen_commandline_t cmdline = "";
	char build_id[2 * BUILD_ID_MAX + 1];
	uint32_t sched = 0;

	hl_version(hl, XENVER_extraversion, extra, sizeof(extra));
	hl_version(hl, XENVER_compile_info, &compile, sizeof(compile));
	hl_version(hl, XENVER_capabilities, capabilities, sizeof(capabilities));
	hl_version(hl, XENVER_changeset, changeset, sizeof(changeset));
	hl_version(hl, XENVER_platform_parameters, &platform, sizeof(platform));
	hl_version(hl, XENVER_commandline, cmdline, sizeof(cmdline));
	hl_sched_id(hl, &sched);
	format_build_id(hl, build_id, sizeof(build_id));
	line(o, "xen_major", "%d", version >> 16);
	line(o, "xen_minor", "%d", version & 0xffff);
	line(o, "xen_extra", "%s", extra);
	line(o, "xen_version", "%d.%d%s", version >> 16, version & 0xffff, extra);
	line(o, "xen_caps", "%s", capabilities);
	line(o, "xen_scheduler", "%s", scheduler_name(sched));
	line(o, "xen_pagesize", "%d", hl_version(hl, XENVER_pagesize, NULL, 0));
	line(o, "platform_params", "virt_start=0x%lx", (unsigned long)platform.virt_start);
	line(o, "xen_changeset", "%s", changeset);
	line(o, "xen_commandline", "%s", cmdline);
	line(o, "cc_compiler", "%s", compile.compiler);
	line(o, "cc_compile_by", "%s", compile.compile_by);
	line(o, "cc_compile_domain", "%s", compile.compile_domain);
	line(o, "cc_compile_date", "%s", compile.compile_date);
	line(o, "build_id", "%s", build_id);
	line(o, "xend_config_format", "4");
	line(o, "hl_version", "%s", HELIUM_VERSION);
}

int cmd_info(struct cli *cli)
{
	struct out o = { .json = cli_has(cli, 1) ? json_object_new_object() : NULL };
	int rc;

	info_host(&o);
	rc = info_machine(cli->hl, &o);
	if (!rc)
		info_hypervisor(cli->hl, &o);
	if (o.json && !rc)
		puts(json_object_to_json_string_ext(o.json, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o.json);
	return rc;
}
