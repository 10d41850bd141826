# SPDX-License-Identifier: GPL-2.0-only
# Real drivers on real (emulated) devices: interrupts by MSI and MSI-X, DMA into Dom0's memory.
. /tests/lib.sh

# disk DEVICE: a file system made, a file written, and read back from the medium after a remount
disk() {
	check "$1: make a file system" mke2fs -F "$1" || return
	check "$1: mount" mount -t ext4 "$1" /mnt || return
	dd if=/dev/urandom of=/mnt/file bs=1M count=12 2>/dev/null
	before=$(md5sum < /mnt/file)
	check "$1: unmount" umount /mnt
	echo 3 > /proc/sys/vm/drop_caches
	check "$1: mount again" mount -t ext4 "$1" /mnt || return
	check "$1: reads back what was written" [ "$(md5sum < /mnt/file)" = "$before" ]
	umount /mnt
}

disk /dev/sda
disk /dev/nvme0n1
ip addr add 10.0.2.15/24 dev eth0
check "eth0: up" ip link set eth0 up
wait_for 10 grep -qx 1 /sys/class/net/eth0/carrier
check "eth0: ping the gateway" ping -c 5 -i 0.2 -W 2 10.0.2.2
cd /tmp || exit 1
check "eth0: fetch a file of 1 MiB" tftp -g -b 1468 -r payload 10.0.2.2
check "eth0: fetch its checksum" tftp -g -r payload.md5 10.0.2.2
check "eth0: the file is right" [ -s payload -a "$(md5sum < payload)" = "$(cat payload.md5)" ]
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace|nobody cared|timed out"'
grep -E "ahci|nvme|eth0" /proc/interrupts
