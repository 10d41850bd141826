# SPDX-License-Identifier: GPL-2.0-only
# Guests whose block frontends lie, in xenstore and in the ring, and a backend whose module is taken away under a guest
# that writes: each ends alone. Dom0, the hypervisor and another guest go on, and nothing stays mapped or attached.
. /tests/lib.sh
mkdir -p /images
for i in liar wild other; do
	dd if=/dev/zero of=/images/$i.img bs=1M seek=16 count=0 2>/dev/null
done

# front NODE VALUE...: as if the guest liar had written it
front() {
	dir=/local/domain/$(hl domid liar)/device/vbd/$1
	shift
	while [ $# -gt 0 ]; do
		xenstore-write "$dir/$1" "$2"
		shift 2
	done
}

# A guest with two disks: the first one's directory is rubbish, the second one's ring
lie() {
	guest liar 'kernel = "/guest/payload.elf"' 'extra = "test=blkif_rubbish standalone"' \
		"disk = [ '/images/liar.img,raw,xvda,w', '/images/wild.img,raw,xvdb,w' ]"
	check "$1: create a guest that lies" hl create /tmp/liar.cfg
	check "it has a ring" wait_for 20 said liar '^RING '
	id=$(hl domid liar)
	front 51712 ring-ref 99999 event-channel 4711 protocol rubbish state 3
	check "the backend refuses a protocol" wait_for 10 xenstore-read "/local/domain/0/error/backend/vbd/$id/51712/error"
	front 51712 protocol x86_64-abi multi-queue-num-queues 4000000000 state 99 state rubbish
	ring=$(sed -n 's/^RING ring-ref=\([0-9]*\) event-channel=\([0-9]*\).*/ring-ref \1 event-channel \2/p' $logs/guest-liar.log)
	front 51728 $ring protocol x86_64-abi state 3
	check "the backend answers each lie in the ring, and serves what is right" \
		wait_for 60 said liar '^TEST blkif_rubbish@domu SUCCESS' || cat $logs/guest-liar.log
	check "it goes, with its last lie in the ring" wait_for 40 is_gone liar
	check "nothing stays attached" wait_for 10 eval '[ -z "$(left_over)" ]' || left_over
}

guest other 'extra = "console=hvc0 name=other beat"' "disk = [ '/images/other.img,raw,xvda,w' ]"
check "another guest" hl create /tmp/other.cfg
check "it is up" wait_for 90 said other 'GUEST-UP other'
other_id=$(hl domid other)
check "it uses its disk" in_guest other 'mke2fs -F /dev/xvda > /dev/null && mkdir /a && mount -t ext4 /dev/xvda /a && dd if=/dev/urandom of=/a/f bs=64k count=64 2>/dev/null && md5sum /a/f > /sum && sync'
left_over() {
	cat /sys/block/loop*/loop/backing_file 2>/dev/null | grep -v other.img
	xenstore-ls /local/domain/0/backend/vbd 2>/dev/null | grep -E '^[0-9]' | grep -v "^$other_id "
}
lie "first"
# Dom0's tables have grown to what this takes, and stay so.
free=$(free_pages)
lie "again"
check "all memory is free again" all_free "$free"
check "the other guest's file is whole" in_guest other 'echo 3 > /proc/sys/vm/drop_caches; md5sum -c /sum'
check "Dom0's driver said what it thought" sh -c "dmesg | grep -q 'bogus ring requests'"

type_into other 'while :; do dd if=/dev/zero of=/a/g bs=64k count=64; sync; done'
sleep 1
check "the backend's driver lets go in mid-flight" sh -c "echo vbd-$other_id-51712 > /sys/bus/xen-backend/drivers/vbd/unbind"
check "its module goes" rmmod xen_blkback
fails "no disk without it" hl create -p /tmp/liar.cfg
check "says what is missing" grep -q 'xen-blkback' /tmp/complaint
check "the guest's clock runs" sh -c "a=\$(grep -c '^beat' $logs/guest-other.log); sleep 3; [ \$(grep -c '^beat' $logs/guest-other.log) -gt \$a ]"
check "destroy it" hl destroy other
other_id=none
check "nothing stays attached" wait_for 10 eval '[ -z "$(left_over; losetup -a)" ]' || left_over
check "the module comes again" insmod /lib/modules/xen_blkback.ko
lie "after that"
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace|nobody cared|BUG:"'
