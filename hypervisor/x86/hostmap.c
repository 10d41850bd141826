/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's page tables (drawing in hostmap.h): one root for all CPUs, filled at boot. Upper
 * entries allow everything; the rights are in the leaves. Tables are only added to, never freed.
 */
#include "x86/acpi.h"
#include "x86/cr.h"
#include "x86/features.h"
#include "x86/hostmap.h"
#include "x86/ipi.h"

#define PTE_TABLE (PTE_P | PTE_W)

#define RIGHTS_RW (PTE_P | PTE_W | PTE_NX)
#define RIGHTS_RO (PTE_P | PTE_NX)
#define RIGHTS_RX (PTE_P)
#define RIGHTS_UC (RIGHTS_RW | PTE_PCD | PTE_PWT)
#define RIGHTS_RWX (PTE_P | PTE_W)

extern char __text_end[], __rodata_end[], __init_text_end[];

uint64_t image_slide;
static uint64_t root[512] __aligned(4096), identity_root[512] __aligned(4096);
static void *(*alloc_page)(void);

static unsigned int level_shift(unsigned int level)
{
	return PAGE_SHIFT + 9 * (level - 1);
}

static uint64_t *entry_at(uint64_t *table, uintptr_t va, unsigned int level)
{
	return &table[va >> level_shift(level) & 511];
}

/* The table below *e, made when missing; NULL: no memory. */
static uint64_t *table_below(uint64_t *e)
{
	void *page;

	if (!(*e & PTE_P)) {
		page = alloc_page();
		if (!page)
			return NULL;
		*e = virt_to_phys(page) | PTE_TABLE;
	}
	BUG_ON(*e & PTE_PS);
	return phys_to_virt(*e & PTE_ADDR);
}

/*
 * Map one page of at most the given level, smaller where a table stands in the way already. What is
 * mapped stays as it is. Returns the level of the page that va lies in now; 0: no memory.
 */
static unsigned int map_one(uint64_t *table, uintptr_t va, uint64_t hpa, unsigned int level, uint64_t rights)
{
	for (unsigned int l = 4; ; l--) {
		uint64_t *e = entry_at(table, va, l);

		if (l <= level && !(*e & PTE_P)) {
			*e = hpa | rights | (l > 1 ? PTE_PS : 0);
			return l;
		}
		if (l == 1 || (l < 4 && (*e & PTE_P) && (*e & PTE_PS)))
			return min(l, level);
		table = table_below(e);
		if (!table)
			return 0;
	}
}

/* Largest page that fits at va and hpa within size; levels above 1 only up to max_level. */
static unsigned int fitting_level(uintptr_t va, uint64_t hpa, uint64_t size, unsigned int max_level)
{
	unsigned int level = max_level;

	while (level > 1 && (((va | hpa) & ((1ULL << level_shift(level)) - 1)) || size >> level_shift(level) == 0))
		level--;
	return level;
}

static bool try_map_range(uint64_t *table, uintptr_t va, uint64_t hpa, uint64_t size,
			  uint64_t rights, unsigned int max_level)
{
	while (size) {
		unsigned int level = fitting_level(va, hpa, size, max_level);
		uint64_t step;

		level = map_one(table, va, hpa, level, rights);
		if (!level)
			return false;
		step = 1ULL << level_shift(level);
		va += step;
		hpa += step;
		size -= step;
	}
	return true;
}

static void map_range(uint64_t *table, uintptr_t va, uint64_t hpa, uint64_t size, uint64_t rights,
		      unsigned int max_level)
{
	if (!try_map_range(table, va, hpa, size, rights, max_level))
		panic("no memory for the hypervisor's page tables\n");
}

/*
 * Whole pages of RAM and of ACPI's memory; and all of the first MiB, where BIOS data and VGA are. Our
 * code and constants come first, because what is mapped stays: they cannot be written here either.
 */
static void map_ram(const struct boot_info *bi)
{
	unsigned int max_level = cpu_has(F_PAGE1GB) ? 3 : 2;
	uint64_t image = virt_to_phys(__image_start);

	map_range(root, DIRECT_MAP_BASE + image, image, __rodata_end - __image_start, RIGHTS_RO, 1);
	for (unsigned int i = 0; i < bi->nr_ranges; i++) {
		const struct boot_range *r = &bi->ranges[i];
		uint64_t start = round_down(r->base, PAGE_SIZE), end = round_up(r->base + r->size, PAGE_SIZE);

		if (r->type != BOOT_MEM_RAM && r->type != BOOT_MEM_ACPI && r->type != BOOT_MEM_NVS)
			continue;
		start = max(start, MIB(1));
		if (start < end)
			map_range(root, DIRECT_MAP_BASE + start, start, end - start, RIGHTS_RW, max_level);
	}
	map_range(root, DIRECT_MAP_BASE, 0, MIB(1), RIGHTS_RW, 1);
}

static void map_image_part(const char *start, const char *end, uint64_t rights)
{
	map_range(root, (uintptr_t)start, virt_to_phys(start), end - start, rights, 1);
}

static void map_image(void)
{
	map_image_part(__image_start, __text_end, RIGHTS_RX);
	map_image_part(__text_end, __rodata_end, RIGHTS_RO);
	map_image_part(__rodata_end, __init_start, RIGHTS_RW);
	map_image_part(__init_start, __init_text_end, RIGHTS_RX);
	map_image_part(__init_text_end, __image_end, RIGHTS_RW);
}

void hostmap_init(const struct boot_info *bi, void *(*alloc)(void))
{
	alloc_page = alloc;
	map_ram(bi);
	map_image();
	cr3_write(hostmap_cr3());
}

void hostmap_set_alloc(void *(*alloc)(void))
{
	alloc_page = alloc;
}

uint64_t hostmap_cr3(void)
{
	return virt_to_phys(root);
}

void *mmio_try_map(uint64_t hpa, size_t size)
{
	uint64_t start = round_down(hpa, PAGE_SIZE), end = round_up(hpa + size, PAGE_SIZE);

	BUG_ON(!alloc_page); /* before hostmap_init() */
	return try_map_range(root, MMIO_MAP_BASE + start, start, end - start, RIGHTS_UC, 2)
		       ? (void *)(MMIO_MAP_BASE + hpa) : NULL;
}

void hostmap_identity(uint64_t hpa, uint64_t size, bool is_code, bool is_device)
{
	map_range(identity_root, hpa, hpa, size, is_device ? RIGHTS_UC : is_code ? RIGHTS_RWX : RIGHTS_RW, 2);
}

/* Upper entries that came since, mmio_map()'s for example, count, too. */
uint64_t hostmap_identity_cr3(void)
{
	memcpy(identity_root + 256, root + 256, sizeof(root) / 2);
	return virt_to_phys(identity_root);
}

void *mmio_map(uint64_t hpa, size_t size)
{
	void *va = mmio_try_map(hpa, size);

	if (!va)
		panic("no memory for the hypervisor's page tables\n");
	return va;
}

void *hostmap_stack(uint64_t hpa)
{
	static uintptr_t va = STACK_MAP_BASE - STACK_SIZE;

	va += 2 * STACK_SIZE;
	map_range(root, va, hpa, STACK_SIZE, RIGHTS_RW, 1);
	return (void *)va;
}

/* The entry that maps va or, not present, says that nothing does. */
static uint64_t *leaf_of(uintptr_t va)
{
	uint64_t *e, *table = root;

	for (unsigned int l = 4; ; l--) {
		e = entry_at(table, va, l);
		if (l == 1 || !(*e & PTE_P) || (*e & PTE_PS))
			return e;
		table = phys_to_virt(*e & PTE_ADDR);
	}
}

/* Tables lie in RAM, in ACPI memory, or in what the firmware calls just reserved. */
const void *acpi_map(uint64_t hpa, size_t len)
{
	if (hpa + len < hpa || hpa + len > 1ULL << cpu_features.phys_bits)
		return NULL;
	for (uint64_t at = round_down(hpa, PAGE_SIZE); at < hpa + len; at += PAGE_SIZE)
		if (!(*leaf_of(DIRECT_MAP_BASE + at) & PTE_P))
			return mmio_map(hpa, len);
	return phys_to_virt(hpa);
}

void hostmap_drop_init(void)
{
	for (char *va = __init_start; va < __init_end; va += PAGE_SIZE)
		*leaf_of((uintptr_t)va) = 0;
	cr3_write(hostmap_cr3());
	/* The others drop it at their next interrupt window; nothing goes there meanwhile but by a bug. */
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		if (cpu != cpu_id())
			ipi_flush(cpu);
}
