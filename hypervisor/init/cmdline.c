/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parsing the hypervisor's command line. Each option is one row of options[]: its name, where its
 * value goes, how it is read, and the help text that docs/cmdline.md is made from. A word that
 * matches no row is reported, never fatal: a typing error must not keep a machine from booting.
 * The line is not modified; a word is looked at as a (pointer, length) slice of it.
 */
#include "init/cmdline.h"
#include "lib/number.h"

struct slice {
	const char *p;
	size_t len;
};

struct option;
typedef int (*read_fn_t)(const struct option *opt, void *field, struct slice value);

struct option {
	const char *name;
	const char *syntax; /* what follows the name in the manual; NULL: a plain switch */
	read_fn_t read;	    /* NULL: accepted without effect, and help says why */
	size_t offset;	    /* of the field in struct options */
	size_t size;	    /* of that field */
	const char *help;
};

static bool slice_is(struct slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

/* Cut the part before the first of the separators off *rest; *rest goes behind it, or empty. */
static struct slice slice_cut(struct slice *rest, char separator)
{
	struct slice head = *rest;
	const char *at = rest->len ? memchr(rest->p, separator, rest->len) : NULL;

	if (!at) {
		*rest = (struct slice){ rest->p + rest->len, 0 };
		return head;
	}
	head.len = (size_t)(at - rest->p);
	*rest = (struct slice){ at + 1, rest->len - head.len - 1 };
	return head;
}

static void slice_skip(struct slice *s, size_t n)
{
	*s = (struct slice){ s->p + n, s->len - n };
}

/* Is there something behind this prefix? Then *s becomes that. */
static bool skip_prefix(struct slice *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->len <= n || memcmp(s->p, prefix, n))
		return false;
	slice_skip(s, n);
	return true;
}

/* Which of the names is it? nr: none of them. */
static unsigned int slice_index(struct slice s, const char *const *names, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr && !slice_is(s, names[i]); i++)
		;
	return i;
}

/* A number from the front of *s; leaves *s behind it. What follows a slice is never a digit. */
static int take_number(struct slice *s, uint64_t *out)
{
	const char *p = s->p;
	int rc = s->len ? number_read(&p, UINT64_MAX, out) : -EINVAL;

	if (!rc)
		slice_skip(s, (size_t)(p - s->p));
	return rc;
}

/* A size: a number and one of B K M G T; without a letter it counts KiB, as Xen's sizes do. */
static int take_size(struct slice *s, uint64_t *bytes)
{
	static const char letters[] = "bkmgt";
	const char *unit = letters + 1;
	uint64_t n;
	int rc = take_number(s, &n);

	if (rc)
		return rc;
	if (s->len && memchr(letters, *s->p | 0x20, 5)) {
		unit = memchr(letters, *s->p | 0x20, 5);
		slice_skip(s, 1);
	}
	if (n > (uint64_t)INT64_MAX >> 10 * (unit - letters))
		return -ERANGE;
	*bytes = n << 10 * (unit - letters);
	return 0;
}

static int read_bool(const struct option *opt, void *field, struct slice value)
{
	static const char *const names[] = { "",  "1",	 "on", "yes",	"true",	  "enable",
					     "0", "off", "no", "false", "disable" };
	unsigned int i = slice_index(value, names, ARRAY_SIZE(names));

	if (i == ARRAY_SIZE(names))
		return -EINVAL;
	*(bool *)field = i < 6;
	return 0;
}

static int read_uint(const struct option *opt, void *field, struct slice value)
{
	uint64_t n;
	int rc = take_number(&value, &n);

	if (rc || value.len || n > UINT32_MAX)
		return rc ? rc : -EINVAL;
	*(unsigned int *)field = (unsigned int)n;
	return 0;
}

static int read_text(const struct option *opt, void *field, struct slice value)
{
	if (value.len >= opt->size)
		return -E2BIG;
	memcpy(field, value.p, value.len);
	((char *)field)[value.len] = '\0';
	return 0;
}

static int read_console(const struct option *opt, void *field, struct slice value)
{
	static const char *const names[] = { "com1", "com2", "vga", "none" }; /* console_bits */
	unsigned int bits = 0, i;

	while (value.len) {
		i = slice_index(slice_cut(&value, ','), names, ARRAY_SIZE(names));
		if (i == ARRAY_SIZE(names))
			return -EINVAL;
		bits |= i < 3 ? 1u << i : 0;
	}
	*(unsigned int *)field = bits;
	return 0;
}

static int read_one_level(int *level, struct slice word)
{
	static const char *const names[] = { "none", "error", "warning", "info", "debug", "all" };
	unsigned int i = slice_index(word, names, ARRAY_SIZE(names));

	*level = min((int)i - 1, (int)LOG_DEBUG);
	return i < ARRAY_SIZE(names) ? 0 : -EINVAL;
}

/* LEVEL[/RATE_LIMITED_LEVEL]. All our guest messages are rate limited, so the wider one counts. */
static int read_level(const struct option *opt, void *field, struct slice value)
{
	struct slice first = slice_cut(&value, '/');
	int level, limited;
	int rc = read_one_level(&level, first);

	if (!rc && value.len) {
		rc = read_one_level(&limited, value);
		if (!rc)
			level = max(level, limited);
	}
	if (!rc)
		*(int *)field = level;
	return rc;
}

/* SIZE, -SIZE, N%, SIZE+N%, -SIZE+N%: the last two as in "2G+10%". */
static int read_amount(struct mem_amount *m, struct slice s)
{
	bool negative = skip_prefix(&s, "-");
	struct slice rest = s;
	uint64_t n = 0;
	int rc = 0;

	*m = (struct mem_amount){ .set = true };
	if (take_number(&rest, &n) || !slice_is(rest, "%")) { /* a size comes first */
		rc = take_size(&s, &n);
		if (rc)
			return rc;
		m->bytes = negative ? -(int64_t)n : (int64_t)n;
		if (!s.len)
			return 0;
		if (!skip_prefix(&s, "+"))
			return -EINVAL;
		rc = take_number(&s, &n);
		if (rc || !slice_is(s, "%"))
			return rc ? rc : -EINVAL;
	} else if (negative) {
		return -EINVAL;
	}
	m->percent = (unsigned int)min(n, (uint64_t)100);
	return 0;
}

static int read_dom0_mem(const struct option *opt, void *field, struct slice value)
{
	struct mem_amount *which = field; /* dom0_mem, dom0_mem_min, dom0_mem_max in this order */
	struct mem_amount amount[3] = { which[0], which[1], which[2] };

	if (!value.len)
		return -EINVAL;
	while (value.len) {
		struct slice word = slice_cut(&value, ',');
		unsigned int i = skip_prefix(&word, "min:") ? 1 : skip_prefix(&word, "max:") ? 2 : 0;
		int rc = read_amount(&amount[i], word);

		if (rc)
			return rc;
	}
	memcpy(which, amount, sizeof(amount));
	return 0;
}

/* N, N-M, N- or -M. */
static int read_vcpus(const struct option *opt, void *field, struct slice value)
{
	unsigned int *range = field; /* dom0_vcpus_min, dom0_vcpus_max */
	bool single = !memchr(value.p, '-', value.len);
	struct slice low = slice_cut(&value, '-');
	unsigned int lo = 1, hi = UINT32_MAX;
	int rc = 0;

	if (low.len)
		rc = read_uint(opt, &lo, low);
	if (!rc && value.len)
		rc = read_uint(opt, &hi, value);
	if (single)
		hi = lo;
	if (rc || (!low.len && hi == UINT32_MAX) || !lo || hi < lo)
		return rc ? rc : -EINVAL;
	range[0] = lo;
	range[1] = hi;
	return 0;
}

/* dom0=pvh is the only kind there is. Other sub-options are named and dropped. */
static int read_dom0(const struct option *opt, void *field, struct slice value)
{
	while (value.len) {
		struct slice word = slice_cut(&value, ',');

		if (!slice_is(word, "pvh") && !slice_is(word, "pvh=1") && !slice_is(word, "pv=0"))
			return -EINVAL;
	}
	return 0;
}

/* [no-]WORD, where the word is the manual's. */
static int read_unless(const struct option *opt, void *field, struct slice value)
{
	bool no = skip_prefix(&value, "no-");

	if (!slice_is(value, opt->syntax + strlen("[no-]")))
		return -EINVAL;
	*(bool *)field = no;
	return 0;
}

/* A switch for everything, or a list of [no-]rsb and [no-]ibpb. */
static int read_spec_ctrl(const struct option *opt, void *field, struct slice value)
{
	static const char *const names[] = { "rsb", "ibpb" };
	enum spec_choice *which = field; /* spec_rsb, spec_ibpb in this order */
	enum spec_choice choice[2] = { which[0], which[1] };
	bool on;

	if (!read_bool(opt, &on, value)) {
		which[0] = which[1] = on ? SPEC_AUTO : SPEC_NO;
		return 0;
	}
	while (value.len) {
		struct slice word = slice_cut(&value, ',');
		bool no = skip_prefix(&word, "no-");
		unsigned int i = slice_index(word, names, ARRAY_SIZE(names));

		if (i == ARRAY_SIZE(names))
			return -EINVAL;
		choice[i] = no ? SPEC_NO : SPEC_YES;
	}
	memcpy(which, choice, sizeof(choice));
	return 0;
}

/* A switch, `required`, and what shall be remapped. Words of Xen's that mean nothing here leave the others valid. */
static int read_iommu(const struct option *opt, void *field, struct slice value)
{
	static const char *const names[] = { "required", "force", "no-intremap", "intremap=0", "intremap=no",
					     "intremap=off", "intremap", "intremap=1" };
	struct options *o = container_of(field, struct options, iommu);
	int rc = 0;
	bool on;

	while (value.len) {
		struct slice word = slice_cut(&value, ',');
		unsigned int i = slice_index(word, names, ARRAY_SIZE(names));

		if (!read_bool(opt, &on, word))
			o->iommu = on ? IOMMU_ON : IOMMU_OFF;
		else if (i < 2)
			o->iommu = IOMMU_REQUIRED;
		else if (i < ARRAY_SIZE(names))
			o->no_intremap = i < 6;
		else
			rc = -ENOENT;
	}
	return rc;
}

#define FIELD(f) offsetof(struct options, f), sizeof(((struct options *)0)->f)
#define SWITCH(name, f, help)	    { name, NULL, read_bool, FIELD(f), help }
#define VALUE(name, syntax, fn, f, help) { name, syntax, fn, FIELD(f), help }
#define IGNORED(name, syntax, why)  { name, syntax, NULL, 0, 0, why }
#define SILENT(name)		    { name, NULL, NULL, 0, 0, NULL }

static const struct option option_table[] = {
	VALUE("console", "com1|com2|vga|none[,...]", read_console, console,
	      "Where messages go; the screen is Dom0's once it runs. A serial line also takes input. "
	      "Default: com1,vga."),
	VALUE("com1", "BAUD[,8n1[,PORT[,IRQ]]]", read_text, com1,
	      "Settings of the first serial port. `auto` as the speed keeps the firmware's."),
	VALUE("com2", "BAUD[,8n1[,PORT[,IRQ]]]", read_text, com2,
	      "Settings of the second serial port."),
	VALUE("loglvl", "none|error|warning|info|debug|all[/LEVEL]", read_level, loglvl,
	      "How much of the hypervisor's own messages to print. All of them are kept for `hl "
	      "dmesg`. Default: info."),
	VALUE("guest_loglvl", "none|error|warning|info|debug|all[/LEVEL]", read_level,
	      guest_loglvl, "The same for messages that a guest can provoke. Default: warning."),
	VALUE("dom0_mem", "[min:|max:]SIZE[,...]", read_dom0_mem, dom0_mem,
	      "RAM for Dom0. SIZE takes K, M, G, T (KiB without a letter); `-SIZE` means all but "
	      "that; `N%` and `SIZE+N%` count a share of the host's RAM. `min:` and `max:` bound the "
	      "result. What Dom0 does not get is what guests can have. Default: a quarter of the "
	      "host's RAM, at least 512M and at most 4G."),
	VALUE("dom0_max_vcpus", "N | N-M | N- | -M", read_vcpus, dom0_vcpus_min,
	      "Virtual CPUs of Dom0; with a range, as many as there are physical CPUs within it. "
	      "Default: as many as physical CPUs."),
	SWITCH("dom0_vcpus_pin", dom0_pin,
	       "Keep each virtual CPU of Dom0 on the physical CPU of the same number."),
	VALUE("maxcpus", "N", read_uint, maxcpus, "Use at most N physical CPUs. Default: all."),
	SWITCH("noreboot", noreboot,
	       "Stop the machine where it would be reset: after a crash, or when Dom0 reboots."),
	VALUE("efi", "[no-]rs", read_unless, no_efi,
	      "On UEFI, `no-rs` keeps Dom0 from the firmware's runtime services (variables), for "
	      "firmware that fails in them."),
	VALUE("vmx", "[no-]vid", read_unless, no_vid,
	      "With VT-x, `no-vid` keeps the CPU from delivering guests' interrupts by itself, for CPUs "
	      "(emulators are known) that do it wrong."),
	VALUE("spec-ctrl", "BOOL | [no-]rsb,[no-]ibpb", read_spec_ctrl, spec_rsb,
	      "Protections against leaks through speculative execution: filling the return stack "
	      "buffer on every exit (rsb), a predictor barrier when a CPU changes domain (ibpb). "
	      "Default: what the CPU needs; `no` turns all off."),
	VALUE("iommu", "BOOL|required|[no-]intremap[,...]", read_iommu, iommu,
	      "Whether devices are confined to Dom0's memory: if there is an IOMMU (the default), not at all, or the "
	      "machine stops where there is none (`force` is another word for `required`); `no-intremap` leaves "
	      "interrupts alone. Xen's other words have no effect."),
	VALUE("gnttab_max_frames", "N", read_uint, gnttab_max_frames,
	      "Largest grant table of Dom0 in pages. Default: 64."),
	VALUE("gnttab_max_maptrack_frames", "N", read_uint, gnttab_max_maptrack_frames,
	      "Bound on the bookkeeping of Dom0's grant mappings, in pages. Default: 1024."),
	VALUE("dom0", "pvh", read_dom0, console,
	      "Accepted for compatibility: Dom0 is always started as PVH."),
	IGNORED("sched", "NAME", "there is one scheduler, a credit scheduler"),
	IGNORED("watchdog", "BOOL", "there is no NMI watchdog"),
	IGNORED("vga", "MODE", "the text screen is used as the firmware left it"),
	IGNORED("ucode", "LIST", "microcode is loaded by the firmware or by Dom0's initrd only"),
	IGNORED("smt", "BOOL", "use maxcpus= to leave CPUs unused"),
	IGNORED("cpufreq", "LIST", "frequencies are left to firmware"),
	IGNORED("tsc", "MODE", "the TSC is calibrated against a platform timer"),
	IGNORED("clocksource", "NAME", "time comes from the TSC"),
	IGNORED("hap", "BOOL", "nested paging is required"),
	IGNORED("sync_console", NULL, "the console is always synchronous"),
	IGNORED("console_timestamps", "MODE", "messages carry no time"),
	IGNORED("conring_size", "SIZE", "the ring of messages holds 16 KiB"),
	IGNORED("console_to_ring", NULL, "guest output is always kept"),
	IGNORED("noirqbalance", NULL, "interrupts stay where Dom0 puts them"),
	IGNORED("nosmp", NULL, "use maxcpus=1"),
	IGNORED("e820-verbose", NULL, "loglvl=all shows the memory map"),
	IGNORED("crashkernel", "RANGE", "there is no crash kernel support"),
	IGNORED("xsm", "NAME", "there are no security modules"),
	SILENT("placeholder"), /* these three come from GRUB's scripts */
	SILENT("no-real-mode"),
	SILENT("edd"),
};

static const struct option *find_option(struct slice name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(option_table); i++)
		if (slice_is(name, option_table[i].name))
			return &option_table[i];
	return NULL;
}

static void report_slice(cmdline_report_t report, struct slice word, const char *why)
{
	char text[48] = "";

	memcpy(text, word.p, min(word.len, sizeof(text) - 1));
	if (report)
		report(text, why);
}

/* "no-NAME" turns a switch off, unless the table knows the word as it stands (no-real-mode). */
static const struct option *find_negated(struct slice *name)
{
	const struct option *opt = skip_prefix(name, "no-") ? find_option(*name) : NULL;

	return opt && (opt->read == read_bool || opt->read == read_spec_ctrl || opt->read == read_iommu) ? opt : NULL;
}

static void parse_word(struct options *o, struct slice word, cmdline_report_t report)
{
	struct slice value = word, name = slice_cut(&value, '=');
	const struct option *opt = find_option(name);
	bool has_value = name.len < word.len;
	int rc;

	if (!opt) {
		opt = find_negated(&name);
		if (!opt || has_value) {
			report_slice(report, word, "unknown option; see docs/cmdline.md");
			return;
		}
		value = (struct slice){ "no", 2 };
	}
	if (!opt->read) {
		if (opt->help)
			report_slice(report, word, opt->help);
		return;
	}
	rc = opt->syntax && !has_value && !value.len
		     ? -EINVAL : opt->read(opt, (char *)o + opt->offset, value);
	if (rc == -ENOENT)
		report_slice(report, word, "a part of this has no effect; see docs/cmdline.md");
	else if (rc)
		report_slice(report, word, rc == -ERANGE || rc == -E2BIG
						   ? "value too large, option ignored"
						   : "bad value, option ignored");
}

/* Some loaders put the image's file name first. */
static bool is_file_name(struct slice word)
{
	return memchr(word.p, '/', word.len) && !memchr(word.p, '=', word.len);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void cmdline_parse(struct options *o, const char *line, cmdline_report_t report)
{
	const char *start = line;

	*o = (struct options){
		.console = CONSOLE_COM1 | CONSOLE_VGA,
		.com1 = "115200,8n1",
		.com2 = "115200,8n1",
		.loglvl = LOG_INFO,
		.guest_loglvl = LOG_WARN,
		.gnttab_max_frames = 64,
		.gnttab_max_maptrack_frames = 1024,
	};
	while (line && *line) {
		struct slice word = { line, 0 };
		bool first = line == start;

		while (*line && !is_space(*line))
			line++;
		word.len = (size_t)(line - word.p);
		if (slice_is(word, "--")) /* Xen's end of hypervisor options */
			return;
		if (word.len && !(first && is_file_name(word)))
			parse_word(o, word, report);
		while (is_space(*line))
			line++;
	}
}

uint64_t mem_amount_bytes(const struct mem_amount *m, uint64_t total_bytes)
{
	uint64_t base = m->percent ? total_bytes / 100 * m->percent : 0;
	uint64_t less = m->bytes < 0 ? -(uint64_t)m->bytes : 0;

	if (less) {
		base = m->percent ? base : total_bytes;
		return base > less ? base - less : 0;
	}
	return base + (uint64_t)m->bytes;
}

void cmdline_for_each_option(cmdline_help_t fn, void *arg)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(option_table); i++)
		if (option_table[i].help)
			fn(option_table[i].name, option_table[i].syntax, option_table[i].help, arg);
}
