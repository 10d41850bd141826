# SPDX-License-Identifier: GPL-2.0-only
# Guests' networks: the default one and bridges, TCP in every direction with checksums, interfaces that come and go,
# one that is shaped, one with its own translated network, a reboot, a backend that is taken away, a destroy under load.
. /tests/lib.sh
mib=$(sed -n 's/.*move-mib=\([0-9]*\).*/\1/p' /proc/cmdline) # a multiple of 8
: "${mib:=8}"

# address GUEST: what DHCP gave it last
address() {
	sed -n "s/.*NET-UP $1 eth0 \([0-9.]*\).*/\1/p" "$logs/guest-$1.log" | tail -n 1
}

mac() {
	hl network-list "$1" | awk -v id="${2:-0}" '$1 == id { print $3 }'
}

# guest_says GUEST COMMAND: the last line of what the command prints there, without file names
guest_says() {
	count=$(($(cat /tmp/count 2>/dev/null || echo 0) + 1))
	echo $count > /tmp/count # this runs in a subshell
	type_into "$1" "echo \"SAYS$count: \$($2 2>&1 | tail -n 1)\""
	wait_for $((50 + 2 * mib)) said "$1" "^SAYS$count: ." || return 1
	sed -n "s/^SAYS$count: \([^ \r]*\).*/\1/p" "$logs/guest-$1.log"
}

# same WHAT A B: and neither is empty
same() {
	check "$1" [ -n "$2" -a "$2" = "$3" ]
}

no_vif() {
	! ls /sys/class/net | grep -q '^vif'
}

# with_net NAME [LINE...]: as guest, on the default network with DHCP
with_net() {
	name=$1
	shift
	guest "$name" "extra = \"console=hvc0 name=$name net=dhcp\"" "memory = $((144 + 2 * mib))" 'vif = [ "" ]' "$@"
}

ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0 && ip route add default via 10.0.2.2
dd if=/dev/urandom of=/tmp/data bs=1M count=$mib 2>/dev/null
dom0_sum=$(md5sum < /tmp/data | cut -d ' ' -f 1)
check "Dom0 reaches the outside" wait_for 20 ping -c 1 -W 1 10.0.2.2
fetch="for i in \$(seq $((mib / 8))); do nc 10.0.2.100 8; done | md5sum" # the outside sends 8 MiB at a time
outside_sum=$(eval "$fetch" | cut -d ' ' -f 1)

# The first of the candidates is taken.
ip link add taken type bridge && ip addr add 192.168.229.7/28 dev taken
with_net one
with_net two 'vif = [ "", "mac=00:16:3e:77:77:77,bridge=small,mtu=1400" ]'
ip link add small type bridge && ip link set small up
ip link add private type bridge && ip link set private up && ip addr add 10.7.0.1/24 dev private
for g in one two; do
	check "create $g" hl create /tmp/$g.cfg
done
check "the default network takes a range that is free" sh -c "hl network-default status | grep -q '192.168.230.0/24, served'"
fails "it is not stopped while in use" hl network-default stop
for g in one two; do
	check "$g gets an address by DHCP" wait_for 60 said $g "NET-UP $g eth0 192.168.230"
	check "$g makes data" guest_says $g "dd if=/dev/urandom of=/tmp/data bs=1M count=$mib"
done
one=$(address one) two=$(address two)
one_sum=$(guest_says one 'md5sum /tmp/data')
two_sum=$(guest_says two 'md5sum /tmp/data')
hl network-list one two
check "network-list has both" [ "$(hl network-list one two | grep -c '^[01]  *0  *00:16:3e:.* 4 ')" = 3 ]
check "network-list --json" sh -c "hl network-list --json two | grep -q '\"mac\": *\"00:16:3e:77:77:77\"'"
check "list -l tells the interfaces" sh -c "hl list -l two | grep -q '\"bridge\": *\"small\"'"
check "an MTU is set" [ "$(cat "/sys/class/net/vif$(hl domid two).1/mtu")" = 1400 ]

same "Dom0 to guest, $mib MiB" "$(nc "$one" 7 < /tmp/data | cut -d ' ' -f 1)" "$dom0_sum"
same "guest to Dom0" "$(nc "$one" 8 | md5sum | cut -d ' ' -f 1)" "$one_sum"
same "one to two" "$(guest_says one "nc $two 7 < /tmp/data")" "$one_sum"
same "two to one, fetched" "$(guest_says one "nc $two 8 | md5sum")" "$two_sum"
same "two to one" "$(guest_says two "nc $one 7 < /tmp/data")" "$two_sum"
check "top counts it" sh -c "hl top -b -i 1 | awk '\$1 == \"one\" { exit !(\$10 == 1 && \$11 > $mib * 2048 && \$12 > $mib * 2048) }'"
same "one to two, fetched" "$(guest_says two "nc $one 8 | md5sum")" "$one_sum"
same "guest to outside" "$(guest_says one "nc 10.0.2.100 7 < /tmp/data")" "$one_sum"
same "outside to guest" "$(guest_says one "$fetch")" "$outside_sum"
check "names by DNS" [ "$(guest_says one "nslookup two | grep -c $two")" = 1 ]

late_events
# Interfaces that come and go
fails "an address that another guest has" hl network-attach one mac=00:16:3e:77:77:77
check "names that guest" grep -q 'in use by two' /tmp/complaint
check "attach, shaped" hl network-attach one bridge=private,rate=16Mb/s vifname=shaped0
check "has the name asked for" [ -e /sys/class/net/private/brif/shaped0 ]
guest_says one 'ip link set eth1 up; ip addr add 10.7.0.2/24 dev eth1; echo set' > /dev/null
start=$(date +%s)
same "guest to Dom0, shaped" "$(nc 10.7.0.2 8 | md5sum | cut -d ' ' -f 1)" "$one_sum"
took=$(($(date +%s) - start))
check "$mib MiB at 2 MB/s take $((mib * 3 / 8)) s or more: $took" [ $took -ge $((mib * 3 / 8)) ]
check "detach by address" hl network-detach one "$(mac one 1)"
check "is gone in the guest" [ "$(guest_says one 'ls /sys/class/net | grep -c eth')" = 1 ]
check "is gone in Dom0" [ ! -e /sys/class/net/shaped0 ]
check "attach with a network of its own" hl network-attach one script=vif-nat ip=10.9.8.7
guest_says one 'ip link set eth1 up; ip addr add 10.9.8.7/24 dev eth1; ip route del default; ip route add default via 10.9.8.1; echo set' > /dev/null
same "outside to guest, by the translated network" "$(guest_says one "$fetch")" "$outside_sum"
check "detach by number" hl network-detach one 1
check "its route is gone" sh -c '! ip route | grep -q 10.9.8.7'
check "its translation is gone" sh -c '! nft list table ip helium | grep -q 10.9.8.7'
fails "detach what is not there" hl network-detach one 1

# A reboot keeps what was given and what came later.
check "attach one that will stay" hl network-attach two bridge=private
was="$(mac two 0) $(mac two 1) $(mac two 2)"
type_into two 'reboot -f'
check "is up again with its address" wait_for 60 said two "NET-UP two eth0 $two" 2
same "the addresses are those of before" "$(mac two 0) $(mac two 1) $(mac two 2)" "$was"

# Dom0's driver is taken away from one device, while data flow.
nc "$two" 7 < /dev/zero > /dev/null 2>&1 & flow=$!
sleep 1
echo "vif-$(hl domid two)-0" > /sys/bus/xen-backend/drivers/vif/unbind
kill $flow 2>/dev/null
check "the other guest goes on" ping -c 2 -W 5 "$one"
check "network-list goes on" hl network-list two
check "destroy after that" hl destroy two
check "it is gone" wait_for 10 is_gone two

# Destroyed while data flow in both directions
nc "$one" 7 < /dev/zero > /dev/null 2>&1 & flow=$!
(while nc "$one" 8; do :; done) > /dev/null 2>&1 & back=$!
sleep 2
check "destroy under load" hl destroy one
kill $flow $back 2>/dev/null
check "it is gone, and nothing stays mapped" wait_for 10 is_gone one
check "no interface is left" no_vif
check "nothing is left in xenstore" [ "$(xenstore-ls -f /local/domain/0/backend/vif 2>/dev/null | grep -c /)" -le 1 ]
free=$(free_pages)
with_net one
check "once more" hl create /tmp/one.cfg
check "with an address by DHCP" wait_for 60 said one 'NET-UP one eth0'
check "destroy it" hl destroy one
check "all memory is free again" all_free "$free"
check "stop the default network" hl network-default stop
check "nothing of it is left" [ ! -e /sys/class/net/helium0 -a -z "$(pidof dnsmasq)" -a "$(nft list ruleset | grep -c 192.168)" = 0 ]
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace|nobody cared"'
