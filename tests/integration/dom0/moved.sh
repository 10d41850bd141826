# SPDX-License-Identifier: GPL-2.0-only
# Data through a guest's disk and network, piece by piece, for tests/bench/moved: it counts what the hypervisor does
# between the two words, each of which waits for a key.
. /tests/lib.sh
mib=4

window() {
	echo "WINDOW $1 $mib"
	read -r _ < /dev/console
	shift
	"$@"
	sleep 2
	echo "WINDOW-END"
	read -r _ < /dev/console
}

nothing() {
	type_into demo true
}

disk_read() {
	type_into demo "dd if=/dev/xvda of=/dev/null bs=64k count=$((mib * 16))"
}

disk_write() {
	type_into demo "dd if=/tmp/data of=/dev/xvda bs=64k conv=fsync,notrunc"
}

net_in() {
	nc 10.9.0.2 7 < /tmp/data
}

net_out() {
	nc 10.9.0.2 8 | md5sum
}

ip link add bench type bridge && ip link set bench up && ip addr add 10.9.0.1/24 dev bench
dd if=/dev/urandom of=/tmp/data bs=1M count=$mib 2> /dev/null
cp /tmp/data /tmp/disk
guest demo 'extra = "console=hvc0 name=demo net=10.9.0.2/24"' 'memory = 160' 'vif = [ "bridge=bench" ]' \
	'disk = [ "/tmp/disk,raw,xvda,w" ]'
hl create /tmp/demo.cfg
wait_for 120 eval "said demo GUEST-UP && said demo NET-UP"
type_into demo "dd if=/dev/urandom of=/tmp/data bs=1M count=$mib; echo DATA-MADE"
wait_for 60 said demo '^DATA-MADE'
ping -c 1 10.9.0.2 > /dev/null
for w in nothing disk_read disk_write net_in net_out; do
	window $w $w
done
hl destroy demo
