/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * UEFI for Dom0, against a firmware that keeps one variable: what reaches it, what comes back, sizes at
 * their limits, memory of the guest that is not there; and random calls, whose buffers the sanitizer guards.
 */
#include <string.h>
#include "unit.h"
#include "core/vcpu.h"
#include "fakes/fakes.h"
#include "guest/platform_op.h"
#include "lib/errno.h"
#include "mem/frame.h"
#include "x86/efi.h"
#include "x86/fpu.h"

#define MAX_VARIABLE 70000

struct efi efi;
static struct vcpu vcpu;
static int fpu_saved, nr_calls;
static enum efi_service last_service;
static uint32_t kept_attributes;
static size_t kept_size;
static uint8_t kept[MAX_VARIABLE];
static uint16_t name[8] = { 'A', 'b', 0 };
static const struct xenpf_efi_guid guid = { 0x12345678, 0x9abc, 0xdef0, { 1, 2, 3, 4, 5, 6, 7, 8 } };

void fpu_save(void *area, uint64_t *xcr0)
{
	fpu_saved++;
}

void fpu_restore(const void *area, uint64_t xcr0)
{
	fpu_saved--;
}

static void *in_block(uint64_t hpa, size_t size)
{
	uint8_t *p = phys_to_virt(hpa);

	assert_true(p >= (uint8_t *)efi.block && p + size <= (uint8_t *)efi.block + EFI_BLOCK_SIZE);
	return p;
}

static uint64_t firmware_get(uint64_t data, uint64_t *size, uint32_t *attributes)
{
	uint64_t room = *size;

	*size = kept_size;
	if (room < kept_size)
		return EFI_BUFFER_TOO_SMALL;
	memcpy(in_block(data, kept_size), kept, kept_size);
	*attributes = kept_attributes;
	return EFI_SUCCESS;
}

uint64_t efi_call(enum efi_service service, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	static const uint16_t next[] = { 'N', 'e', 'x', 't', 0 };

	assert_int_equal(fpu_saved, 1);
	assert_int_equal(fake_locks_held, 1);
	nr_calls++;
	last_service = service;
	switch (service) {
	case RT_GET_VARIABLE:
		if (memcmp(in_block(a, 6), u"Ab", 6) || memcmp(in_block(b, 16), &guid, 16))
			return EFI_NOT_FOUND;
		return firmware_get(e, in_block(d, 8), in_block(c, 4));
	case RT_SET_VARIABLE:
		kept_attributes = (uint32_t)c;
		kept_size = d;
		memcpy(kept, in_block(e, d), d);
		return EFI_SUCCESS;
	case RT_GET_NEXT_VARIABLE_NAME:
		if (*(uint64_t *)in_block(a, 8) < sizeof(next))
			return *(uint64_t *)in_block(a, 8) = sizeof(next), EFI_BUFFER_TOO_SMALL;
		*(uint64_t *)in_block(a, 8) = sizeof(next);
		memcpy(in_block(b, sizeof(next)), next, sizeof(next));
		memset(in_block(c, 16), 0x5a, 16);
		return EFI_SUCCESS;
	default:
		*(uint64_t *)in_block(b, 8) = 1000;
		*(uint64_t *)in_block(c, 8) = 900;
		*(uint64_t *)in_block(d, 8) = 800 + a;
		return EFI_SUCCESS;
	}
}

static int setup(void **state)
{
	fake_frames_init(64);
	memset(&efi, 0, sizeof(efi));
	spin_init(&efi.lock, LOCK_efi);
	efi.block = phys_to_virt(0x10000);
	efi.revision = 2 << 16 | 70;
	efi.runtime_revision = 2 << 16 | 60;
	efi.firmware_revision = 0x10000;
	efi.tables = 0x7e000000;
	efi.nr_tables = 9;
	memcpy(efi.vendor, u"Nobody", 14);
	efi.nr_ranges = 1;
	efi.ranges[0] = (struct boot_range){ 0x7e000000, 0x2000, 6 };
	fake_guest_budget = -1;
	nr_calls = 0;
	kept_size = 0;
	return 0;
}

static int64_t call(struct xenpf_efi_runtime_call *op)
{
	int64_t rc = platform_efi_call(&vcpu, op);

	assert_int_equal(fpu_saved, 0);
	assert_int_equal(fake_locks_held, 0);
	return rc;
}

static struct xenpf_efi_runtime_call variable(uint32_t function, void *data, size_t size)
{
	struct xenpf_efi_runtime_call op = { .function = function };

	op.u.get_variable.vendor_guid = guid;
	op.u.get_variable.size = size;
	set_xen_guest_handle(op.u.get_variable.name, name);
	set_xen_guest_handle(op.u.get_variable.data, data);
	return op;
}

static void what_the_firmware_is(void **state)
{
	struct xenpf_firmware_info op = { .type = XEN_FW_EFI_INFO, .index = XEN_FW_EFI_VERSION };
	uint16_t vendor[EFI_VENDOR_CHARS];

	assert_int_equal(platform_firmware_info(&op), 0);
	assert_int_equal(op.u.efi_info.version, 2 << 16 | 70);
	op.index = XEN_FW_EFI_RT_VERSION;
	assert_int_equal(platform_firmware_info(&op), 0);
	assert_int_equal(op.u.efi_info.version, 2 << 16 | 60);
	op.index = XEN_FW_EFI_CONFIG_TABLE;
	assert_int_equal(platform_firmware_info(&op), 0);
	assert_true(op.u.efi_info.cfg.addr == 0x7e000000 && op.u.efi_info.cfg.nent == 9);
	op.index = XEN_FW_EFI_VENDOR;
	op.u.efi_info.vendor.bufsz = sizeof(vendor) + 1;
	set_xen_guest_handle(op.u.efi_info.vendor.name, (void *)vendor);
	assert_int_equal(platform_firmware_info(&op), 0);
	assert_memory_equal(vendor, u"Nobody", 14);
	assert_int_equal(op.u.efi_info.vendor.revision, 0x10000);
	op.index = XEN_FW_EFI_MEM_INFO;
	op.u.efi_info.mem.addr = 0x7e001fff;
	assert_int_equal(platform_firmware_info(&op), 0);
	assert_true(op.u.efi_info.mem.addr == 0x7e000000 && op.u.efi_info.mem.size == 0x2000);
	assert_true(op.u.efi_info.mem.type == 6 && op.u.efi_info.mem.attr == 1ULL << 63);
	op.u.efi_info.mem.addr = 0x7e002000;
	assert_int_equal(platform_firmware_info(&op), -EINVAL);
	op.index = 77;
	assert_int_equal(platform_firmware_info(&op), -ENOSYS);
	op.type = XEN_FW_DISK_INFO;
	assert_int_equal(platform_firmware_info(&op), -ENOSYS);
}

static void without_uefi(void **state)
{
	struct xenpf_firmware_info info = { .type = XEN_FW_EFI_INFO };
	struct xenpf_efi_runtime_call op = variable(XEN_EFI_get_variable, NULL, 0);

	efi.revision = 0;
	assert_int_equal(platform_firmware_info(&info), -ENOSYS);
	assert_int_equal(call(&op), -ENOSYS);
	assert_int_equal(nr_calls, 0);
}

static void a_variable_goes_in_and_out(void **state)
{
	char in[] = "some data", out[20] = "";
	struct xenpf_efi_runtime_call op = variable(XEN_EFI_set_variable, in, sizeof(in));

	op.misc = 7; /* attributes */
	assert_int_equal(call(&op), 0);
	assert_int_equal(op.status, EFI_SUCCESS);
	assert_int_equal(kept_attributes, 7);
	op = variable(XEN_EFI_get_variable, out, sizeof(out));
	assert_int_equal(call(&op), 0);
	assert_int_equal(op.status, EFI_SUCCESS);
	assert_int_equal(op.misc, 7);
	assert_int_equal(op.u.get_variable.size, sizeof(in));
	assert_string_equal(out, "some data");
}

static void too_small_a_buffer(void **state)
{
	char out[4] = "xyz";
	struct xenpf_efi_runtime_call op = variable(XEN_EFI_get_variable, out, 3);

	kept_size = 4;
	assert_int_equal(call(&op), 0);
	assert_int_equal(op.status, EFI_BUFFER_TOO_SMALL);
	assert_int_equal(op.u.get_variable.size, 4);
	assert_string_equal(out, "xyz");
	op = variable(XEN_EFI_get_variable, NULL, 0); /* how Linux asks for the size */
	assert_int_equal(call(&op), 0);
	assert_int_equal(op.u.get_variable.size, 4);
}

static void too_large_a_variable(void **state)
{
	static char big[MAX_VARIABLE];
	struct xenpf_efi_runtime_call op = variable(XEN_EFI_set_variable, big, sizeof(big));

	assert_int_equal(call(&op), 0);
	assert_int_equal(op.status, EFI_OUT_OF_RESOURCES);
	op.u.set_variable.size = ~0ULL;
	assert_int_equal(call(&op), 0);
	assert_int_equal(op.status, EFI_OUT_OF_RESOURCES);
	assert_int_equal(nr_calls, 0);
	kept_size = sizeof(kept); /* one that somebody else made: more than the block holds */
	op = variable(XEN_EFI_get_variable, big, ~0ULL);
	assert_int_equal(call(&op), 0);
	assert_int_equal(op.status, EFI_BUFFER_TOO_SMALL);
	op = variable(XEN_EFI_set_variable, big, 60000);
	assert_int_equal(call(&op), 0);
	assert_int_equal(op.status, EFI_SUCCESS);
	assert_int_equal(kept_size, 60000);
}

static void names(void **state)
{
	static uint16_t endless[2000];
	struct xenpf_efi_runtime_call op = { .function = XEN_EFI_get_next_variable_name };

	set_xen_guest_handle(op.u.get_next_variable_name.name, endless);
	op.u.get_next_variable_name.size = 4;
	assert_int_equal(call(&op), 0);
	assert_int_equal(op.status, EFI_BUFFER_TOO_SMALL);
	assert_int_equal(op.u.get_next_variable_name.size, 10);
	assert_int_equal(endless[0], 0);
	assert_int_equal(call(&op), 0);
	assert_int_equal(op.status, EFI_SUCCESS);
	assert_memory_equal(endless, u"Next", 10);
	assert_int_equal(op.u.get_next_variable_name.vendor_guid.data1, 0x5a5a5a5a);
	memset(endless, 'x', sizeof(endless));
	nr_calls = 0;
	assert_int_equal(call(&op), -EINVAL); /* a name that does not end */
	assert_int_equal(nr_calls, 0);
}

static void the_store(void **state)
{
	struct xenpf_efi_runtime_call op = { .function = XEN_EFI_query_variable_info };

	op.u.query_variable_info.attr = 7;
	assert_int_equal(call(&op), 0);
	assert_int_equal(op.u.query_variable_info.max_store_size, 1000);
	assert_int_equal(op.u.query_variable_info.remain_store_size, 900);
	assert_int_equal(op.u.query_variable_info.max_size, 807);
	op.misc = XEN_EFI_VARINFO_BOOT_SNAPSHOT;
	assert_int_equal(call(&op), -EINVAL);
}

static void what_is_not_there(void **state)
{
	for (uint32_t i = 0; i < 20; i++) {
		struct xenpf_efi_runtime_call op = { .function = i };

		if (i < XEN_EFI_get_variable || i > XEN_EFI_query_variable_info)
			assert_int_equal(call(&op), -ENOSYS);
	}
	assert_int_equal(nr_calls, 0);
}

/* Wherever the guest's memory ends, the call fails or is made in full, and nothing stays locked. */
static void memory_that_is_not_there(void **state)
{
	char data[100];

	for (int64_t budget = 0; budget < 120; budget++)
		for (uint32_t f = XEN_EFI_get_variable; f <= XEN_EFI_get_next_variable_name; f++) {
			struct xenpf_efi_runtime_call op = variable(f, data, sizeof(data));
			int64_t rc;

			if (f == XEN_EFI_get_next_variable_name) {
				op.u.get_next_variable_name.size = sizeof(data);
				set_xen_guest_handle(op.u.get_next_variable_name.name, (void *)data);
				memset(data, 0, sizeof(data));
			}
			kept_size = 80;
			fake_guest_budget = budget;
			rc = call(&op);
			assert_true(rc == -EFAULT || (rc == 0 && op.status == EFI_SUCCESS));
		}
}

static void random_calls(void **state)
{
	unit_seed();
	for (unsigned int round = 0; round < 20000; round++) {
		size_t size = unit_below(3) ? unit_below(300) : unit_below(MAX_VARIABLE);
		char *data = malloc(size + 1);
		struct xenpf_efi_runtime_call op;

		memset(data, (int)unit_rand(), size);
		op = variable((uint32_t)unit_below(13), data, size);
		op.misc = unit_below(2) ? 0 : (uint32_t)unit_rand();
		if (op.function == XEN_EFI_get_next_variable_name) {
			op.u.get_next_variable_name.size = unit_below(12);
			set_xen_guest_handle(op.u.get_next_variable_name.name, (void *)name);
		}
		if (unit_below(8) == 0)
			fake_guest_budget = (int64_t)unit_below(size + 10);
		(void)!call(&op);
		fake_guest_budget = -1;
		memcpy(name, u"Ab", 6);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_the_firmware_is, setup), cmocka_unit_test_setup(without_uefi, setup),
		cmocka_unit_test_setup(a_variable_goes_in_and_out, setup),
		cmocka_unit_test_setup(too_small_a_buffer, setup), cmocka_unit_test_setup(too_large_a_variable, setup),
		cmocka_unit_test_setup(names, setup), cmocka_unit_test_setup(the_store, setup),
		cmocka_unit_test_setup(what_is_not_there, setup),
		cmocka_unit_test_setup(memory_that_is_not_there, setup), cmocka_unit_test_setup(random_calls, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
