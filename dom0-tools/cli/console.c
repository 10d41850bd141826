/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's console. xenconsoled offers it as a pty whose name it writes to xenstore; we copy both
 * ways until Ctrl-], the end of our input, or the guest's end.
 */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <xenstore.h>

#define LEAVE_KEY	0x1d	/* Ctrl-] */
#define TTY_WAIT_MS	10000	/* for xenconsoled to make the pty */

/* Set by a signal that ends us: the terminal must not stay raw. */
static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	ended = 1;
}

static void catch_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct sigaction a = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaction(ends[i], &a, NULL);
}

/* The pty's path, waiting for it to appear; the caller frees it. */
static char *wait_tty(struct hl *hl, uint32_t domid)
{
	struct xs_handle *xs = hl_store(hl);
	char path[64], *tty = NULL;

	if (!xs)
		return NULL;
	snprintf(path, sizeof(path), "/local/domain/%u/console/tty", domid);
	xs_watch(xs, path, "tty");
	for (int waited = 0; waited < TTY_WAIT_MS; waited += 100) {
		struct pollfd p = { .fd = xs_fileno(xs), .events = POLLIN };
		char **event;

		free(tty);
		tty = store_read(hl, "%s", path);
		if (tty && *tty)
			break;
		poll(&p, 1, 100);
		event = xs_check_watch(xs);
		free(event);
	}
	xs_unwatch(xs, path, "tty");
	if (tty && *tty)
		return tty;
	free(tty);
	return NULL;
}

static bool write_all(int fd, const char *buf, ssize_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, buf, n);

		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (done > 0) {
			buf += done;
			n -= done;
		}
	}
	return true;
}

/* Copy what is there from one side to the other; false at the end of that side. */
static bool pass_on(int from, int to, bool leave_key)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (leave_key) {
		char *key = memchr(buf, LEAVE_KEY, n);

		if (key) {
			write_all(to, buf, key - buf);
			return false;
		}
	}
	return n > 0 && write_all(to, buf, n);
}

static void copy_both_ways(int tty)
{
	while (!ended) {
		struct pollfd p[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN }, { .fd = tty, .events = POLLIN },
		};

		if (poll(p, 2, -1) < 0) {
			if (errno != EINTR)
				return;
			continue;
		}
		/* The guest's last words first, then its end. */
		if ((p[1].revents & POLLIN) && !pass_on(tty, STDOUT_FILENO, false))
			return;
		if ((p[1].revents & (POLLHUP | POLLERR)) && !(p[1].revents & POLLIN))
			return;
		if ((p[0].revents & (POLLIN | POLLHUP)) && !pass_on(STDIN_FILENO, tty, true))
			return;
	}
}

static void make_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return;
	cfmakeraw(&t);
	tcsetattr(fd, TCSANOW, &t);
}

int cli_console(struct hl *hl, uint32_t domid)
{
	bool terminal = isatty(STDIN_FILENO);
	char *path = wait_tty(hl, domid);
	struct termios saved;
	int tty;

	if (!path)
		return cli_error("domain %u has no console (is xenconsoled running?)", domid);
	tty = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0) {
		cli_error("cannot open the console %s: %s", path, strerror(errno));
		free(path);
		return EXIT_FAILURE;
	}
	free(path);
	fflush(stdout);
	make_raw(tty);
	catch_signals();
	if (terminal) {
		tcgetattr(STDIN_FILENO, &saved);
		make_raw(STDIN_FILENO);
	}
	copy_both_ways(tty);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
		putchar('\n');
	}
	close(tty);
	return 0;
}

int cmd_console(struct cli *cli)
{
	uint32_t domid;

	if (cli_find_domain(cli, cli->arg[0], &domid))
		return EXIT_FAILURE;
	if (!domid)
		return cli_error("domain 0 is where you are: it has no console of this kind");
	return cli_console(cli->hl, domid);
}
