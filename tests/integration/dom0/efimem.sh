# SPDX-License-Identifier: GPL-2.0-only
# The hypervisor runs the firmware's runtime services: Dom0 may read their memory, and not change it. Where Secure Boot is on
# Dom0's kernel keeps /dev/mem to itself.
. /tests/lib.sh

# The firmware's SMBIOS tables lie in memory of its runtime services, which Dom0 may read.
smbios() {
	sed -n 's/^SMBIOS3\?=//p' /sys/firmware/efi/systab | head -n 1
}

keeps_services() {
	physmem "$(smbios)" > /tmp/physmem
	cat /tmp/physmem
	[ "$(sed -n 2p /tmp/physmem)" = kept ]
}

check "what the runtime services work with can be read and not changed" keeps_services
