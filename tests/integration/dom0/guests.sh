# SPDX-License-Identifier: GPL-2.0-only
# More than one: a guest with two vCPUs, and three guests at once that all stay alive; the second's kernel packed with xz, the
# third without FIFO events.
. /tests/lib.sh
warm_up
free=$(free_pages)
guest pair 'vcpus = 2'
guest two 'kernel = "/guest/vmlinuz"' 'extra = "console=hvc0 name=two beat"'
guest three 'extra = "console=hvc0 name=three beat xen.fifo_events=0"' 'max_event_channels = 4095'
for g in pair two three; do
	check "create $g" hl create /tmp/$g.cfg
done
check "the guest with two vCPUs is up with both" wait_for 90 said pair 'GUEST-UP pair cpus=2'
check "the second is up" wait_for 90 said two 'GUEST-UP two'
check "the third is up" wait_for 90 said three 'GUEST-UP three'
check "the second has FIFO events" said two 'Using FIFO-based ABI'
check "the third has 2-level events" said three 'Using 2-level ABI'
check "four domains are listed" [ "$(hl list | tail -n +2 | wc -l)" = 4 ]
hl list
check "the second's clock runs" wait_for 20 said two '^beat' 3
check "the third's clock runs" wait_for 20 said three '^beat' 3
for g in pair two three; do
	check "destroy $g" hl destroy $g
done
check "one domain is left" wait_for 10 eval '[ "$(hl list | tail -n +2 | wc -l)" = 1 ]'
check "all memory is free again" all_free "$free"
