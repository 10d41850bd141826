/* SPDX-License-Identifier: GPL-2.0-only */
/* hl top: samples taken every few seconds, onto a screen (ncurses), or as lines for programs. */
#include "dom0-tools/cli/top.h"
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <json-c/json.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xen/sched.h>
#include <xen/version.h>

#define PAGE_KIB	4
#define DEFAULT_DELAY_S	3
#define MAX_DELAY_S	86400

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void top_free(struct top_sample *s)
{
	free(s->domain);
	*s = (struct top_sample){ 0 };
}

static void format_state(const struct xen_domctl_getdomaininfo *d, char state[7])
{
	unsigned int reason = d->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
	bool down = d->flags & XEN_DOMINF_shutdown;

	snprintf(state, 7, "%c%c%c%c%c%c", d->flags & XEN_DOMINF_dying ? 'd' : '-',
		 down && reason != SHUTDOWN_crash ? 's' : '-',
		 d->flags & XEN_DOMINF_blocked ? 'b' : '-',
		 down && reason == SHUTDOWN_crash ? 'c' : '-',
		 d->flags & XEN_DOMINF_paused ? 'p' : '-',
		 d->flags & XEN_DOMINF_running ? 'r' : '-');
}

static void fill_domain(struct hl *hl, const struct xen_domctl_getdomaininfo *info,
			struct top_domain *d)
{
	d->domid = info->domain;
	cli_domain_name(hl, info->domain, d->name, sizeof(d->name));
	format_state(info, d->state);
	d->cpu_ns = info->cpu_time;
	d->mem_kib = info->tot_pages * PAGE_KIB;
	d->max_kib = info->max_pages >= UINT32_MAX ? TOP_NO_LIMIT : info->max_pages * PAGE_KIB;
	d->vcpus = info->max_vcpu_id + 1;
	d->vcpus_online = info->nr_online_vcpus;
}

static int take(struct hl *hl, struct top_sample *s)
{
	struct xen_domctl_getdomaininfo *list;
	struct xen_sysctl_physinfo phys;
	xen_extraversion_t extra = "";
	int nr = hl_domain_list(hl, &list), rc = hl_physinfo(hl, &phys), version;

	if (nr < 0)
		return cli_error("cannot list domains: %s", strerror(-nr));
	*s = (struct top_sample){ .at_ns = monotonic_ns(), .nr = nr };
	s->domain = calloc(nr + 1, sizeof(*s->domain));
	for (int i = 0; i < nr && s->domain; i++)
		fill_domain(hl, &list[i], &s->domain[i]);
	free(list);
	if (rc < 0 || !s->domain) {
		free(s->domain);
		return cli_error("cannot ask about the machine: %s", strerror(rc < 0 ? -rc : ENOMEM));
	}
	s->total_kib = phys.total_pages * PAGE_KIB;
	s->free_kib = (phys.free_pages - phys.outstanding_pages) * PAGE_KIB;
	s->nr_cpus = phys.nr_cpus;
	s->cpu_khz = phys.cpu_khz;
	hl_version(hl, XENVER_extraversion, extra, sizeof(extra));
	version = hl_version(hl, XENVER_version, NULL, 0);
	snprintf(s->version, sizeof(s->version), "Xen %d.%d%.40s", version >> 16, version & 0xffff,
		 extra);
	top_add_devices(s, TOP_BACKENDS);
	return 0;
}

struct top {
	struct cli *cli;
	unsigned long delay_s, iterations;	/* 0: for ever */
	enum top_order order;
	bool full_name;
	int first;				/* row of the table on top of the screen */
	struct top_sample now;
};

/* The next sample; the one before it makes the percentages, and goes. */
static int next_sample(struct top *t)
{
	struct top_sample before = t->now;
	int rc = take(t->cli->hl, &t->now);

	if (rc)
		t->now = (struct top_sample){ 0 };
	else if (before.domain)
		top_compare(&t->now, &before);
	if (!rc)
		top_sort(&t->now, t->order);
	top_free(&before);
	return rc;
}

static void print_sample(struct top *t)
{
	char line[TOP_LINE];

	top_header(line);
	puts(line);
	for (unsigned int i = 0; i < t->now.nr; i++) {
		top_row(&t->now, &t->now.domain[i], t->full_name, line);
		puts(line);
	}
}

static void print_json(struct top *t)
{
	struct timespec now;
	struct json_object *o;

	clock_gettime(CLOCK_REALTIME, &now);
	o = top_json(&t->now, now.tv_sec + now.tv_nsec / 1e9);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static int run_batch(struct top *t, void (*print)(struct top *t))
{
	struct timespec delay = { .tv_sec = t->delay_s };

	for (unsigned long n = 1;; n++) {
		if (next_sample(t))
			return EXIT_FAILURE;
		print(t);
		if (fflush(stdout))
			return cli_error("cannot write the output: %s", strerror(errno));
		if (n == t->iterations)
			return 0;
		nanosleep(&delay, NULL);
	}
}

static void draw(struct top *t)
{
	static const char *const orders[] = { "id", "CPU", "memory", "name" };
	char line[TOP_LINE], clock[16];
	time_t now = time(NULL);
	int y = 0;

	strftime(clock, sizeof(clock), "%T", localtime(&now));
	erase();
	for (unsigned int i = 0; top_summary(&t->now, clock, i, line); i++)
		mvaddnstr(y++, 0, line, COLS);
	top_header(line);
	attron(A_REVERSE);
	mvaddnstr(y++, 0, line, COLS);
	attroff(A_REVERSE);
	for (int i = t->first; i < (int)t->now.nr && y < LINES - 1; i++) {
		top_row(&t->now, &t->now.domain[i], t->full_name, line);
		mvaddnstr(y++, 0, line, COLS);
	}
	snprintf(line, sizeof(line), "q quit   s order (%s)   f full names   up, down scroll",
		 orders[t->order]);
	mvaddnstr(LINES - 1, 0, line, COLS - 1);
	refresh();
}

/* Act on keys until the next sample is due; false to end. */
static bool wait_keys(struct top *t)
{
	uint64_t due_ns = t->now.at_ns + t->delay_s * 1000000000ULL, now_ns;

	while ((now_ns = monotonic_ns()) < due_ns) {
		timeout((due_ns - now_ns) / 1000000 + 1);
		switch (getch()) {
		case 'q':
		case 'Q':
			return false;
		case 's':
		case 'S':
			t->order = (t->order + 1) % TOP_NR_ORDERS;
			top_sort(&t->now, t->order);
			break;
		case 'f':
		case 'F':
			t->full_name = !t->full_name;
			break;
		case KEY_UP:
			t->first -= t->first > 0;
			break;
		case KEY_DOWN:
			t->first += t->first + 1 < (int)t->now.nr;
			break;
		default:
			continue;
		}
		draw(t);
	}
	return true;
}

static int run_screen(struct top *t)
{
	SCREEN *screen;
	int rc = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cli_usage(t->cli, "this is no terminal: use --batch or --json");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return cli_error("nothing is known of a terminal called '%s': set TERM, or use "
				 "--batch", getenv("TERM") ? getenv("TERM") : "");
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, true);
	for (unsigned long n = 1; !rc; n++) {
		rc = next_sample(t);
		if (rc)
			break;
		if (t->first >= (int)t->now.nr)
			t->first = t->now.nr - 1;
		draw(t);
		if (n == t->iterations || !wait_keys(t))
			break;
	}
	endwin();
	delscreen(screen);
	return rc;
}

int cmd_top(struct cli *cli)
{
	struct top t = { .cli = cli, .delay_s = DEFAULT_DELAY_S, .full_name = cli_has(cli, 'f') };
	int rc;

	if (cli_has(cli, 'd') && (!cli_number(cli->value['d'], MAX_DELAY_S, &t.delay_s) || !t.delay_s))
		return cli_usage(cli, "the delay must be 1 to %u seconds, not '%s'", MAX_DELAY_S,
				 cli->value['d']);
	if (cli_has(cli, 'i') && (!cli_number(cli->value['i'], ~0U, &t.iterations) || !t.iterations))
		return cli_usage(cli, "'%s' is not a number of samples", cli->value['i']);
	if (cli_has(cli, 1))
		rc = run_batch(&t, print_json);
	else if (cli_has(cli, 'b'))
		rc = run_batch(&t, print_sample);
	else
		rc = run_screen(&t);
	top_free(&t.now);
	return rc;
}
