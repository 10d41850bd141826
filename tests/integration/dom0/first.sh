# One Debian guest from creation to its own power-off: what a slow machine has time for.
. /tests/lib.sh

stop_guest() {
	hl shutdown demo && wait_for 120 is_gone demo
}

warm_up
guest demo
before=$(free_pages)
check "create" hl create /tmp/demo.cfg
check "the guest is up" wait_for 400 said demo 'GUEST-UP demo cpus=1'
check "pause" hl pause demo
check "it is listed as paused" eval 'state_of demo | grep -q p'
check "unpause" hl unpause demo
check "it powers off when asked" stop_guest
check "its memory is free again" all_free "$before"
