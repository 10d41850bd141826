# SPDX-License-Identifier: GPL-2.0-only
# A Dom0 busy with compiling, disk and network at once: every interrupt arrives, no register is lost.
. /tests/lib.sh
seconds=8

# The same source must give the same object every time, or state leaks between worlds.
compile_loop() {
	awk 'BEGIN { for (i = 0; i < 300; i++)
		printf "double f%d(double x, int n) { int i; for (i = 0; i < n; i++) x = x * %d.5 + i; return x; }\n", i, i }' > /tmp/a.c
	tcc -nostdinc -c -o /tmp/a.o /tmp/a.c && first=$(md5sum < /tmp/a.o) || return 1
	n=0
	while [ -e /tmp/busy ]; do
		tcc -nostdinc -c -o /tmp/b.o /tmp/a.c || return 1
		[ "$(md5sum < /tmp/b.o)" = "$first" ] || return 1
		n=$((n + 1))
	done
	echo "compiled $n times"
}

# disk_loop DEVICE DIR
disk_loop() {
	mkdir -p "$2" && mke2fs -F "$1" >/dev/null && mount -t ext4 "$1" "$2" || return 1
	n=0
	while [ -e /tmp/busy ]; do
		dd if=/dev/urandom of="$2/f" bs=64k count=64 conv=fsync 2>/dev/null || return 1
		a=$(md5sum < "$2/f")
		echo 3 > /proc/sys/vm/drop_caches
		[ "$(md5sum < "$2/f")" = "$a" ] || return 1
		n=$((n + 1))
	done
	umount "$2"
	echo "$1 written and read $n times"
}

network_loop() {
	ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up && sleep 2 || return 1
	n=0
	cd /tmp || return 1
	tftp -g -r payload.md5 10.0.2.2 || return 1
	while [ -e /tmp/busy ]; do
		tftp -g -b 1468 -r payload 10.0.2.2 || return 1
		[ "$(md5sum < payload)" = "$(cat payload.md5)" ] || return 1
		ping -c 2 -i 0.1 -W 2 10.0.2.2 > /dev/null || return 1
		n=$((n + 1))
	done
	echo "fetched $n times"
}

touch /tmp/busy
compile_loop & compile=$!
disk_loop /dev/sda /mnt/a & ahci=$!
disk_loop /dev/nvme0n1 /mnt/n & nvme=$!
network_loop & network=$!
sleep $seconds
rm /tmp/busy
check "compiling gives the same object every time" wait $compile
check "AHCI disk under load" wait $ahci
check "NVMe disk under load" wait $nvme
check "network under load" wait $network
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace|nobody cared|timed out"'
