# SPDX-License-Identifier: GPL-2.0-only
# Eight guests at once for minutes, each with a disk that it writes and reads back and a network on which it sends to its
# neighbour and to Dom0, all with checksums. A lost interrupt shows as something that stands still: the guest's clock, its
# disk or its network. Dom0 keeps the same watch on its own clock: what the machine below us holds up stands there too.
. /tests/lib.sh
seconds=240
guests="1 2 3 4 5 6 7 8"
still_cs=500	# hundredths of a second that nothing may happen, beyond what Dom0's clock lost

ports() {
	pages | cut -d ' ' -f 4
}

# What a guest runs, from its second disk: sh reads it there. Words in capitals are filled in.
cat > /tmp/work.sh <<'END'
touch /tmp/busy
dd if=/dev/urandom of=/tmp/n bs=64k count=32 2> /dev/null

disk() {
	n=0 bad=0
	while [ -e /tmp/busy ]; do
		at=$((n % 7 * 16))
		dd if=/dev/urandom of=/tmp/d bs=64k count=16 2> /dev/null
		dd if=/tmp/d of=/dev/xvda bs=64k seek=$at conv=fsync,notrunc 2> /dev/null
		echo 3 > /proc/sys/vm/drop_caches
		[ "$(dd if=/dev/xvda bs=64k skip=$at count=16 2> /dev/null | md5sum)" = "$(md5sum < /tmp/d)" ] || bad=$((bad + 1))
		n=$((n + 1))
	done
	echo "disk $n $bad" > /tmp/disk
}

net() {
	n=0 bad=0
	while [ -e /tmp/busy ]; do
		for to in 10.8.0.NEXT 10.8.0.1; do
			[ "$( (cat /tmp/n; echo $n) | nc $to 7)" = "$( (cat /tmp/n; echo $n) | md5sum)" ] || bad=$((bad + 1))
			n=$((n + 1))
		done
	done
	echo "net $n $bad" > /tmp/net
}

# still NAME NOW VALUE: keeps the longest time that the value did not change
still() {
	eval "[ \"\$3\" = \"\$last_$1\" ]" || eval "last_$1=\$3 since_$1=$2"
	eval "[ $2 -le \$((since_$1 + worst_$1)) ] || worst_$1=\$(($2 - since_$1))"
}

watch() {
	worst_clock=0 worst_disk=0 worst_net=0 last_clock= last_disk= last_net=
	before= least=999999
	while [ -e /tmp/busy ]; do
		read -r up rest < /proc/uptime
		up=${up%.*}${up#*.}
		[ -z "$before" ] || [ $((up - before)) -le $worst_clock ] || worst_clock=$((up - before))
		before=$up
		read -r sent < /sys/class/net/eth0/statistics/tx_bytes
		read -r got < /sys/class/net/eth0/statistics/rx_bytes
		read -r done_disk < /sys/block/xvda/stat
		still net $up "$sent $got"
		still disk $up "$done_disk"
		while read -r what left rest && [ "$what" != MemAvailable: ]; do :; done < /proc/meminfo
		[ $left -ge $least ] || least=$left
		usleep 250000
	done
	echo "still $worst_clock $worst_disk $worst_net least $least" > /tmp/still
}

disk & disk=$!
net & net=$!
watch & watch=$!
sleep SECONDS
rm /tmp/busy
wait $watch $disk $net
echo "SOAK gNUMBER $(cat /tmp/disk /tmp/net /tmp/still | tr '\n' ' ')"
exit
END

# The longest that Dom0's clock stood still, until /tmp/busy goes
dom0_watch() {
	worst=0 before=
	while [ -e /tmp/busy ]; do
		read -r up _ < /proc/uptime
		up=${up%.*}${up#*.}
		[ -z "$before" ] || [ $((up - before)) -le $worst ] || worst=$((up - before))
		before=$up
		usleep 250000
	done
	echo $worst > /tmp/worst
}

make_guest() {
	truncate -s 8M "/tmp/disk$1"
	sed -e "s/NUMBER/$1/; s/NEXT/$((10 + $1 % 8 + 1))/; s/SECONDS/$seconds/" /tmp/work.sh > "/tmp/work$1"
	truncate -s 64K "/tmp/work$1"
	guest "g$1" "extra = \"console=hvc0 name=g$1 net=10.8.0.$((10 + $1))/24\"" 'memory = 112' 'vif = [ "bridge=soak" ]' \
		'on_crash = "preserve"' \
		"disk = [ \"/tmp/disk$1,raw,xvda,w\", \"/tmp/work$1,raw,xvdb,r\" ]"
	hl create "/tmp/g$1.cfg"
}

# What became of a guest: its state, the hypervisor's last words, what the guest said of its memory, its own last words
obituary() {
	echo "g$1: state $(state_of "g$1")"
	hl dmesg | tail -n 5
	grep -iE "panic|memory|oom|killed|GUEST-UP|NET-UP|Call Trace" "$logs/guest-g$1.log"
	tail -n 40 "$logs/guest-g$1.log"
}

# A guest that is not shows what it said.
is_ready() {
	wait_for 60 eval "said g$1 GUEST-UP && said g$1 NET-UP" && return
	obituary "$1"
	return 1
}

# Neither gone, nor crashed, nor short of memory
is_well() {
	case $(state_of "g$1") in
	???--*) said "g$1" "Out of memory" || return 0 ;;
	esac
	obituary "$1"
	return 1
}

has_ended() {
	wait_for 120 said "g$1" '^SOAK g' && return
	obituary "$1"
	return 1
}

destroy_all() {
	for g in "$@"; do
		check "destroy g$g" hl destroy "g$g"
	done
	for g in "$@"; do
		check "g$g is gone" wait_for 20 is_gone "g$g"
	done
	check "no domain is left, nor what it granted" wait_for 20 eval '[ "$(hl list | wc -l)" = 2 ]'
}

# field GUEST WORD N: the Nth number behind a word of what the guest said in the end
field() {
	sed -n "s/^SOAK \(g$1 .*\)/\1/p" "$logs/guest-g$1.log" | tr ' \r' '\n\n' | grep -A "$3" "^$2\$" | tail -n 1
}

# judge GUEST: it did something, nothing came wrong, nothing stood still
judge() {
	echo "g$1: had $(field "$1" least 1) kB to spare at the least"
	for kind in disk net; do
		check "g$1: $kind: $(field "$1" $kind 1) rounds" [ "$(field "$1" $kind 1)" -ge 2 ]
		check "g$1: $kind: all sums are equal" [ "$(field "$1" $kind 2)" = 0 ]
	done
	check "g$1: clock, disk, network stood still for at most $(field "$1" still 1), $(field "$1" still 2), $(field "$1" still 3) cs" \
		[ "$(field "$1" still 1)" -le $most -a "$(field "$1" still 2)" -le $most -a "$(field "$1" still 3)" -le $most ]
}

ip link add soak type bridge && ip link set soak up && ip addr add 10.8.0.1/24 dev soak
nc -ll -p 7 -e md5sum & server=$!
warm_up 'vif = [ "bridge=soak" ]'
free=$(free_pages) open=$(ports)
for g in $guests; do
	check "create g$g" make_guest "$g"
done
for g in $guests; do
	check "g$g is up, with its network" is_ready "$g" || poweroff -f
done
touch /tmp/busy
dom0_watch & watch=$!
for g in $guests; do
	type_into "g$g" 'sh /dev/xvdb'
done
for n in $(seq $((seconds / 20))); do
	sleep 20
	for g in $guests; do
		is_well "$g" > /tmp/well || break 2
	done
done
for g in $guests; do
	check "g$g is well" is_well "$g" || poweroff -f
done
for g in $guests; do
	check "g$g ends its work" has_ended "$g"
done
rm /tmp/busy
wait $watch
most=$((still_cs + 2 * $(cat /tmp/worst)))
echo "Dom0's clock stood still for at most $(cat /tmp/worst) cs: $most is what guests may"
late_events
for g in $guests; do
	judge "$g"
done
destroy_all $guests
check "as many event channels are open as before" wait_for 10 eval '[ "$(ports)" = '"$open"' ]'
# The hypervisor's tables of what Dom0 has mapped grow, and stay for the next guests.
kept=$((free - $(free_pages)))
check "all memory is free but for $kept pages of tables" [ $kept -le 128 ]
free=$(free_pages)
for g in 1 2; do
	check "create g$g once more" make_guest "$g"
done
for g in 1 2; do
	check "g$g is up again" is_ready "$g"
done
destroy_all 1 2
kill $server
check "all memory is free again" all_free "$free"
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace|nobody cared"'
