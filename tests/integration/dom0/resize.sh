# SPDX-License-Identifier: GPL-2.0-only
# A guest whose memory and vCPUs change while it works: it really gives back and gets, what it does survives, the
# hypervisor's free memory moves with it. Then keys, NMIs, and the view of all that in hl top.
. /tests/lib.sh
warm_up
free=$(free_pages)

# moved PAGES MIB: so much more is free than PAGES, to a MiB or two
moved() {
	now=$(free_pages)
	off=$((now - $1 - $2 * 256))
	echo "free pages: $1 before, $now now"
	[ $off -gt -512 ] && [ $off -lt 512 ]
}

# total_is MIB: what the guest's kernel counts, as far from 256 as it should be (it keeps some for itself)
total_is() {
	in_guest big "now=\$(sed -n 's/MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo); off=\$((total - now - (256 - $1) * 1024)); [ \$off -gt -2048 ] && [ \$off -lt 2048 ]"
}

vcpus_of() {
	hl list "$1" | awk 'NR == 2 { print $4 }'
}

guest big 'memory = 256' 'maxmem = 320' 'vcpus = 2' 'maxvcpus = 3' 'extra = "console=hvc0 name=big beat"'
check "create" hl create /tmp/big.cfg
check "it is up with two of its three vCPUs" wait_for 90 said big 'GUEST-UP big cpus=2'
check "hl list sees two" [ "$(vcpus_of big)" = 2 ]
check "it settles below what it may have" wait_for 60 eval '[ "$(hl list big | awk "NR == 2 { print \$3 }")" = 256 ]'
check "a file in its memory" in_guest big 'mkdir /t && mount -t tmpfs -o size=90% t /t && dd if=/dev/urandom of=/t/f bs=64k count=512 2>/dev/null && md5sum /t/f > /sum'
check "its memory, as it counts it" in_guest big "total=\$(sed -n 's/MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)"
type_into big '(while dd if=/dev/zero of=/t/g bs=64k count=160 2>/dev/null; do :; done; echo CHURN-DIED) &'
whole=$(free_pages)
check "mem-set: less" hl mem-set big 176 || tail -n 60 "$logs/guest-big.log"
check "the hypervisor has it" moved "$whole" 80
check "the guest has it no more" total_is 176
check "mem-max shows it" sh -c "hl list -l big | grep -q '\"memory_max_mib\":177'"
check "back to all, in other units" hl mem-set big 262144K
check "the hypervisor has given it" moved "$whole" 0
check "the guest has it again" total_is 256
check "its work went on" in_guest big 'md5sum -c /sum && kill %1'
fails "more than maxmem" hl mem-set big 321
fails "a limit below the target" hl mem-max big 200
check "a limit above it" hl mem-max big 300m
check "all it may have" hl mem-set big 320
fails "no amount" hl mem-set big 1q
fails "Dom0's own" hl mem-set 0 512

check "vcpu-set: one" sh -c "hl vcpu-set big 1"
check "hl list sees one" [ "$(vcpus_of big)" = 1 ]
check "vcpu-list has it offline" sh -c "hl vcpu-list big | awk '\$3 == 1 && \$4 == \"-\" { found = 1 } END { exit !found }'"
type_into big 'for i in 1 2 3; do (while :; do :; done) & echo $! >> /busy; done'
online='for c in 1 2; do [ ! -e /sys/devices/system/cpu/cpu$c ] || echo 1 > /sys/devices/system/cpu/cpu$c/online; done 2>/dev/null'
check "two under load" hl vcpu-set big 2
check "the guest brings it up" in_guest big "$online; [ \$(nproc) = 2 ]"
fails "three are more than there are CPUs" hl vcpu-set big 3
check "unless one insists" hl vcpu-set -i big 3
check "the guest brings them up" in_guest big "$online; [ \$(nproc) = 3 ]"
check "all three work" wait_for 20 sh -c "hl top -b -i 2 -d 1 | awk '\$1 == \"big\" && \$4 > 120 { found = 1 } END { exit !found }'"
check "one again, under load" hl vcpu-set big 1
check "the guest has one" in_guest big '[ $(nproc) = 1 ]'
check "its processes live" in_guest big '[ $(wc -w < /busy) = 3 ] && kill -0 $(cat /busy) && md5sum -c /sum'
fails "none" hl vcpu-set big 0
fails "too many" hl vcpu-set -i big 4

check "sysrq" hl sysrq big h
check "the guest's log has it" wait_for 10 said big 'sysrq: HELP'
fails "two keys" hl sysrq big hh
check "trigger nmi" hl trigger big nmi
check "the guest's log has it" wait_for 10 said big 'NMI received'
fails "no such vCPU" hl trigger big nmi 3
fails "no power button" hl trigger big power
fails "no such trigger" hl trigger big bell

check "Dom0 gives up a vCPU" hl vcpu-set 0 1
check "and has one" [ "$(nproc)" = 1 ]
check "it is offered again" hl vcpu-set -n 0 2
check "and comes up again" wait_for 10 sh -c "echo 1 > /sys/devices/system/cpu/cpu1/online; [ \$(nproc) = 2 ]"

check "top has a row for each" sh -c "hl top -b -i 1 | awk 'NF == 19 && (\$1 == \"NAME\" || \$1 == \"Domain-0\" || \$1 == \"big\")' | wc -l | grep -qx 3"
hl top -b -i 1
check "top's times are those of list" sh -c "hl top -b -i 1 | awk '\$1 == \"big\" { exit !(\$3 > 3 && \$5 > 327600 && \$5 < 329800 && \$9 == 3) }'"
check "top --json" sh -c "hl top --json -i 2 -d 1 | grep -c '\"name\":\"big\"' | grep -qx 2"

check "two vCPUs, less memory, and a reboot" sh -c "hl mem-set big 192 && hl vcpu-set -n big 2"
type_into big 'reboot -f'
check "it comes back with two" wait_for 90 said big 'GUEST-UP big cpus=2' 2
check "and with less memory" wait_for 30 eval '[ "$(hl list big | awk "NR == 2 { print \$3 }")" = 192 ]'
check "destroy" hl destroy big

guest deaf 'kernel = "/guest/payload.elf"' 'extra = "test=selftest standalone"'
check "a paused guest" hl create -p /tmp/deaf.cfg
check "is asked, and not waited for" hl mem-set deaf 100
fails "and does not shut down" hl shutdown -t 2 deaf
check "says who" grep -q 'deaf has not shut down within 2 s' /tmp/complaint
check "destroy" hl destroy deaf
check "all memory is free again" all_free "$free"
