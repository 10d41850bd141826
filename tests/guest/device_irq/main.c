/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device_irq: interrupts of a real device in Dom0, QEMU's `edu`: by message, to one vector and then to another; by
 * line, level-triggered, as long as the device pulls and not once more. The same with and without an IOMMU that remaps
 * interrupts. With one, a message that no device may send (INIT to a CPU) has no effect. Who relies on it: all of
 * Dom0's drivers.
 *
 * line_irq: a line that every machine has, the keyboard controller's, taken as level-triggered. As long as nobody reads
 * the byte it pulls, so the end of each interrupt must reach the IO-APIC for the next one to come.
 */
#include "lib/apic.h"
#include "lib/events.h"
#include "lib/test.h"
#include "lib/traps.h"

#define EDU_ID	    0x11e81234u
#define EDU_STATUS  0x24 /* of its interrupts */
#define EDU_RAISE   0x60
#define EDU_LOWER   0x64
#define EDU_SRC	    0x80
#define EDU_DST	    0x88
#define EDU_COUNT   0x90
#define EDU_COMMAND 0x98
#define EDU_BUFFER  0x40000

#define PCI_CAP_MSI 5
#define VECTOR_MSI  0x55
#define VECTOR_LINE 0x57
#define IOAPIC_GPA  0xfec00000
#define FIRST_PIN   16 /* q35's lines for PCI */
#define NR_PINS	    8
#define RTE_LEVEL   (1u << 15)
#define RTE_MASKED  (1u << 16)

static volatile uint8_t *edu;
static unsigned int edu_devfn;
static unsigned int nr_msis[2], nr_lines;

static uint32_t config(unsigned int devfn, unsigned int reg)
{
	outl(0xcf8, 1u << 31 | devfn << 8 | reg);
	return inl(0xcfc);
}

static void config_set(unsigned int reg, uint32_t value)
{
	outl(0xcf8, 1u << 31 | edu_devfn << 8 | reg);
	outl(0xcfc, value);
}

static bool find_edu(void)
{
	for (edu_devfn = 0; edu_devfn < 256; edu_devfn += 8)
		if (config(edu_devfn, 0) == EDU_ID) {
			config_set(4, 6); /* memory, bus master */
			edu = (uint8_t *)(uintptr_t)(config(edu_devfn, 0x10) & ~15u);
			return true;
		}
	return false;
}

static void edu_set(unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(edu + reg) = value;
}

/* --- handlers --- */

static void msi_arrived(void)
{
	WRITE_ONCE(nr_msis[0], nr_msis[0] + 1);
	apic_eoi();
}

static void other_msi_arrived(void)
{
	WRITE_ONCE(nr_msis[1], nr_msis[1] + 1);
	apic_eoi();
}

/* The device goes on pulling until it was served three times. */
static void line_arrived(void)
{
	WRITE_ONCE(nr_lines, nr_lines + 1);
	if (nr_lines % 3 == 0)
		edu_set(EDU_LOWER, ~0u);
	apic_eoi();
}

/* Exactly so many: wait for them, and a moment for one too many. */
static bool comes_to(unsigned int *count, unsigned int want)
{
	uint64_t end = now_ns() + 2 * NSEC_PER_SEC;

	irq_enable();
	while (READ_ONCE(*count) < want && now_ns() < end)
		pause();
	spin_ns(5 * NSEC_PER_MSEC);
	irq_disable();
	return CHECK_EQ(READ_ONCE(*count), want);
}

/* --- by message --- */

static unsigned int find_msi(void)
{
	unsigned int pos = config(edu_devfn, 0x34) & 0xfc;

	while (pos && (config(edu_devfn, pos) & 0xff) != PCI_CAP_MSI)
		pos = config(edu_devfn, pos) >> 8 & 0xfc;
	return pos;
}

static void check_msi(void)
{
	unsigned int pos = find_msi();

	REQUIRE(pos != 0);
	irq_set_handler(VECTOR_MSI, msi_arrived);
	irq_set_handler(VECTOR_MSI + 1, other_msi_arrived);
	config_set(pos + 4, APIC_GPA | apic_id_of_vcpu(0) << 12);
	config_set(pos + 8, 0);
	for (unsigned int i = 0; i < 6; i++) {
		config_set(pos + 12, VECTOR_MSI + i % 2);
		config_set(pos, 1u << 16);
		edu_set(EDU_RAISE, 1);
		comes_to(&nr_msis[i % 2], i / 2 + 1);
		edu_set(EDU_LOWER, 1);
		if (i > 2) /* once in use, once after it was off */
			config_set(pos, 0);
	}
	config_set(pos, 0);
}

/* --- by line --- */

static void pin_set(unsigned int pin, uint32_t low)
{
	*(volatile uint32_t *)IOAPIC_GPA = 0x11 + 2 * pin;
	*(volatile uint32_t *)(IOAPIC_GPA + 0x10) = apic_id_of_vcpu(0) << 24;
	*(volatile uint32_t *)IOAPIC_GPA = 0x10 + 2 * pin;
	*(volatile uint32_t *)(IOAPIC_GPA + 0x10) = low;
}

static void pins_set(uint32_t low)
{
	for (unsigned int pin = FIRST_PIN; pin < FIRST_PIN + NR_PINS; pin++)
		pin_set(pin, low);
}

static void check_line(void)
{
	irq_set_handler(VECTOR_LINE, line_arrived);
	pins_set(VECTOR_LINE | RTE_LEVEL);
	for (unsigned int i = 1; i <= 3; i++) {
		edu_set(EDU_RAISE, 1);
		comes_to(&nr_lines, 3 * i);
		CHECK_EQ(*(volatile uint32_t *)(edu + EDU_STATUS), 0);
	}
	pins_set(RTE_MASKED);
}

/* --- the keyboard's line --- */

#define KBD_DATA     0x60
#define KBD_STATUS   0x64 /* and commands */
#define KBD_FULL     1u
#define KBD_BUSY     2u
#define KBD_SET_MODE 0x60
#define KBD_ECHO     0xd2 /* the next byte as if a key had been pressed */
#define KBD_PIN	     1

static unsigned int nr_keys, nr_strays;

static bool kbd_send(uint16_t port, uint8_t byte)
{
	uint64_t end = now_ns() + NSEC_PER_SEC;

	while ((inb(KBD_STATUS) & KBD_BUSY) && now_ns() < end)
		pause();
	outb(port, byte);
	return now_ns() < end;
}

static void key_arrived(void)
{
	WRITE_ONCE(nr_keys, nr_keys + 1);
	if (!(inb(KBD_STATUS) & KBD_FULL))
		nr_strays++;
	else if (nr_keys % 3 == 0)
		inb(KBD_DATA);
	apic_eoi();
}

TEST(line_irq, IN_DOM0, 1)
{
	if (inb(KBD_STATUS) == 0xff) {
		test_skip("no keyboard controller");
		return;
	}
	while (inb(KBD_STATUS) & KBD_FULL)
		inb(KBD_DATA);
	nr_keys = nr_strays = 0;
	irq_set_handler(VECTOR_LINE, key_arrived);
	CHECK(kbd_send(KBD_STATUS, KBD_SET_MODE));
	CHECK(kbd_send(KBD_DATA, 1)); /* with interrupts */
	pin_set(KBD_PIN, VECTOR_LINE | RTE_LEVEL);
	for (unsigned int i = 1; i <= 3; i++) {
		CHECK(kbd_send(KBD_STATUS, KBD_ECHO));
		CHECK(kbd_send(KBD_DATA, 0x1c));
		comes_to(&nr_keys, 3 * i);
	}
	CHECK_EQ(nr_strays, 0);
	pin_set(KBD_PIN, RTE_MASKED);
}

/* --- forged --- */

static bool transfer(uint64_t src, uint64_t dst, unsigned int command)
{
	uint64_t end = now_ns() + 3 * NSEC_PER_SEC;

	*(volatile uint64_t *)(edu + EDU_SRC) = src;
	*(volatile uint64_t *)(edu + EDU_DST) = dst;
	*(volatile uint64_t *)(edu + EDU_COUNT) = 4;
	*(volatile uint64_t *)(edu + EDU_COMMAND) = command;
	while ((*(volatile uint64_t *)(edu + EDU_COMMAND) & 1) && now_ns() < end)
		sleep_until(now_ns() + NSEC_PER_MSEC);
	return CHECK(now_ns() < end);
}

/* Where it works the machine's first CPU waits for a start-up message for ever, and this test with it. */
static void check_forged(void)
{
	uint32_t *page = page_alloc();

	page[0] = ICR_INIT | ICR_ASSERT;
	if (!transfer((uintptr_t)page, EDU_BUFFER, 1))
		return;
	transfer(EDU_BUFFER, APIC_GPA, 3);
	page[0] = 0;
	transfer(EDU_BUFFER, (uintptr_t)page, 3);
	CHECK_EQ(page[0], ICR_INIT | ICR_ASSERT);
}

TEST(device_irq, IN_DOM0, 1)
{
	if (!find_edu()) {
		test_skip("no device to try it with");
		return;
	}
	nr_msis[0] = nr_msis[1] = nr_lines = 0;
	check_msi();
	check_line();
	if (option_is("iommu", "amd")) /* QEMU's VT-d lets messages of the old form through, whatever it is told */
		check_forged();
}
