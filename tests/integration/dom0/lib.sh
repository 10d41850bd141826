# SPDX-License-Identifier: GPL-2.0-only
# What the tests inside Dom0 share. Each check prints one line: `ok - what` or `not ok - what`.
export PATH=/usr/local/bin:/bin:/sbin:/usr/bin:/usr/sbin
logs=/var/log/xen/console
turn=0

# check WHAT COMMAND...: the command succeeds
check() {
	what=$1
	shift
	if "$@" > /tmp/check.out 2>&1; then
		echo "ok - $what"
	else
		echo "not ok - $what (status $?): $*"
		sed 's/^/    /' /tmp/check.out
		return 1
	fi
}

# fails WHAT COMMAND...: the command fails, and says why; /tmp/complaint keeps what it said
fails() {
	what=$1
	shift
	if "$@" > /dev/null 2> /tmp/complaint; then
		echo "not ok - $what: succeeded: $*"
		return 1
	fi
	complaint=$(grep -v '^Parsing config' /tmp/complaint | tail -n 1)
	if [ -z "$complaint" ]; then
		echo "not ok - $what: failed without a word: $*"
		return 1
	fi
	echo "ok - $what: $complaint"
}

# all_free PAGES: as many pages are free as before
all_free() {
	wait_for 10 eval '[ "$(free_pages)" = '"$1"' ]' && return
	echo "free pages: $1 before, $(free_pages) now"
	hl list
	hl debug-keys q
	return 1
}

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
	tries=$(($1 * 5))
	shift
	until "$@" > /dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		usleep 200000
	done
}

# said GUEST PATTERN [TIMES]: the guest's console log has the pattern at least that often
said() {
	[ "$(grep -c "$2" "$logs/guest-$1.log" 2>/dev/null)" -ge "${3:-1}" ]
}

# type_into GUEST TEXT: as if typed on the guest's console
type_into() {
	tty=$(xenstore-read "/local/domain/$(hl domid "$1")/console/tty")
	printf '%s\r' "$2" > "$tty"
}

# in_guest GUEST COMMAND: run it in the guest's shell; its last status is ours. Waits for a minute at most.
in_guest() {
	turn=$((turn + 1))
	printf '%s; echo "<%s:$?>"\r' "$2" $turn > "$(xenstore-read "/local/domain/$(hl domid "$1")/console/tty")"
	wait_for 60 said "$1" "^<$turn:[0-9]*>" || { tail -n 5 "$logs/guest-$1.log"; return 1; }
	said "$1" "^<$turn:0>" || { tail -n 5 "$logs/guest-$1.log"; return 1; }
}

is_gone() {
	! hl domid "$1"
}

# state_of GUEST: the state column of hl list, like -b----
state_of() {
	hl list "$1" | awk 'NR == 2 { print $5 }'
}

# guest NAME [LINE...]: writes /tmp/NAME.cfg, the demo guest under another name, its kernel packed with zstd in place of xz,
# which takes a tenth of the time; LINEs override
guest() {
	name=$1
	shift
	sed -e "s/\"demo\"/\"$name\"/" -e "s/name=demo/name=$name/" -e 's|"/guest/vmlinuz"|"/guest/vmlinuz-zstd"|' /etc/helium/demo.cfg > "/tmp/$name.cfg"
	for line in "$@"; do
		key=${line%% *}
		sed -i "/^$key /d" "/tmp/$name.cfg"
		echo "$line" >> "/tmp/$name.cfg"
	done
	: > "$logs/guest-$name.log"
}

# of the whole machine, exactly
free_pages() {
	pages | cut -d ' ' -f 2
}

# late_events: what Linux counted of its backends' events: all, those that it found no work behind, and for how many
# jiffies it therefore did not listen to the next ones (xen_irq_lateeoi)
late_events() {
	for what in events spurious_events jiffies_eoi_delayed; do
		cat /sys/bus/xen-backend/devices/*/xenbus/$what | awk -v w=$what '{ n += $1 } END { print n, w }'
	done
}

# warm_up [CONFIG-LINE]: one guest made and destroyed. Dom0's own tables (event channels, mapped
# grants) grow by a page with the first guest and keep it; what is counted comes after that.
warm_up() {
	guest warm "${1:-kernel = \"/guest/payload.elf\"}"
	hl create -p /tmp/warm.cfg && hl destroy warm || echo "not ok - a first guest"
}
