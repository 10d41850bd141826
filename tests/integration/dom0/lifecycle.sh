# SPDX-License-Identifier: GPL-2.0-only
# A guest's life: create, console both ways, pause, reboot from inside, shutdown from outside, crash, destroy.
. /tests/lib.sh

beats() {
	grep -c '^beat' $logs/guest-life.log
}

warm_up
free=$(free_pages)
guest life 'extra = "console=hvc0 name=life beat"'
check "create" hl create /tmp/life.cfg
check "the guest's userland is up" wait_for 60 said life 'GUEST-UP life cpus=1'
first=$(hl domid life)
check "domname" [ "$(hl domname "$first")" = life ]
check "vcpu-list" sh -c "hl vcpu-list life | grep -q '^life'"
type_into life 'echo typed $((6 * 7))'
check "the console works both ways" wait_for 10 said life '^typed 42'

check "pause" hl pause life
check "listed as paused" sh -c "hl list life | grep -q ' [r-][b-]p--- '"
a=$(beats)
sleep 2
check "nothing runs while paused" [ "$(beats)" -le $((a + 1)) ]
check "unpause" hl unpause life
check "runs again" wait_for 10 sh -c "[ \$(grep -c '^beat' $logs/guest-life.log) -gt $((a + 1)) ]"

check "rename" hl rename life other
check "known by the new name" [ "$(hl domid other)" = "$first" ]
check "rename back" hl rename other life

type_into life 'reboot -f'
check "reboots from inside" wait_for 60 said life 'GUEST-UP life' 2
check "has a new domain id" [ "$(hl domid life)" != "$first" ]
check "reboot from outside" hl reboot life
check "comes up once more" wait_for 60 said life 'GUEST-UP life' 3
check "shutdown from outside" hl shutdown -t 60 life
check "is gone after shutdown" wait_for 5 is_gone life

guest crash 'on_crash = "destroy"'
check "create a guest that will crash" hl create /tmp/crash.cfg
check "it is up" wait_for 60 said crash 'GUEST-UP crash'
type_into crash 'echo c > /proc/sysrq-trigger'
check "is gone after its crash" wait_for 30 is_gone crash

guest kept 'on_crash = "preserve"' 'extra = "console=hvc0 name=kept then=crash"'
check "create a guest whose crash is kept" hl create /tmp/kept.cfg
check "listed as crashed" wait_for 60 sh -c "hl list kept | grep -q ' [r-][b-][p-][s-]c[d-] '"
check "destroy" hl destroy kept
check "is gone after destroy" wait_for 10 is_gone kept

check "all memory is free again" all_free "$free"
