# SPDX-License-Identifier: GPL-2.0-only
# What somebody who comes from Xen does with the tools they have; `hl` is Debian's xl here.
. /tests/lib.sh

check "these are Xen's tools" sh -c 'xl_is=$(readlink /usr/local/bin/hl); [ "${xl_is##*/}" = xl ]'
check "info names Xen 4.17" sh -c "hl info | grep -q '^xen_version.*4\.17'"
warm_up 'vcpus = 2' # xl maps the whole kernel image: Dom0's tables grow with its size
free=$(free_pages)
guest stock 'extra = "console=hvc0 name=stock"' 'vcpus = 2'
check "create" hl create /tmp/stock.cfg
check "the guest's userland is up, with both CPUs" wait_for 60 said stock 'GUEST-UP stock cpus=2'
check "vcpu-list shows two" [ "$(hl vcpu-list stock | grep -c '^stock')" = 2 ]
check "pause" hl pause stock
check "unpause" hl unpause stock
check "shutdown" hl shutdown -w stock
check "is gone" wait_for 20 is_gone stock
check "all memory is free again" all_free "$free"
