# SPDX-License-Identifier: GPL-2.0-only
# Fifty guests made and destroyed leave no page behind; every tenth runs Debian to its userland first,
# the others are small kernels (those of the guest tests) that never start.
. /tests/lib.sh
warm_up
free=$(free_pages)
echo "free pages before: $free"
failed=0
for i in $(seq 1 50); do
	guest cycle "extra = \"console=hvc0 name=cycle$i\""
	if [ $((i % 10)) = 0 ]; then
		hl create /tmp/cycle.cfg > /tmp/out 2>&1 && wait_for 60 said cycle "GUEST-UP cycle$i"
	else
		guest cycle 'kernel = "/guest/payload.elf"'
		hl create -p /tmp/cycle.cfg > /tmp/out 2>&1
	fi || { failed=$((failed + 1)); echo "cycle $i:"; cat /tmp/out; }
	hl destroy cycle || failed=$((failed + 1))
	[ $((i % 10)) != 0 ] || echo "cycle $i, free pages: $(free_pages)"
done
check "50 guests created and destroyed" [ $failed = 0 ]
check "free memory is the same to the page" all_free "$free"
