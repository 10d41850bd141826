/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hl doctor: a machine that is fit for Helium, made of files below a temporary root, and what each
 * single fault of it is called. Nothing of the machine that runs the test is looked at.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dom0-tools/doctor/doctor.h"

#define IMAGE "/boot/xen-helium-" HELIUM_VERSION ".gz"
#define CONFIG "/boot/config-6.1.0-9-amd64"
#define EFI "/sys/firmware/efi/"
#define SECURE_BOOT EFI "efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define GOOD_CONFIG \
	"#\nCONFIG_XEN_DOM0=y\nCONFIG_XEN_PVH=y\nCONFIG_HVC_XEN=y\nCONFIG_XENFS=m\n" \
	"CONFIG_XEN_PRIVCMD=m\nCONFIG_XEN_DEV_EVTCHN=m\nCONFIG_XEN_GNTDEV=y\n" \
	"CONFIG_XEN_SYS_HYPERVISOR=y\n"
#define CPUINFO(vendor, flags) \
	"processor\t: 0\nvendor_id\t: " vendor "\nmodel name\t: svmx\nflags\t\t: fpu " flags " pae\n\n"

static char root[64];

static void put_bytes(const char *path, const void *bytes, size_t size)
{
	char full[512], *slash;
	int fd;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = 0;
		mkdir(full, 0755);
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static void drop(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(unlink(full), 0);
}

/* Debian 12 on a BIOS machine, ready to be rebooted. */
static int make_machine(void **state)
{
	strcpy(root, "/tmp/doctor-XXXXXX");
	assert_non_null(mkdtemp(root));
	put("/etc/debian_version", "12.9\n");
	put("/proc/cpuinfo", CPUINFO("AuthenticAMD", "svm npt"));
	put("/proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz-6.1.0-9-amd64 root=UUID=1234 ro quiet\n");
	put("/proc/mounts", "/dev/sda1 / ext4 rw 0 0\n");
	put("/sys/firmware/acpi/tables/IVRS", "IVRS");
	put(IMAGE, "\x1f\x8b...");
	put("/boot/vmlinuz-6.1.0-9-amd64", "kernel");
	put("/boot/initrd.img-6.1.0-9-amd64", "initrd");
	put(CONFIG, GOOD_CONFIG);
	put("/boot/grub/grub.cfg", "multiboot2 " IMAGE " placeholder\n");
	put("/boot/grub/i386-pc/multiboot2.mod", "module");
	put("/usr/lib/xen-4.17/bin/xenstored", "");
	put("/usr/lib/xen-4.17/bin/xenconsoled", "");
	put("/usr/lib/x86_64-linux-gnu/libxenctrl.so.4.17.0", "");
	put("/etc/rc2.d/S01xen", "");
	return 0;
}

static int remove_machine(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static char findings[16384];
static unsigned int nr_fail, nr_warn;

static void collect(void *arg, const struct finding *f)
{
	size_t used = strlen(findings);

	snprintf(findings + used, sizeof(findings) - used, "%s %s: %s\n%s\n",
		 finding_level_name(f->level), f->subject, f->text, f->advice);
	nr_fail += f->level == FINDING_FAIL;
	nr_warn += f->level == FINDING_WARN;
	assert_true(f->level == FINDING_OK || *f->advice || strstr(f->text, "older than"));
}

static void look(void)
{
	findings[0] = 0;
	nr_fail = nr_warn = 0;
	doctor_run(root, collect, NULL);
}

static void expect_counts(unsigned int fails, unsigned int warnings)
{
	if (nr_fail != fails || nr_warn != warnings)
		print_error("%s", findings);
	assert_int_equal(nr_fail, fails);
	assert_int_equal(nr_warn, warnings);
}

static void expect_text(const char *text)
{
	if (!strstr(findings, text))
		print_error("no \"%s\" in:\n%s", text, findings);
	assert_non_null(strstr(findings, text));
}

/* One fault, one finding, and nothing else changes. */
static void expect_fail(const char *text)
{
	look();
	expect_text(text);
	expect_counts(1, 0);
}

static void expect_warning(const char *text)
{
	look();
	expect_text(text);
	expect_counts(0, 1);
}

static void test_fit(void **state)
{
	look();
	expect_counts(0, 0);
	expect_text("ok processor: AMD-V with nested paging");
	expect_text("ok image: " IMAGE);
	expect_text("ok kernel: /boot/vmlinuz-6.1.0-9-amd64 can be Dom0");
	expect_text("ok daemons: ");
}

static void test_processor(void **state)
{
	put("/proc/cpuinfo", CPUINFO("AuthenticAMD", "npt svm_lock"));
	expect_fail("fail processor: the processor does not show AMD-V");
	put("/proc/cpuinfo", CPUINFO("HygonGenuine", "svm"));
	expect_fail("not nested paging");
	put("/proc/cpuinfo", CPUINFO("GenuineIntel", "vmx") "vmx flags\t: vnmi ept\n");
	expect_fail("has VT-x, but no unrestricted guests");
	put("/proc/cpuinfo", "vendor_id\t: GenuineIntel\nflags\t: vmx\n"
			     "vmx flags\t: vnmi ept unrestricted_guest\n");
	look();
	expect_counts(0, 0);
	expect_text("ok processor: VT-x with EPT");
	put("/proc/cpuinfo", CPUINFO("CentaurHauls", "vmx ept"));
	expect_fail("unknown vendor");
	drop("/proc/cpuinfo");
	expect_warning("cannot read /proc/cpuinfo");
}

/* Locked is bit 4 of MSR C001_0114, or bit 0 without bit 2 of 3A; a sparse file does as the device. */
static void test_locked(void **state)
{
	char path[128];
	uint64_t vm_cr = 0x10;
	int fd;

	put("/dev/cpu/0/msr", "");
	snprintf(path, sizeof(path), "%s/dev/cpu/0/msr", root);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, &vm_cr, 8, 0xc0010114), 8);
	expect_fail("fail processor: the firmware has switched AMD-V off");
	vm_cr = 0x8;
	assert_int_equal(pwrite(fd, &vm_cr, 8, 0xc0010114), 8);
	look();
	expect_counts(0, 0);
	put("/proc/cpuinfo", CPUINFO("GenuineIntel", "vmx ept unrestricted_guest"));
	assert_int_equal(pwrite(fd, "\5\0\0\0\0\0\0", 8, 0x3a), 8);
	look();
	expect_counts(0, 0);
	assert_int_equal(pwrite(fd, "\1\0\0\0\0\0\0", 8, 0x3a), 8);
	expect_fail("fail processor: the firmware has switched VT-x off");
	close(fd);
}

static void test_on_helium(void **state)
{
	put("/proc/cpuinfo", CPUINFO("AuthenticAMD", "hypervisor"));
	drop("/sys/firmware/acpi/tables/IVRS");
	put("/sys/hypervisor/type", "xen\n");
	put("/sys/hypervisor/version/extra", ".0-helium\n");
	look();
	expect_counts(0, 0);
	put("/sys/hypervisor/version/extra", ".4-pre\n");
	look();
	expect_counts(1, 1);
}

static void test_no_iommu(void **state)
{
	drop("/sys/firmware/acpi/tables/IVRS");
	expect_warning("warn iommu: the firmware describes none");
	put("/sys/firmware/acpi/tables/DMAR", "DMAR");
	look();
	expect_counts(0, 0);
}

static void test_image(void **state)
{
	put(IMAGE, "");
	expect_fail("fail image: " IMAGE " is damaged");
	drop(IMAGE);
	expect_fail("fail image: there is no " IMAGE);
	put("/boot/xen-helium-0.0.gz", "\x1f\x8b");
	expect_warning("/boot/xen-helium-0.0.gz is not of this hl's version");
}

static void test_kernel_option(void **state)
{
	static const char *const options[] = { "XEN_DOM0=y", "XEN_PVH=y", "HVC_XEN=y", "XENFS=m",
					       "XEN_PRIVCMD=m", "XEN_DEV_EVTCHN=m", "XEN_GNTDEV=y",
					       "XEN_SYS_HYPERVISOR=y" };
	char config[512], *at;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		strcpy(config, GOOD_CONFIG);
		at = strstr(config, options[i]);
		*strchr(at, '=') = '_';
		put(CONFIG, config);
		look();
		expect_counts(1, 1);
		expect_text("is without CONFIG_");
		expect_text("fail kernel: no kernel in /boot can be Dom0");
	}
	/* What must be built in is not enough as a module. */
	strcpy(config, GOOD_CONFIG);
	strstr(config, "XEN_PVH=y")[8] = 'm';
	put(CONFIG, config);
	look();
	expect_text("is without CONFIG_XEN_PVH: it cannot start as PVH");
}

static void test_kernel(void **state)
{
	put("/boot/vmlinuz-4.9.0-1-amd64", "kernel");
	expect_warning("/boot/vmlinuz-4.9.0-1-amd64 is too old");
	drop("/boot/vmlinuz-4.9.0-1-amd64");
	put("/boot/vmlinuz-5.10.0-1-amd64", "kernel");
	put("/boot/config-5.10.0-1-amd64", GOOD_CONFIG);
	expect_warning("/boot/vmlinuz-5.10.0-1-amd64 has no initrd");
	put("/boot/initrd.img-5.10.0-1-amd64", "initrd");
	expect_warning("/boot/vmlinuz-5.10.0-1-amd64 is older than what");
	drop("/boot/vmlinuz-5.10.0-1-amd64");
	drop(CONFIG);
	look();
	expect_text("has no " CONFIG);
	expect_counts(1, 1);
	drop("/boot/vmlinuz-6.1.0-9-amd64");
	expect_fail("fail kernel: there is no /boot/vmlinuz-*");
}

static void test_grub_module(void **state)
{
	drop("/boot/grub/i386-pc/multiboot2.mod");
	expect_fail("Install GRUB's modules (grub-pc-bin)");
	put("/usr/lib/grub/i386-pc/multiboot2.mod", "module");
	expect_fail("cp /usr/lib/grub/i386-pc/*.mod /boot/grub/i386-pc/");
	put(EFI "fw_platform_size", "64\n");
	expect_fail("no /boot/grub/x86_64-efi/multiboot2.mod");
	put_bytes("/boot/efi/EFI/debian/grubx64.efi", "MZ\0\0multiboot2\0", 15);
	look();
	expect_counts(0, 0);
	expect_text("multiboot2 is part of grubx64.efi");
}

static void test_secure_boot(void **state)
{
	put("/boot/grub/x86_64-efi/multiboot2.mod", "module");
	put_bytes(SECURE_BOOT, "\6\0\0\0\1", 5);
	expect_fail("fail secure-boot: it is on");
	put_bytes(SECURE_BOOT, "\6\0\0\0\0", 5);
	look();
	expect_counts(0, 0);
}

static void test_grub_menu(void **state)
{
	put("/boot/grub/grub.cfg", "multiboot2 /boot/xen-helium-0.0.gz\n");
	expect_warning("entries for other versions of Helium only");
	put("/boot/grub/grub.cfg", "linux /boot/vmlinuz-6.1.0-9-amd64\n");
	expect_fail("Run update-grub\n");
	expect_text("multiboot2 " IMAGE "\n");
	expect_text("module2 /boot/vmlinuz-6.1.0-9-amd64 root=UUID=1234 ro quiet\n");
	expect_text("module2 --nounzip /boot/initrd.img-6.1.0-9-amd64\n");
	drop("/boot/grub/grub.cfg");
	expect_fail("there is no /boot/grub/grub.cfg");
}

/* Fedora: its folder is grub2, /boot is a file system of its own, the menu is made of BLS files. */
static void test_bls(void **state)
{
	drop("/etc/debian_version");
	drop("/boot/grub/grub.cfg");
	drop("/boot/initrd.img-6.1.0-9-amd64");
	put("/boot/initramfs-6.1.0-9-amd64.img", "initrd");
	put("/proc/mounts", "/dev/sda3 / btrfs rw 0 0\n/dev/sda2 /boot ext4 rw 0 0\n");
	put("/boot/grub2/i386-pc/multiboot2.mod", "module");
	put("/boot/grub2/grub.cfg", "insmod blscfg\nblscfg\n");
	put("/boot/loader/entries/0123-6.1.0-9-amd64.conf", "title Fedora\n");
	expect_fail("its menu comes from /boot/loader/entries");
	expect_text("GRUB_ENABLE_BLSCFG=false in /etc/default/grub, then run\n"
		    "grub2-mkconfig -o /boot/grub2/grub.cfg\n");
	expect_text("--set=root /xen-helium-");
	expect_text("module2 /vmlinuz-6.1.0-9-amd64 root=UUID=1234 ro quiet\n");
	expect_text("module2 --nounzip /initramfs-6.1.0-9-amd64.img\n");
}

static void test_daemons(void **state)
{
	drop("/etc/rc2.d/S01xen");
	expect_warning("not started at boot");
	drop("/usr/lib/x86_64-linux-gnu/libxenctrl.so.4.17.0");
	put("/usr/lib/x86_64-linux-gnu/libxenctrl.so.4.20.0", "");
	expect_fail("the daemons are of another Xen");
	drop("/usr/lib/xen-4.17/bin/xenstored");
	expect_fail("apt-get install xen-utils-4.17");
	drop("/etc/debian_version");
	look();
	expect_text("dnf install xen-runtime");
}

static void test_guests(void **state)
{
	put("/etc/rc3.d/S01xendomains", "");
	look();
	expect_text("ok guests: no guest is to start with the machine");
	put("/etc/xen/auto/10-db", "");
	expect_warning("xendomains is enabled");
	put("/etc/systemd/system/multi-user.target.wants/helium-domains.service", "");
	expect_warning("systemctl disable xendomains");
	drop("/etc/rc3.d/S01xendomains");
	look();
	expect_text("ok guests: guests in /etc/xen/auto start with the machine");
	drop("/etc/systemd/system/multi-user.target.wants/helium-domains.service");
	expect_warning("but nothing starts them");
}

#define ON_MACHINE(fn) cmocka_unit_test_setup_teardown(fn, make_machine, remove_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MACHINE(test_fit), ON_MACHINE(test_processor), ON_MACHINE(test_locked),
		ON_MACHINE(test_on_helium), ON_MACHINE(test_no_iommu), ON_MACHINE(test_image),
		ON_MACHINE(test_kernel_option), ON_MACHINE(test_kernel),
		ON_MACHINE(test_grub_module), ON_MACHINE(test_secure_boot),
		ON_MACHINE(test_grub_menu), ON_MACHINE(test_bls), ON_MACHINE(test_daemons),
		ON_MACHINE(test_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
