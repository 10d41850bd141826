# SPDX-License-Identifier: GPL-2.0-only
# Dom0 is what it should be: all its CPUs, a clock that moves, the daemons, the toolstack's view.
. /tests/lib.sh
check "the daemons answer" xenstore-read /local/domain/0/name
check "hl info" hl info
check "hl list shows Domain-0" sh -c "hl list | grep -q '^Domain-0 *0 '"
check "hl dmesg has the hypervisor's first lines" sh -c "hl dmesg | grep -q 'version\|Helium'"
a=$(date +%s)
sleep 2
b=$(date +%s)
check "two seconds last two seconds" [ $((b - a)) -ge 2 -a $((b - a)) -le 4 ]
check "every CPU takes timer interrupts" sh -c 'for c in $(seq 0 $(($(nproc) - 1))); do
	taskset $((1 << c)) sleep 0.1 || exit 1; done'
check "the clock source is xen's or the TSC" grep -qx 'xen\|tsc' /sys/devices/system/clocksource/clocksource0/current_clocksource
abi=FIFO-based
grep -q xen.fifo_events=0 /proc/cmdline && abi=2-level
check "its events are $abi" sh -c "dmesg | grep -q 'Using $abi ABI'"
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace"'
dmesg | grep -E "WARNING: CPU|Call Trace" -A 12 | head -40
true
