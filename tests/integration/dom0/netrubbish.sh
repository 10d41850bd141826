# SPDX-License-Identifier: GPL-2.0-only
# Guests whose network frontends lie: in both rings and in the states they go through. Each such interface ends alone, with
# a word in Dom0's log; Dom0, the hypervisor and another guest's network go on, and nothing stays mapped. A control ring
# cannot be had. On Dom0's command line seed=N repeats what is random.
. /tests/lib.sh
vifs="0 1 2 3 4 5"
seed=$(sed -n 's/.* seed=\([0-9]*\).*/\1/p' /proc/cmdline)
seed=${seed:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
echo "netrubbish: seed=$seed"
random=$seed

below() {
	random=$(((random * 1103515245 + 12345) & 0x7fffffff))
	drawn=$((random / 65536 % $1))
}

# front NODE VALUE...: as if the guest liar had written it
front() {
	dir=/local/domain/$id/device/vif/$1
	shift
	pairs=
	while [ $# -gt 0 ]; do
		pairs="$pairs $dir/$1 $2"
		shift 2
	done
	xenstore-write $pairs
}

# What the guest said of its rings, as keys and values
rings_of() {
	sed -n "s/^RING $1 \([-a-z0-9 ]*\).*/\1/p" $logs/guest-liar.log
}

# The other guest's network carries a megabyte, there and back.
check_other() {
	check "$1: the other guest's network works" [ "$(nc 10.8.2.2 7 < /tmp/data)" = "$(md5sum < /tmp/data)" ]
}

left_over() {
	ls /sys/class/net | grep '^vif' | grep -v "^vif$other_id\."
	xenstore-ls /local/domain/0/backend/vif 2>/dev/null | grep -E '^[0-9]' | grep -v "^$other_id "
}

# What the guest says it told on its interface; Dom0's log has to have it, and that interface's end.
check_log() {
	sed -n 's/^LIE \([0-9]\) \([^\r]*\).*/\1 \2/p' $logs/guest-liar.log > /tmp/lies
	check "$1: there are lies to look for" [ "$(wc -l < /tmp/lies)" = 4 ]
	while read -r vif what; do
		check "$1: Dom0's log on interface $vif: $what" sh -c "dmesg | grep 'vif$id\.$vif: ' | grep -q '$what'"
		check "$1: it is the end of interface $vif" sh -c "dmesg | grep -q 'vif$id\.$vif: fatal error; disabling'"
		check "$1: nothing passes it any more" [ "$(cat /sys/class/net/vif$id.$vif/carrier)" = 0 ]
	done < /tmp/lies
}

# Any state at any time, with rings as they lie by then
random_states() {
	for n in $(seq 30); do
		below 6
		vif=$drawn
		below 6
		front $vif state $((drawn + 1))
	done
	for vif in $vifs; do
		front $vif state 6 state 1 state 4
	done
}

# lie WHAT FIRST: a guest that lies, the fatal lies from that one on
lie() {
	guest liar 'kernel = "/guest/payload.elf"' "extra = \"test=netif_rubbish standalone seed=$((seed + $2)) lie=$2\"" \
		"vif = [ $(for v in $vifs; do printf '"bridge=rubbish", '; done) ]"
	check "$1: create a guest that lies" hl create /tmp/liar.cfg
	check "$1: it has rings" wait_for 20 said liar '^ALL-RINGS'
	id=$(hl domid liar)
	front 3 $(rings_of 3) event-channel 4711 request-rx-copy 1 state 4
	check "$1: Dom0 refuses a channel that is none" wait_for 10 xenstore-read "/local/domain/0/error/backend/vif/$id/3/error"
	front 3 state 6 state 1
	for vif in $vifs; do
		front $vif $(rings_of $vif) request-rx-copy 1 feature-rx-notify 1 feature-sg 1 feature-gso-tcpv4 1 state 4
	done
	check "$1: each lie in the rings is answered, what is right goes through" \
		wait_for 60 said liar '^RINGS-LIED in vain' || cat $logs/guest-liar.log
	check_log "$1"
	check_other "$1: meanwhile"
	random_states
	check_other "$1: after all states"
	check "$1: destroy it" hl destroy liar
	check "$1: it is gone" wait_for 20 is_gone liar
	check "$1: nothing stays attached" wait_for 10 eval '[ -z "$(left_over)" ]' || left_over
}

ip link add rubbish type bridge && ip link set rubbish up && ip addr add 10.8.2.1/24 dev rubbish
dd if=/dev/urandom of=/tmp/data bs=1M count=1 2> /dev/null
guest other 'extra = "console=hvc0 name=other net=10.8.2.2/24"' 'memory = 160' 'vif = [ "bridge=rubbish" ]'
check "another guest" hl create /tmp/other.cfg
check "it is up, with its network" wait_for 90 said other 'NET-UP other'
other_id=$(hl domid other)
# What the other guest's kernel writes to xenstored as it stands: XS_WRITE, 28 bytes of path and value
check "a guest cannot say that it has a control ring" in_guest other "exec 3<>/dev/xen/xenbus; printf \
'\\013\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\034\\0\\0\\0device/vif/0/ctrl-ring-ref\\0009' >&3; timeout 5 head -c 23 <&3 | grep -q EACCES"
ping -i 0.2 10.8.2.255 > /dev/null 2>&1 & broadcast=$!
lie "first" 0
# Dom0's tables have grown to what this takes, and stay so.
free=$(free_pages)
lie "again" 5
check "all memory is free again" all_free "$free"
kill $broadcast
check "destroy the other guest" hl destroy other
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace|nobody cared|BUG:"'
