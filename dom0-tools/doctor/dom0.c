/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of what Dom0 will need: a kernel that can be one, and Xen's daemons. */
#include "dom0-tools/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLDEST_PVH	"4.11"	/* the first Linux with a PVH entry */
#define OLDEST_TESTED	"6.1"

static const struct {
	const char *option;
	bool may_be_module;
	const char *without;
} options[] = {
	{ "CONFIG_XEN_DOM0", false, "it cannot be Dom0, and GRUB's 20_linux_xen leaves it out" },
	{ "CONFIG_XEN_PVH", false, "it cannot start as PVH" },
	{ "CONFIG_HVC_XEN", false, "it has no console hvc0" },
	{ "CONFIG_XENFS", true, "the daemons cannot tell that this is Dom0" },
	{ "CONFIG_XEN_PRIVCMD", true, "hl has no way to the hypervisor" },
	{ "CONFIG_XEN_DEV_EVTCHN", true, "xenstored cannot talk to guests" },
	{ "CONFIG_XEN_GNTDEV", true, "the daemons cannot map guests' rings" },
	{ "CONFIG_XEN_SYS_HYPERVISOR", true, "Debian's script does not start the daemons" },
};

static bool is_set(const char *config, const char *option, bool may_be_module)
{
	char line[64];

	snprintf(line, sizeof(line), "\n%s=y\n", option);
	if (strstr(config, line))
		return true;
	snprintf(line, sizeof(line), "\n%s=m\n", option);
	return may_be_module && strstr(config, line);
}

/* The first option that is missing, or NULL. */
static const char *missing_option(const char *config, const char **without)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (!is_set(config, options[i].option, options[i].may_be_module)) {
			*without = options[i].without;
			return options[i].option;
		}
	return NULL;
}

/* Is there a file of one of these patterns, a name in each? */
static bool has_any(struct doctor *d, const char *const *patterns, const char *name)
{
	char path[DOCTOR_PATH];

	for (; *patterns; patterns++) {
		snprintf(path, sizeof(path), *patterns, name);
		if (doctor_has(d, path))
			return true;
	}
	return false;
}

static bool has_initrd(struct doctor *d, const char *version)
{
	static const char *const names[] = { "/boot/initrd.img-%s", "/boot/initramfs-%s.img",
					     "/boot/initrd-%s", NULL };

	return has_any(d, names, version);
}

/* One kernel that will not do is a warning; check_kernel() fails when there is no other. */
static void judge_kernel(struct doctor *d, const char *path, void *nr_good)
{
	const char *version = strchr(path, '-') + 1, *option, *without = "";
	char config_path[DOCTOR_PATH], *config;

	snprintf(config_path, sizeof(config_path), "/boot/config-%s", version);
	config = doctor_read(d, config_path, NULL);
	option = config ? missing_option(config, &without) : NULL;
	if (strverscmp(version, OLDEST_PVH) < 0)
		doctor_say(d, FINDING_WARN, "Install a newer kernel.",
			   "%s is too old: PVH came with Linux " OLDEST_PVH, path);
	else if (!config)
		doctor_say(d, FINDING_WARN,
			   "Put the kernel's configuration there: 20_linux_xen reads it, too.",
			   "%s has no %s, so GRUB will not offer it", path, config_path);
	else if (option)
		doctor_say(d, FINDING_WARN, "Use a kernel of Debian or Fedora, or build it with this "
			   "option.", "%s is without %s: %s", path, option, without);
	else if (!has_initrd(d, version))
		doctor_say(d, FINDING_WARN,
			   "Make one (update-initramfs, dracut), unless it needs no modules.",
			   "%s has no initrd", path);
	else if (strverscmp(version, OLDEST_TESTED) < 0)
		doctor_say(d, FINDING_WARN, "", "%s is older than what Helium is tested with (Linux "
			   OLDEST_TESTED ")", path);
	else
		doctor_say(d, FINDING_OK, "", "%s can be Dom0", path);
	*(unsigned int *)nr_good += config && !option && strverscmp(version, OLDEST_PVH) >= 0;
	free(config);
}

void check_kernel(struct doctor *d)
{
	unsigned int nr_good = 0;

	if (!doctor_each(d, "/boot/vmlinuz-*", judge_kernel, &nr_good))
		doctor_say(d, FINDING_FAIL, "Mount /boot, or install a kernel.",
			   "there is no /boot/vmlinuz-*");
	else if (!nr_good)
		doctor_say(d, FINDING_FAIL, "Install the distribution's own kernel.",
			   "no kernel in /boot can be Dom0");
}

static bool has_daemon(struct doctor *d, const char *name)
{
	static const char *const places[] = { "/usr/lib/xen-4.17/bin/%s", "/usr/sbin/%s",
					      "/usr/local/sbin/%s", NULL };

	return has_any(d, places, name);
}

/* The control interface is 4.17's; a daemon asks through the libxenctrl of its own release. */
static bool speaks_4_17(struct doctor *d)
{
	char path[DOCTOR_PATH];

	return *doctor_first(d, "/usr/lib*/libxenctrl.so.4.17*", path) ||
	       *doctor_first(d, "/usr/lib/*/libxenctrl.so.4.17*", path) ||
	       *doctor_first(d, "/usr/local/lib*/libxenctrl.so.4.17*", path);
}

static bool are_started(struct doctor *d)
{
	char path[DOCTOR_PATH];

	return *doctor_first(d, "/etc/rc[2345].d/S*xen", path) ||
	       *doctor_first(d, "/etc/systemd/system/*.wants/xenconsoled.service", path);
}

void check_daemons(struct doctor *d)
{
	bool debian = doctor_on_debian(d);

	if (!has_daemon(d, "xenstored") || !has_daemon(d, "xenconsoled"))
		doctor_say(d, FINDING_FAIL,
			   debian ? "apt-get install xen-utils-4.17 xenstore-utils" :
				    "dnf install xen-runtime (of a release that has Xen 4.17)",
			   "no xenstored and xenconsoled of Xen 4.17");
	else if (!speaks_4_17(d))
		doctor_say(d, FINDING_FAIL,
			   "Helium's control interface is that of Xen 4.17, and so must be the daemons:\n"
			   "take them from Debian 12, or build the tools of Xen 4.17.",
			   "the daemons are of another Xen: there is no libxenctrl.so.4.17");
	else if (!are_started(d))
		doctor_say(d, FINDING_WARN,
			   debian ? "update-rc.d xen defaults" :
				    "systemctl enable xenstored xenconsoled xen-init-dom0",
			   "xenstored and xenconsoled are there, but not started at boot");
	else
		doctor_say(d, FINDING_OK, "", "xenstored and xenconsoled of Xen 4.17 start at boot");
}

static bool is_enabled(struct doctor *d, const char *unit)
{
	char pattern[DOCTOR_PATH], path[DOCTOR_PATH];

	snprintf(pattern, sizeof(pattern), "/etc/systemd/system/*.wants/%s.service", unit);
	if (*doctor_first(d, pattern, path))
		return true;
	snprintf(pattern, sizeof(pattern), "/etc/rc[2345].d/S*%s", unit);
	return *doctor_first(d, pattern, path);
}

/* Guests that start with the machine: by our unit, and by nobody else. */
void check_guests(struct doctor *d)
{
	bool ours = is_enabled(d, "helium-domains"), xens = is_enabled(d, "xendomains");
	char path[DOCTOR_PATH];
	bool some = *doctor_first(d, "/etc/xen/auto/*", path);

	if (xens && (ours || some))
		doctor_say(d, FINDING_WARN, "systemctl disable xendomains; systemctl enable helium-domains",
			   "xendomains is enabled: it starts the guests of /etc/xen/auto by xl, and would "
			   "save them when Dom0 goes down, which Helium cannot do");
	else if (some && !ours)
		doctor_say(d, FINDING_WARN, "systemctl enable helium-domains",
			   "there are guests in /etc/xen/auto, but nothing starts them");
	else
		doctor_say(d, FINDING_OK, "", some ? "guests in /etc/xen/auto start with the machine" :
			   "no guest is to start with the machine (/etc/xen/auto is empty)");
}
