/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of what GRUB will find: the image, the module that loads it, an entry in the menu. */
#include "dom0-tools/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE		"/boot/xen-helium-" HELIUM_VERSION ".gz"
#define ANY_IMAGE	"/boot/xen-helium-*.gz"

void check_image(struct doctor *d)
{
	char other[DOCTOR_PATH], *bytes;
	size_t size = 0;

	bytes = doctor_read(d, IMAGE, &size);
	if (bytes && (size < 2 || memcmp(bytes, "\x1f\x8b", 2)))
		doctor_say(d, FINDING_FAIL, "Is /boot full? Make room, then make install again.",
			   IMAGE " is damaged: not a gzip file");
	else if (bytes)
		doctor_say(d, FINDING_OK, "", IMAGE);
	else if (*doctor_last(d, ANY_IMAGE, other))
		doctor_say(d, FINDING_WARN, "make install puts image and tools of one version in place.",
			   "%s is not of this hl's version, " HELIUM_VERSION, other);
	else
		doctor_say(d, FINDING_FAIL, "make install", "there is no " IMAGE);
	free(bytes);
}

static const char *platform(struct doctor *d)
{
	return doctor_on_efi(d) ? "x86_64-efi" : "i386-pc";
}

static const char *grub_dir(struct doctor *d)
{
	return doctor_has(d, "/boot/grub2") ? "/boot/grub2" : "/boot/grub";
}

/* A monolithic grubx64.efi may have the module inside; it names its modules in clear text. */
static void look_inside(struct doctor *d, const char *path, void *found)
{
	if (doctor_file_has(d, path, "multiboot2"))
		*(bool *)found = true;
}

void check_grub_module(struct doctor *d)
{
	char path[DOCTOR_PATH], from[DOCTOR_PATH], advice[3 * DOCTOR_PATH];
	bool inside = false;

	snprintf(path, sizeof(path), "%s/%s/multiboot2.mod", grub_dir(d), platform(d));
	snprintf(from, sizeof(from), "/usr/lib/grub/%s/multiboot2.mod", platform(d));
	if (doctor_on_efi(d))
		doctor_each(d, "/boot/efi/EFI/*/grubx64.efi", look_inside, &inside);
	if (doctor_has(d, path)) {
		doctor_say(d, FINDING_OK, "", "%s", path);
		return;
	}
	if (inside) {
		doctor_say(d, FINDING_OK, "", "multiboot2 is part of grubx64.efi");
		return;
	}
	if (doctor_has(d, from))
		snprintf(advice, sizeof(advice), "mkdir -p %s/%s && cp /usr/lib/grub/%s/*.mod %s/%s/",
			 grub_dir(d), platform(d), platform(d), grub_dir(d), platform(d));
	else
		snprintf(advice, sizeof(advice), "Install GRUB's modules (%s), then hl doctor again.",
			 doctor_on_debian(d) ?
				 (doctor_on_efi(d) ? "grub-efi-amd64-bin" : "grub-pc-bin") :
				 (doctor_on_efi(d) ? "grub2-efi-x64-modules" : "grub2-pc-modules"));
	doctor_say(d, FINDING_FAIL, advice, "GRUB has no multiboot2 module: no %s", path);
}

/* The kernel's options of the running system, without what the boot loader added. */
static void kernel_options(struct doctor *d, char *text, size_t size)
{
	char *cmdline = doctor_read(d, "/proc/cmdline", NULL), *rest = cmdline, *word;

	*text = 0;
	while (cmdline && (word = strsep(&rest, " \n")))
		if (*word && strncmp(word, "BOOT_IMAGE=", 11) && strncmp(word, "initrd=", 7) &&
		    strlen(text) + strlen(word) + 2 < size)
			strcat(strcat(text, " "), word);
	free(cmdline);
}

/*
 * Where /boot is a file system of its own, GRUB sees its files without /boot; that is where grub2 and
 * the entries of the boot loader specification are, so it shows in the mount table.
 */
static const char *as_grub_sees(struct doctor *d, const char *path)
{
	bool apart = doctor_file_has(d, "/proc/mounts", " /boot ");

	return apart && !strncmp(path, "/boot/", 6) ? path + 5 : path;
}

/* What to type at GRUB's prompt, with this machine's files. */
static void by_hand(struct doctor *d, char *advice, size_t size)
{
	char kernel[DOCTOR_PATH], initrd[DOCTOR_PATH], options[512];

	doctor_last(d, "/boot/vmlinuz-[0-9]*", kernel);
	if (!*doctor_last(d, "/boot/initramfs-[0-9]*.img", initrd))
		doctor_last(d, "/boot/initrd.img-[0-9]*", initrd);
	kernel_options(d, options, sizeof(options));
	snprintf(advice, size,
		 "Or once, at GRUB's prompt (key c in the menu):\n"
		 "  search --no-floppy --file --set=root %s\n"
		 "  multiboot2 %s\n"
		 "  module2 %s%s\n"
		 "  module2 --nounzip %s\n"
		 "  boot",
		 as_grub_sees(d, IMAGE), as_grub_sees(d, IMAGE), as_grub_sees(d, kernel), options,
		 as_grub_sees(d, initrd));
}

static bool uses_bls(struct doctor *d, const char *config)
{
	char path[DOCTOR_PATH];

	return *doctor_first(d, "/boot/loader/entries/*.conf", path) &&
	       doctor_file_has(d, config, "blscfg");
}

static void say_no_entry(struct doctor *d, const char *config)
{
	char typed[1800], advice[DOCTOR_ADVICE];
	bool bls = uses_bls(d, config), debian = doctor_on_debian(d);

	by_hand(d, typed, sizeof(typed));
	snprintf(advice, sizeof(advice), "%s%s%s\n%s",
		 bls ? "Set GRUB_ENABLE_BLSCFG=false in /etc/default/grub, then run\n" : "Run ",
		 debian ? "update-grub" : "grub2-mkconfig -o ", debian ? "" : config, typed);
	doctor_say(d, FINDING_FAIL, advice, "%s has no entry for Helium%s", config,
		   bls ? "; its menu comes from /boot/loader/entries, where Helium cannot be" : "");
}

void check_grub_menu(struct doctor *d)
{
	char config[DOCTOR_PATH];
	bool debian = doctor_on_debian(d);

	snprintf(config, sizeof(config), "%s/grub.cfg", grub_dir(d));
	if (!doctor_has(d, config))
		doctor_say(d, FINDING_FAIL, "Install GRUB, or start helium.efi without it "
			   "(docs/uefi.md).", "there is no %s", config);
	else if (doctor_file_has(d, config, strrchr(IMAGE, '/')))
		doctor_say(d, FINDING_OK, "", "%s has an entry for Helium", config);
	else if (doctor_file_has(d, config, "/xen-helium-"))
		doctor_say(d, FINDING_WARN, debian ? "update-grub" : "grub2-mkconfig writes it anew.",
			   "%s has entries for other versions of Helium only", config);
	else
		say_no_entry(d, config);
}
