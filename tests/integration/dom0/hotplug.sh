# SPDX-License-Identifier: GPL-2.0-only
# Disks and network interfaces that come and go while their guest is busy on others of the same kind; the disk is open when
# it goes, and data flow through the interface. What is compared stays equal, and nothing is left of what went. A disk that
# is being written when it goes would hang Linux' own driver now and then (docs/toolstack.md).
. /tests/lib.sh
rounds=3
mkdir -p /images
cd /images || exit 1
truncate -s 16M steady.img spare.img

# What the guest does all the time, from its second disk: sh reads it there.
cat > work.img <<'END'
touch /tmp/busy
echo 0 0 > /tmp/disk
echo 0 0 > /tmp/net
dd if=/dev/urandom of=/tmp/n bs=64k count=16 2> /dev/null

# count FILE STATUS: one more, and one more failure if it was one
count() {
	read -r n bad < $1
	[ $2 = 0 ] || bad=$((bad + 1))
	echo $((n + 1)) $bad > $1
}

disk() {
	while [ -e /tmp/busy ]; do
		dd if=/dev/urandom of=/tmp/d bs=64k count=16 2> /dev/null
		dd if=/tmp/d of=/dev/xvda bs=64k conv=fsync,notrunc 2> /dev/null
		echo 3 > /proc/sys/vm/drop_caches
		[ "$(dd if=/dev/xvda bs=64k count=16 2> /dev/null | md5sum)" = "$(md5sum < /tmp/d)" ]
		count /tmp/disk $?
	done
}

net() {
	sum=$(md5sum < /tmp/n)
	while [ -e /tmp/busy ]; do
		[ "$(nc 10.8.0.1 7 < /tmp/n)" = "$sum" ]
		count /tmp/net $?
	done
}

disk & net &
exit
END
truncate -s 64K work.img

# worked KIND ROUNDS: how many rounds of its work, and how many of them went wrong, are in /tmp/KIND of the guest
worked() {
	check "$1 all the while: $2 rounds or more, all sums equal" \
		in_guest busy "read -r n bad < /tmp/$1; echo $1: \$n rounds, \$bad bad; [ \$n -ge $2 -a \$bad = 0 ]"
}

left_over() {
	cat /sys/block/loop*/loop/backing_file 2>/dev/null | grep spare
	ls /sys/class/net | grep "vif.*\.1$"
	xenstore-ls -f /local/domain/0/backend | grep -E "/(vbd/[0-9]*/51744|vif/[0-9]*/1)$"
}

# goes_in_guest PATH: Dom0 is done with it a little before the guest is
goes_in_guest() {
	in_guest busy "n=0; while [ -e $1 ] && [ \$n -lt 100 ]; do usleep 200000; n=\$((n + 1)); done; [ ! -e $1 ]"
}

plug_disk() {
	check "$1: a disk comes" hl block-attach busy /images/spare.img,raw,xvdc,w
	check "$1: it keeps what is written" in_guest busy \
		'dd if=/dev/urandom of=/tmp/s bs=64k count=32 2>/dev/null && dd if=/tmp/s of=/dev/xvdc conv=fsync bs=64k 2>/dev/null && echo 3 > /proc/sys/vm/drop_caches && [ "$(head -c 2097152 /dev/xvdc | md5sum)" = "$(md5sum < /tmp/s)" ]'
	type_into busy 'exec 9< /dev/xvdc'
	check "$1: it goes while it is open" hl block-detach busy xvdc
	check "$1: the guest has it no more" goes_in_guest /sys/block/xvdc
	type_into busy 'exec 9<&-'
}

plug_net() {
	check "$1: an interface comes" hl network-attach busy bridge=hot2
	check "$1: the guest brings it up" in_guest busy 'ip link set eth1 up && ip addr add 10.9.0.11/24 dev eth1'
	check "$1: what goes through it is whole" [ "$(nc 10.9.0.11 7 < spare.img | cut -d ' ' -f 1)" = "$(md5sum < spare.img | cut -d ' ' -f 1)" ]
	nc 10.9.0.11 7 < /dev/zero > /dev/null 2>&1 & flow=$!
	sleep 1
	check "$1: it goes while data flow" hl network-detach busy 1
	kill $flow
	check "$1: the guest has it no more" goes_in_guest /sys/class/net/eth1
}

ip link add hot type bridge && ip link set hot up && ip addr add 10.8.0.1/24 dev hot
ip link add hot2 type bridge && ip link set hot2 up && ip addr add 10.9.0.1/24 dev hot2
nc -ll -p 7 -e md5sum & server=$!
guest busy 'extra = "console=hvc0 name=busy net=10.8.0.11/24"' 'memory = 160' 'vcpus = 2' 'vif = [ "bridge=hot" ]' \
	"disk = [ '/images/steady.img,raw,xvda,w', '/images/work.img,raw,xvdb,r' ]"
check "create a guest" hl create /tmp/busy.cfg
check "it is up, with its network" wait_for 90 said busy NET-UP
check "it gets to work" in_guest busy 'sh /dev/xvdb'
for round in $(seq $rounds); do
	plug_disk "$round"
	plug_net "$round"
	check "$round: nothing is left of either" wait_for 10 eval '[ -z "$(left_over)" ]' || left_over
done
worked disk $rounds
worked net $rounds
check "destroy it" hl destroy busy
kill $server
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace|nobody cared"'
