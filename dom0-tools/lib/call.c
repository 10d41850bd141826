/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opening the hypervisor and making hypercalls. The structures travel in one page from
 * /dev/xen/hypercall, because ordinary memory may be absent or moving when the hypervisor reads it.
 */
#include "dom0-tools/lib/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xen/event_channel.h>
#include <xen/hvm/hvm_op.h>
#include <xen/version.h>
#include <xencall.h>
#include <xenforeignmemory.h>
#include <xenstore.h>
#include <xentoollog.h>

#define ARG_SIZE 4096

static struct xencall_handle *open_call(struct diag *dg)
{
	struct xentoollog_logger_stdiostream *log;
	struct xencall_handle *call;
	int err;

	/* The library would print its own, less helpful message. */
	log = xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	call = xencall_open((xentoollog_logger *)log, 0);
	err = errno;
	if (call)
		return call;
	if (err == EACCES || err == EPERM)
		diag_fail(dg, -err, "cannot talk to the hypervisor: only root may (try sudo)");
	else if (access("/proc/xen", F_OK) && access("/sys/hypervisor/type", F_OK))
		diag_fail(dg, -err, "this system does not run on Helium: choose its entry in the boot "
			  "menu; hl doctor tells what may be in the way");
	else
		diag_fail(dg, -err, "cannot open /dev/xen/privcmd: %s (try: modprobe xen-privcmd)",
			  strerror(err));
	return NULL;
}

struct hl *hl_open(struct diag *dg)
{
	struct hl *hl = calloc(1, sizeof(*hl));
	struct xen_domctl_getdomaininfo info;
	int rc;

	if (!hl)
		return NULL;
	hl->call = open_call(dg);
	if (!hl->call)
		goto out_free;
	hl->arg = hl_buffer(hl, ARG_SIZE);
	if (!hl->arg) {
		diag_fail(dg, -ENOMEM, "no memory for hypercall arguments");
		goto out_close;
	}
	rc = hl_domain_info(hl, 0, &info);
	if (rc == -EACCES)
		diag_fail(dg, rc, "the hypervisor speaks another version of the control interface "
			  "than this hl (0x%x)", XEN_DOMCTL_INTERFACE_VERSION);
	else if (rc == -EPERM)
		diag_fail(dg, rc, "this domain may not control others: run hl in Dom0");
	else if (rc < 0 && rc != -ESRCH)
		diag_fail(dg, rc, "the hypervisor refuses control calls: %s", strerror(-rc));
	else
		return hl;
	hl_buffer_free(hl, hl->arg);
out_close:
	xencall_close(hl->call);
out_free:
	free(hl);
	return NULL;
}

void hl_close(struct hl *hl)
{
	if (!hl)
		return;
	if (hl->xs)
		xs_close(hl->xs);
	if (hl->fmem)
		xenforeignmemory_close(hl->fmem);
	hl_buffer_free(hl, hl->chunk);
	hl_buffer_free(hl, hl->arg);
	xencall_close(hl->call);
	free(hl);
}

struct xenforeignmemory_handle *hl_foreign(struct hl *hl)
{
	if (!hl->fmem)
		hl->fmem = xenforeignmemory_open(NULL, 0);
	return hl->fmem;
}

void *hl_buffer(struct hl *hl, size_t size)
{
	return xencall_alloc_buffer(hl->call, size);
}

void hl_buffer_free(struct hl *hl, void *p)
{
	if (p)
		xencall_free_buffer(hl->call, p);
}

static int result(int rc)
{
	return rc < 0 ? -errno : rc;
}

int hl_domctl(struct hl *hl, struct xen_domctl *op)
{
	int rc;

	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	memcpy(hl->arg, op, sizeof(*op));
	rc = result(xencall1(hl->call, __HYPERVISOR_domctl, (uintptr_t)hl->arg));
	memcpy(op, hl->arg, sizeof(*op));
	return rc;
}

int hl_domctl_for(struct hl *hl, uint32_t cmd, uint32_t domid, struct xen_domctl *op)
{
	op->cmd = cmd;
	op->domain = domid;
	return hl_domctl(hl, op);
}

int hl_sysctl(struct hl *hl, struct xen_sysctl *op)
{
	int rc;

	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	memcpy(hl->arg, op, sizeof(*op));
	rc = result(xencall1(hl->call, __HYPERVISOR_sysctl, (uintptr_t)hl->arg));
	memcpy(op, hl->arg, sizeof(*op));
	return rc;
}

int hl_memory_op(struct hl *hl, unsigned int cmd, void *arg, size_t size)
{
	int rc;

	memcpy(hl->arg, arg, size);
	rc = result(xencall2(hl->call, __HYPERVISOR_memory_op, cmd, (uintptr_t)hl->arg));
	memcpy(arg, hl->arg, size);
	return rc;
}

int hl_version(struct hl *hl, unsigned int cmd, void *out, size_t size)
{
	int rc;

	if (out)
		memcpy(hl->arg, out, size);
	rc = result(
		xencall2(hl->call, __HYPERVISOR_xen_version, cmd, out ? (uintptr_t)hl->arg : 0));
	if (out)
		memcpy(out, hl->arg, size);
	return rc;
}

int hl_hvm_set_param(struct hl *hl, uint32_t domid, uint32_t index, uint64_t value)
{
	struct xen_hvm_param p = { .domid = domid, .index = index, .value = value };

	memcpy(hl->arg, &p, sizeof(p));
	return result(xencall2(hl->call, __HYPERVISOR_hvm_op, HVMOP_set_param, (uintptr_t)hl->arg));
}

int hl_evtchn_alloc(struct hl *hl, uint32_t domid, uint32_t remote, uint32_t *port)
{
	struct evtchn_alloc_unbound a = { .dom = domid, .remote_dom = remote };
	int rc;

	memcpy(hl->arg, &a, sizeof(a));
	rc = result(xencall2(hl->call, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
			     (uintptr_t)hl->arg));
	memcpy(&a, hl->arg, sizeof(a));
	*port = a.port;
	return rc;
}
