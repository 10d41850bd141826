# SPDX-License-Identifier: GPL-2.0-only
# What goes wrong with guests' networks: a message that names it, a status, and nothing half-made left behind.
. /tests/lib.sh
warm_up
free=$(free_pages)

# refuse WHAT PATTERN VIF [LINE...]: hl create of a small guest with this vif fails, and the message has the pattern
refuse() {
	what=$1 pattern=$2
	guest bad 'kernel = "/guest/payload.elf"' "vif = $3"
	shift 3
	for line in "$@"; do
		echo "$line" >> /tmp/bad.cfg
	done
	fails "$what" hl create -p /tmp/bad.cfg || hl destroy bad
	check "says so" grep -q "$pattern" /tmp/complaint
}

# script NAME LINE...: a hotplug script
script() {
	printf '%s\n' '#!/bin/sh' "$2" "$3" > "/tmp/$1"
	chmod +x "/tmp/$1"
}

refuse "a malformed address" 'bad.cfg:[0-9]*:14: vif: mac=00:16:3e: expected six' '[ "mac=00:16:3e" ]'
refuse "a word that is no key" 'bad.cfg:[0-9]*:21: vif: unknown key' '[ "mtu=1500,  brigde=x" ]'
refuse "a text instead of a list" 'expected a list' '"bridge=x"'
refuse "an unknown bridge" "bridge 'nowhere' does not exist" '[ "bridge=nowhere" ]'
refuse "an address given twice" 'have the same address' '[ "mac=00:16:3e:01:01:01", "mac=00:16:3e:01:01:01" ]'
refuse "a script that is not there" 'script /etc/xen/scripts/vif-none cannot be run' '[ "script=vif-none" ]'
refuse "vif-nat without an address" 'needs an IPv4 address' '[ "script=vif-nat" ]'
refuse "a name that is taken" 'vifname=lo: an interface of this name' '[ "vifname=lo" ]'
script fails 'xenstore-write $XENBUS_PATH/hotplug-error "no carrier pigeons" $XENBUS_PATH/hotplug-status error' 'exit 1'
refuse "a script that fails" 'script /tmp/fails failed: no carrier pigeons' '[ "script=/tmp/fails" ]'
script silent 'echo went well' ''
refuse "a script that does not report" 'did not say that the interface is connected; it said last: went well' '[ "script=/tmp/silent" ]'
script dies 'kill -9 $$' ''
refuse "a script that dies" 'status 137' '[ "script=/tmp/dies" ]'
script hangs 'echo waiting' 'sleep 1000'
refuse "a script that hangs" 'did not end within 10 s; it said last: waiting' '[ "script=/tmp/hangs" ]'
check "it was ended" sh -c '! pidof sleep'
refuse "one good interface and one bad" 'no carrier pigeons' '[ "", "script=/tmp/fails" ]'
check "no interface is left" sh -c '! ls /sys/class/net | grep -q ^vif'
hl network-default stop

mv /usr/sbin/dnsmasq /tmp
refuse "no dnsmasq" 'dnsmasq is not installed (package dnsmasq-base)' '[ "" ]'
check "no half of a network is left" [ ! -e /sys/class/net/helium0 ]
mv /tmp/dnsmasq /usr/sbin
rmmod xen_netback
refuse "Dom0's driver is not there" 'xen-netback' '[ "" ]'
insmod /lib/modules/xen_netback.ko

# A guest's own directory is its own: whatever it writes there is its own loss.
guest liar 'extra = "console=hvc0 name=liar modules=no"' 'vif = [ "" ]'
check "create a guest that will write rubbish" hl create -p /tmp/liar.cfg
id=$(hl domid liar)
front=/local/domain/$id/device/vif/0
xenstore-write $front/tx-ring-ref 99999 $front/rx-ring-ref rubbish $front/event-channel 4711 $front/request-rx-copy 1
xenstore-write $front/multi-queue-num-queues 4000000000 $front/backend /local/domain/0/backend/vif/77/0
xenstore-write $front/state 4
check "Dom0's driver refuses it" wait_for 10 xenstore-read "/local/domain/0/error/backend/vif/$id/0/error"
xenstore-rm $front/multi-queue-num-queues
xenstore-write $front/state 99
xenstore-write $front/state rubbish
check "network-list shows what there is" sh -c "hl network-list liar | grep -q '4711 99999'"
fails "attach without a driver in the guest" sh -c "hl unpause liar; hl network-attach liar; false"
check "says who did not connect" grep -q 'has not taken vif 1 into use' /tmp/complaint
fails "detach, and the guest does not answer" hl network-detach liar 1
check "detach by force" hl network-detach -f liar 1
check "destroy it" hl destroy liar
check "it is gone, nothing stays mapped" wait_for 10 is_gone liar
fails "attach to nobody" hl network-attach nobody
fails "attach to Dom0" hl network-attach 0
fails "attach with a mistake" hl network-attach 0 mac=1 || hl network-list 0
fails "neither number nor address" hl network-detach 0 first
fails "an odd word for the network" hl network-default sing
hl network-default stop
check "only Dom0 is left" [ "$(hl list | tail -n +2 | wc -l)" = 1 ]
check "no interface is left" sh -c '! ls /sys/class/net | grep -q ^vif'
check "all memory is free again" all_free "$free"
