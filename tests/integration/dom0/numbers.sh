# SPDX-License-Identifier: GPL-2.0-only
# Memory and hypercalls, for `make bench`. Lines read `NUMBER name value`.
. /tests/lib.sh
host_pages=524288		# the scenario's 2 GiB

number() {
	echo "NUMBER $1 $2"
}

set -- $(pages)
free=$2
number kept_kib $(((host_pages - $2 - $3) * 4))
strace -e trace=ioctl -o /tmp/trace hl create -p /etc/helium/demo.cfg
set -- $(pages)
number guest_kib $(((free - $2) * 4 - 128 * 1024))
number create_hypercalls "$(grep -c '0x50, 0' /tmp/trace)"
hl destroy demo
: > $logs/guest-demo.log
read -r start _ < /proc/uptime
hl create /etc/helium/demo.cfg
read -r created _ < /proc/uptime
wait_for 90 said demo GUEST-UP
read -r up _ < /proc/uptime
number create_seconds "$(echo "$created - $start" | bc)"
number guest_seconds "$(echo "$up - $start" | bc)"
hl destroy demo
