/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading Dom0. The order matters, because boot loaders put modules where the kernel has to go:
 *
 *	1. unpack the kernel's ELF file to a place of Dom0's RAM that is in nobody's way
 *	2. move the initrd, if it cannot stay
 *	3. copy the kernel's segments to their physical addresses, zero their tails
 *	4. write start info, module list, memory map and command line, and the ACPI tables
 */
#include "init/dom0_load.h"
#include "init/dom0_acpi.h"
#include "init/image.h"
#include "lib/elf.h"
#include "x86/asm.h"
#include "x86/hostmap.h"

#include <xen/xen.h>
#include <xen/arch-x86/hvm/start_info.h>

#define CMDLINE_SIZE   2048 /* Linux x86's own limit */
#define ARENA_MAX      MIB(160) /* xz with a 128 MiB dictionary; Debian's has 32 MiB */
#define ARENA_MIN      MIB(1)	/* gzip and zstd are content with this */
#define UNPACKED_MAX   GIB(1)
#define KERNEL_PLACE   MIB(16) /* where kernels usually go */

struct dom0_tables { /* in one piece, at dom0_place.tables_at */
	struct hvm_start_info info;
	struct hvm_modlist_entry initrd;
	struct hvm_memmap_table_entry memmap[DOM0_MAX_RANGES];
	char cmdline[CMDLINE_SIZE];
};

/* A part of Dom0's RAM to work in, away from the modules and from where the kernel may go. */
static uint64_t find_scratch(const struct boot_info *bi, const struct mem_split *s, uint64_t size,
			     struct mem_range kernel_file, uint64_t kernel_size)
{
	struct mem_range busy[BOOT_MAX_MODULES + 2];
	unsigned int i = module_ranges(busy, bi);

	busy[i++] = kernel_file;
	busy[i++] = (struct mem_range){ KERNEL_PLACE, KERNEL_PLACE + kernel_size };
	return dom0_mem_find(s, size, PAGE_SIZE, UINT64_MAX, busy, i);
}

static const char *unpack_error(int rc)
{
	switch (rc) {
	case -ENOMEM:
		return "needs more memory to unpack; give Dom0 more with dom0_mem=";
	case -ENOSPC:
		return "is damaged: it unpacks to more than it says";
	default:
		return "is damaged: it does not unpack";
	}
}

static void unpack_to(const struct boot_info *bi, const struct mem_split *s,
		      const struct image_payload *p, struct mem_range *file)
{
	struct unpack u = { .src = p->data, .src_size = p->size,
			    .dst = phys_to_virt(file->start), .dst_size = p->unpacked_size };
	uint64_t arena = 0, size;
	int rc;

	if (p->format == IMAGE_ELF) {
		memcpy(u.dst, p->data, p->size);
		return;
	}
	for (size = ARENA_MAX; !arena && size >= ARENA_MIN; size /= 2) {
		arena = find_scratch(bi, s, size, *file, p->unpacked_size * 3 / 2);
		u.arena_size = size;
	}
	if (!arena)
		panic("no RAM of Dom0's free to unpack its kernel; give it more than %lu MiB with "
		      "dom0_mem=\n", to_mib(s->dom0_bytes));
	u.arena = phys_to_virt(arena);
	rc = image_unpack(&u, p->format);
	if (rc)
		panic("Dom0's kernel %s (%s, error %d)\n", unpack_error(rc),
		      image_format_name(p->format), rc);
	file->end = file->start + u.out_size;
}

/* Step 1. Returns where the ELF file lies now. */
static struct mem_range unpack_kernel(const struct boot_info *bi, const struct mem_split *s)
{
	struct mem_range from = module_range(bi, 0), file = { 0, 0 };
	struct image_payload p;
	const char *why;
	uint64_t start;
	int rc = image_find_payload(&p, phys_to_virt(from.start), from.end - from.start, &why);

	if (rc)
		panic("Dom0's kernel (the first boot module) %s (error %d)\n", why, rc);
	if (!p.unpacked_size || p.unpacked_size > UNPACKED_MAX)
		panic("Dom0's kernel is damaged: it says that it unpacks to %lu MiB\n",
		      to_mib(p.unpacked_size));
	file.start = find_scratch(bi, s, p.unpacked_size, file, p.unpacked_size * 3 / 2);
	if (!file.start)
		panic("no %lu MiB of Dom0's RAM free to unpack its kernel; give it more than %lu "
		      "MiB with dom0_mem=\n", to_mib(p.unpacked_size), to_mib(s->dom0_bytes));
	file.end = file.start + p.unpacked_size;
	log_info("Dom0: unpacking the kernel (%s, %lu MiB, to %lu MiB)\n",
		 image_format_name(p.format), to_mib(p.size), to_mib(p.unpacked_size));
	start = rdtsc();
	unpack_to(bi, s, &p, &file);
	log_info("Dom0: unpacked in %lu kcycles\n", (rdtsc() - start) / 1000);
	return file;
}

static void load_segments(const struct elf_image *img)
{
	for (unsigned int i = 0; i < img->nr_segments; i++) {
		const struct elf_segment *seg = &img->segments[i];
		uint8_t *to = phys_to_virt(seg->paddr);

		memcpy(to, img->data + seg->offset, seg->file_size);
		memset(to + seg->file_size, 0, seg->mem_size - seg->file_size);
	}
}

static void write_tables(const struct boot_info *bi, const struct mem_split *s,
			 const struct dom0_place *p, bool bounce)
{
	struct dom0_tables *t = phys_to_virt(p->tables_at);

	memset(t, 0, sizeof(*t));
	t->info = (struct hvm_start_info){
		.magic = XEN_HVM_START_MAGIC_VALUE,
		.version = 1,
		.flags = SIF_PRIVILEGED | SIF_INITDOMAIN,
		.cmdline_paddr = p->tables_at + offsetof(struct dom0_tables, cmdline),
		.rsdp_paddr = s->acpi.start,
		.memmap_paddr = p->tables_at + offsetof(struct dom0_tables, memmap),
		.memmap_entries = s->nr_map,
	};
	if (p->initrd.end > p->initrd.start) {
		t->info.nr_modules = 1;
		t->info.modlist_paddr = p->tables_at + offsetof(struct dom0_tables, initrd);
		t->initrd.paddr = p->initrd_to;
		t->initrd.size = p->initrd.end - p->initrd.start;
	}
	for (unsigned int i = 0; i < s->nr_map; i++)
		t->memmap[i] = (struct hvm_memmap_table_entry){
			.addr = s->map[i].base, .size = s->map[i].size, .type = s->map[i].type };
	if (dom0_cmdline(t->cmdline, sizeof(t->cmdline), bi->modules[0].cmdline, bounce) >=
	    sizeof(t->cmdline))
		panic("Dom0's command line is longer than %d characters\n", CMDLINE_SIZE - 1);
	log_info("Dom0: command line \"%s\"\n", t->cmdline);
}

static void write_acpi(const struct mem_split *s, unsigned int nr_vcpus)
{
	void *to = phys_to_virt(s->acpi.start);

	memset(to, 0, DOM0_ACPI_SIZE);
	if (dom0_acpi_build(to, DOM0_ACPI_SIZE, s->acpi.start, &acpi, nr_vcpus) < 0)
		panic("Dom0's ACPI tables for %u CPUs do not fit; lower dom0_max_vcpus=\n",
		      nr_vcpus);
}

static void parse_kernel(struct elf_image *img, struct mem_range file)
{
	const char *why;
	int rc = elf_parse(img, phys_to_virt(file.start), file.end - file.start, &why);

	if (rc)
		panic("Dom0's kernel %s (error %d)\n", why, rc);
	if (!img->has_pvh_entry || img->pvh_entry < img->start || img->pvh_entry >= img->end)
		panic("Dom0's kernel has no usable PVH entry (Xen note 18): it needs CONFIG_PVH and "
		      "CONFIG_XEN_DOM0\n");
}

void dom0_load(struct dom0_start *start, const struct boot_info *bi, const struct mem_split *s,
	       unsigned int nr_vcpus, bool bounce)
{
	struct dom0_place p = { .initrd = module_range(bi, 1),
				.tables_size = sizeof(struct dom0_tables) };
	struct elf_image img;
	char msg[200];

	if (!bi->nr_modules)
		panic("no Dom0 kernel: the boot loader must load one as the first module "
		      "(GRUB: module2 /vmlinuz ...)\n");
	if (bi->nr_modules > 2)
		log_warn("Dom0: %u boot modules behind kernel and initrd are not used\n",
			 bi->nr_modules - 2);
	p.kernel_file = unpack_kernel(bi, s);
	parse_kernel(&img, p.kernel_file);
	p.kernel = (struct mem_range){ round_down(img.start, PAGE_SIZE),
				       round_up(img.end, PAGE_SIZE) };
	if (dom0_mem_place(s, &p, msg, sizeof(msg)))
		panic("%s\n", msg);
	memmove(phys_to_virt(p.initrd_to), phys_to_virt(p.initrd.start),
		p.initrd.end - p.initrd.start);
	load_segments(&img);
	write_tables(bi, s, &p, bounce);
	write_acpi(s, nr_vcpus);
	log_info("Dom0: kernel at %lu to %lu MiB, initrd of %lu MiB, entry 0x%x\n",
		 to_mib(p.kernel.start), to_mib(p.kernel.end),
		 to_mib(p.initrd.end - p.initrd.start), img.pvh_entry);
	*start = (struct dom0_start){ img.pvh_entry, (uint32_t)p.tables_at };
}
