# SPDX-License-Identifier: GPL-2.0-only
# Guest tests in a domain that `hl create` made, not their own toolstack: its memory layout, CPUID policy,
# start state, console and event channels are the real tools'.
. /tests/lib.sh

# payload TEST VCPUS: it runs to its end, succeeds and powers off
payload() {
	cat > /tmp/payload.cfg <<-END
		name = "payload"
		kernel = "/guest/payload.elf"
		cmdline = "test=$1 standalone"
		memory = 64
		vcpus = $2
		max_event_channels = 2047 # as many as the tests' own tools allow
	END
	: > $logs/guest-payload.log
	hl create /tmp/payload.cfg && wait_for 30 is_gone payload && wait_for 2 said payload "^TEST $1@domu SUCCESS" && return
	cat $logs/guest-payload.log
	is_gone payload || hl list
	hl destroy payload
	return 1
}

check "selftest" payload selftest 1
free=$(free_pages)
for t in hypercalls pointers evtchn gnttab multicall msr io; do
	check "$t" payload $t 1
done
for t in cpuid timer evtchn_smp smp lapic vcpu_op context walks; do
	check "$t, two vCPUs" payload $t 2
done
check "all memory is free again" all_free "$free"
check "a test that fails is seen to fail" eval '! payload no_such_test 1 > /dev/null'
