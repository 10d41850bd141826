# SPDX-License-Identifier: GPL-2.0-only
# The firmware's variables, through the hypervisor: read, written, deleted; and nobody's FPU state is lost on the way.
. /tests/lib.sh
vars=/sys/firmware/efi/efivars
global=8be4df61-93ca-11d2-aa0d-00e098032b8c
# A boot option, because Linux makes most other variables immutable.
ours=$vars/Boot00FE-$global

# hex FILE: attributes (4 bytes) and data
hex() {
	od -An -v -tx1 "$1" | tr -d ' \n'
}

boot_current() {
	h=$(hex $vars/BootCurrent-$global)
	n=$(echo "$h" | sed 's/^........\(..\)\(..\)$/\2\1/' | tr a-f A-F)
	echo "$h: $n"
	[ -e "$vars/Boot$n-$global" ]
}

# make_option SIZE: with so much data behind it, in one write as efivarfs wants it
make_option() {
	{
		printf '\007\0\0\0\001\0\0\0\004\0T\0\0\0\177\377\004\0'
		head -c $1 /dev/zero | tr '\0' x
	} > /tmp/option
	dd if=/tmp/option of=$ours bs=16384 2>/dev/null
}

remount() {
	umount $vars && mount -t efivarfs efivarfs $vars
}

check "the kernel knows that this is UEFI" [ -d /sys/firmware/efi ]
check "efivarfs mounts" sh -c "insmod /lib/modules/efivarfs.ko && mount -t efivarfs efivarfs $vars"
check "BootCurrent names one of the boot options" boot_current
make_option 3
check "a variable can be made" [ "$(hex $ours)" = 07000000010000000400540000007fff0400787878 ]
make_option 4000
check "a large value takes its place" [ "$(hex $ours | wc -c)" = 8036 ]
remount
check "the firmware itself lists it" [ "$(hex $ours | wc -c)" = 8036 ]
check "it can be deleted" rm -f $ours
remount
check "then the firmware does not list it" [ ! -e $ours ]
check "FPU state survives calls to the firmware" fpu $vars/BootCurrent-$global
check "efibootmgr lists what the firmware can start" sh -c "efibootmgr | grep BootCurrent && efibootmgr | grep '^Boot0001'"
check "efibootmgr sets BootNext" sh -c "efibootmgr -n 0001 && efibootmgr | grep 'BootNext: 0001'"
check "efibootmgr takes it back" sh -c "efibootmgr -N && ! efibootmgr | grep BootNext"
