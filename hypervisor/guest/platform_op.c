/* SPDX-License-Identifier: GPL-2.0-only */
/* platform_op (7): Dom0 sets the wall clock and asks which CPUs there are. */
#include "guest/hypercall.h"
#include "guest/shared_info.h"
#include "lib/errno.h"
#include "x86/cpu.h"
#include "x86/time.h"
#include <xen/platform.h>

static void wallclock_update_all(void)
{
	struct domain *d;

	for_each_domain(d)
		guest_wallclock_update(d);
}

static int64_t op_settime64(struct xen_platform_op *op)
{
	const struct xenpf_settime64 *t = &op->u.settime64;

	if (t->mbz || t->nsecs >= NSEC_PER_SEC || t->secs > UINT64_MAX / NSEC_PER_SEC - 1)
		return -EINVAL;
	time_set_wall_at_boot_ns(t->secs * NSEC_PER_SEC + t->nsecs - t->system_time);
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
	default:
		return -ENOSYS;
	}
	return copy_to_guest(arg, &op, sizeof(op)) ? -EFAULT : rc;
}
