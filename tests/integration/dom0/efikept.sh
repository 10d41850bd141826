# SPDX-License-Identifier: GPL-2.0-only
# A variable survives the machine's restart. The first boot makes it and restarts, the second finds it.
. /tests/lib.sh
vars=/sys/firmware/efi/efivars
ours=$vars/Boot00FD-8be4df61-93ca-11d2-aa0d-00e098032b8c

{ insmod /lib/modules/efivarfs.ko && mount -t efivarfs efivarfs $vars; } || echo "not ok - efivarfs"
if [ -e $ours ]; then
	check "after a restart the variable is there as it was written" \
		[ "$(od -An -v -tx1 $ours | tr -d ' \n')" = 07000000010000000400540000007fff0400787878 ]
	check "it can be deleted" rm -f $ours
else
	printf '\007\0\0\0\001\0\0\0\004\0T\0\0\0\177\377\004\0xxx' | dd of=$ours bs=16384 2>/dev/null
	check "a variable is made" [ -e $ours ]
	reboot -f
	sleep 60 # the machine goes before that
fi
