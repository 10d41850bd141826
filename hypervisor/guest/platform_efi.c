/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * UEFI for Dom0: where the firmware's tables are, and its runtime services by proxy. The firmware sees
 * one block of memory only, where names and data are copied in before the call and out after it. The
 * operation's result says whether the call was made; what came of it is the firmware's in `status`.
 * A call lasts as long as the firmware takes: Dom0 is trusted with that. The services for clocks are left
 * out, because Dom0 has the CMOS clock, and those for capsules.
 */
#include "guest/platform_op.h"
#include "x86/efi.h"
#include "x86/fpu.h"

#define NAME_CHARS 1024

struct block { /* efi.block; all but the data is small */
	struct xenpf_efi_guid guid;
	uint32_t attributes;
	uint64_t size, sizes[3];
	uint16_t name[NAME_CHARS];
	uint8_t data[];
};
#define DATA_SIZE (EFI_BLOCK_SIZE - offsetof(struct block, data))
#define BLOCK	  ((struct block *)efi.block)
#define AT(field) virt_to_phys(&BLOCK->field)

static int64_t vendor_info(union xenpf_efi_info *info)
{
	size_t size = min(info->vendor.bufsz, (uint32_t)sizeof(efi.vendor));

	info->vendor.revision = efi.firmware_revision;
	return copy_to_guest(HANDLE_PTR(info->vendor.name), efi.vendor, size) ? -EFAULT : 0;
}

/* Of the memory that the firmware keeps; Dom0 has the rest of the map otherwise. */
static int64_t mem_info(union xenpf_efi_info *info)
{
	for (unsigned int i = 0; i < efi.nr_ranges; i++) {
		const struct boot_range *r = &efi.ranges[i];

		if (info->mem.addr < r->base || info->mem.addr - r->base >= r->size)
			continue;
		info->mem.addr = r->base;
		info->mem.size = r->size;
		info->mem.attr = EFI_MEMORY_RUNTIME;
		info->mem.type = r->type;
		return 0;
	}
	return -EINVAL;
}

int64_t platform_firmware_info(struct xenpf_firmware_info *op)
{
	union xenpf_efi_info *info = &op->u.efi_info;

	if (op->type != XEN_FW_EFI_INFO || !efi.revision)
		return -ENOSYS;
	switch (op->index) {
	case XEN_FW_EFI_VERSION:
		info->version = efi.revision;
		return 0;
	case XEN_FW_EFI_RT_VERSION:
		info->version = efi.runtime_revision;
		return 0;
	case XEN_FW_EFI_CONFIG_TABLE:
		info->cfg.addr = efi.tables;
		info->cfg.nent = (uint32_t)efi.nr_tables;
		return 0;
	case XEN_FW_EFI_VENDOR:
		return vendor_info(info);
	case XEN_FW_EFI_MEM_INFO:
		return mem_info(info);
	default:
		return -ENOSYS;
	}
}

typedef struct xenpf_efi_runtime_call efi_op;

/* A name ends with 0 and fits. */
static int64_t copy_name(guest_ptr_t from, const struct xenpf_efi_guid *guid)
{
	BLOCK->guid = *guid;
	for (unsigned int i = 0; i < NAME_CHARS; i++) {
		if (copy_from_guest_at(&BLOCK->name[i], from, i, 2))
			return -EFAULT;
		if (!BLOCK->name[i])
			return 0;
	}
	return -EINVAL;
}

static int64_t get_variable(efi_op *op)
{
	int64_t rc = copy_name(HANDLE_PTR(op->u.get_variable.name), &op->u.get_variable.vendor_guid);

	if (rc)
		return rc;
	BLOCK->size = min(op->u.get_variable.size, DATA_SIZE);
	op->status = efi_call(RT_GET_VARIABLE, AT(name), AT(guid), AT(attributes), AT(size), AT(data));
	op->misc = BLOCK->attributes;
	op->u.get_variable.size = BLOCK->size;
	if (op->status == EFI_SUCCESS)
		rc = copy_to_guest(HANDLE_PTR(op->u.get_variable.data), BLOCK->data, min(BLOCK->size, DATA_SIZE));
	return rc;
}

static int64_t set_variable(efi_op *op)
{
	uint64_t size = op->u.set_variable.size;
	int64_t rc = copy_name(HANDLE_PTR(op->u.set_variable.name), &op->u.set_variable.vendor_guid);

	op->status = EFI_OUT_OF_RESOURCES;
	if (rc || size > DATA_SIZE)
		return rc;
	rc = copy_from_guest(BLOCK->data, HANDLE_PTR(op->u.set_variable.data), size);
	if (!rc)
		op->status = efi_call(RT_SET_VARIABLE, AT(name), AT(guid), op->misc, size, AT(data));
	return rc;
}

static int64_t get_next_variable_name(efi_op *op)
{
	guest_ptr_t name = HANDLE_PTR(op->u.get_next_variable_name.name);
	int64_t rc = copy_name(name, &op->u.get_next_variable_name.vendor_guid);

	if (rc)
		return rc;
	BLOCK->size = min(op->u.get_next_variable_name.size, sizeof(BLOCK->name));
	op->status = efi_call(RT_GET_NEXT_VARIABLE_NAME, AT(size), AT(name), AT(guid), 0, 0);
	op->u.get_next_variable_name.vendor_guid = BLOCK->guid;
	op->u.get_next_variable_name.size = BLOCK->size;
	if (op->status == EFI_SUCCESS)
		rc = copy_to_guest(name, BLOCK->name, min(BLOCK->size, sizeof(BLOCK->name)));
	return rc;
}

static int64_t query_variable_info(efi_op *op)
{
	op->status = efi_call(RT_QUERY_VARIABLE_INFO, op->u.query_variable_info.attr, AT(sizes[0]), AT(sizes[1]),
			      AT(sizes[2]), 0);
	op->u.query_variable_info.max_store_size = BLOCK->sizes[0];
	op->u.query_variable_info.remain_store_size = BLOCK->sizes[1];
	op->u.query_variable_info.max_size = BLOCK->sizes[2];
	return 0;
}

static int64_t (*const calls[])(efi_op *op) = {
	[XEN_EFI_get_variable] = get_variable,
	[XEN_EFI_set_variable] = set_variable,
	[XEN_EFI_get_next_variable_name] = get_next_variable_name,
	[XEN_EFI_query_variable_info] = query_variable_info,
};

int64_t platform_efi_call(struct vcpu *v, efi_op *op)
{
	int64_t (*fn)(efi_op *op), rc;

	if (!efi.revision || op->function >= ARRAY_SIZE(calls))
		return -ENOSYS;
	fn = calls[index_nospec(op->function, ARRAY_SIZE(calls))];
	if (!fn)
		return -ENOSYS;
	if (op->misc && fn != set_variable) /* a flag that is not known */
		return -EINVAL;
	spin_lock(&efi.lock);
	memset(BLOCK, 0, offsetof(struct block, data));
	fpu_save(v->fpu, &v->hvm.xcr0);
	rc = fn(op);
	fpu_restore(v->fpu, v->hvm.xcr0);
	spin_unlock(&efi.lock);
	return rc;
}
