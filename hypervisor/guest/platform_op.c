/* SPDX-License-Identifier: GPL-2.0-only */
/* platform_op (7): Dom0 sets the wall clock, asks which CPUs there are, and uses the firmware. */
#include "guest/hypercall.h"
#include "guest/platform_op.h"
#include "guest/shared_info.h"
#include "x86/time.h"

#define XENPF_get_dom0_console 64 /* Xen 4.18; the struct is older. The result is its size. */

static struct dom0_vga_console_info screen; /* type 0: there is none; written at boot */

static void wallclock_update_all(void)
{
	for_each_domain(d)
		guest_wallclock_update(d);
}

static int64_t op_settime64(struct xen_platform_op *op)
{
	const struct xenpf_settime64 *t = &op->u.settime64;

	if (t->mbz || t->nsecs >= NSEC_PER_SEC || t->secs > UINT64_MAX / NSEC_PER_SEC - 1)
		return -EINVAL;
	WRITE_ONCE(wall_at_boot_ns, t->secs * NSEC_PER_SEC + t->nsecs - t->system_time);
	wallclock_update_all();
	return 0;
}

/* The ACPI id is that of Dom0's own tables only by chance; Linux uses it to match power data. */
static int64_t op_get_cpuinfo(struct xen_platform_op *op)
{
	struct xenpf_pcpuinfo *info = &op->u.pcpu_info;
	uint32_t cpu = info->xen_cpuid;

	info->max_present = nr_cpus - 1;
	if (cpu >= nr_cpus) {
		info->flags = XEN_PCPU_FLAGS_INVALID;
		return 0;
	}
	cpu = index_nospec(cpu, NR_CPUS);
	info->flags = XEN_PCPU_FLAGS_ONLINE;
	info->apic_id = per_cpu(cpu_ident, cpu).apic_id;
	info->acpi_id = cpu;
	return 0;
}

void platform_set_screen(const struct boot_framebuffer *fb)
{
	if (fb->type != BOOT_FB_RGB)
		return;
	screen.video_type = XEN_VGATYPE_EFI_LFB;
	screen.u.vesa_lfb.width = (uint16_t)fb->width;
	screen.u.vesa_lfb.height = (uint16_t)fb->height;
	screen.u.vesa_lfb.bytes_per_line = (uint16_t)fb->pitch;
	screen.u.vesa_lfb.bits_per_pixel = fb->bpp;
	screen.u.vesa_lfb.lfb_base = (uint32_t)fb->base;
	screen.u.vesa_lfb.ext_lfb_base = (uint32_t)(fb->base >> 32);
	screen.u.vesa_lfb.lfb_size = (uint32_t)div_round_up((uint64_t)fb->pitch * fb->height, KIB(64));
	memcpy(&screen.u.vesa_lfb.red_pos, fb->colors, sizeof(fb->colors));
}

int64_t hypercall_platform_op(struct vcpu *v, struct call *call)
{
	guest_ptr_t arg = GUEST_PTR(call->arg[0]);
	struct xen_platform_op op;
	int64_t rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -EACCES;
	switch (op.cmd) {
	case XENPF_settime64:
		return op_settime64(&op);
	case XENPF_get_cpuinfo:
		rc = op_get_cpuinfo(&op);
		break;
	case XENPF_firmware_info:
		rc = platform_firmware_info(&op.u.firmware_info);
		break;
	case XENPF_efi_runtime_call:
		rc = platform_efi_call(v, &op.u.efi_runtime_call);
		break;
	case XENPF_get_dom0_console:
		rc = screen.video_type ? (int64_t)sizeof(screen) : -ENOSYS;
		memcpy(&op.u, &screen, sizeof(screen));
		break;
	default:
		return -ENOSYS;
	}
	return rc >= 0 && copy_to_guest(arg, &op, sizeof(op)) ? -EFAULT : rc;
}
