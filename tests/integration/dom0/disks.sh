# SPDX-License-Identifier: GPL-2.0-only
# Guests' disks on Linux's own block drivers: what is written is there after a reboot and in Dom0, disks come and go
# while the guest runs, bad ones are refused with a reason, and whatever ends, nothing stays mapped, attached or open.
. /tests/lib.sh
mkdir -p /images
cd /images || exit 1

# size_is GUEST DISK KIB
size_is() {
	in_guest "$1" "[ \$(cat /sys/block/$2/size) = $(($3 * 2)) ]"
}

# sum_of FILE MARK: the check sum that the guest printed behind MARK
sum_of() {
	sed -n "s/^$2 \([0-9a-f]\{32\}\).*/\1/p" "$logs/guest-$1.log" | tail -n 1
}

# What a test may not leave behind: loop and network block devices in use, directories of devices.
left_over() {
	cat /sys/block/loop*/loop/backing_file /sys/block/nbd*/pid 2>/dev/null
	xenstore-ls /local/domain/0/backend 2>/dev/null | grep -E '^ [0-9]'
	xenstore-ls /local/domain/0/error 2>/dev/null | grep error
}

# nothing_left WHAT
nothing_left() {
	check "$1: nothing stays attached" wait_for 10 eval '[ -z "$(left_over)" ]' || left_over
}

dd if=/dev/zero of=raw.img bs=1M seek=64 count=0 2>/dev/null
dd if=/dev/zero of=spare.img bs=1M seek=16 count=0 2>/dev/null
dd if=/dev/urandom of=cd.iso bs=1M count=2 2>/dev/null
check "make a qcow2 image" qemu-img create -q -f qcow2 q.img 64M

# One guest that comes and goes.
guest warm "disk = [ '/images/raw.img,raw,xvda,w', '/images/q.img,qcow2,xvdb,w', '/images/cd.iso,,xvdc,r', '/images/spare.img,,xvdd' ]"
check "a first guest with a disk" hl create /tmp/warm.cfg
check "it is up" wait_for 90 said warm 'GUEST-UP warm'
check "its disks work" in_guest warm 'cat /dev/xvda /dev/xvdb /dev/xvdc /dev/xvdd > /dev/null'
check "it goes" hl destroy warm
nothing_left "the first guest"

guest disk 'memory = 192' "disk = [ '/images/raw.img,raw,xvda,w', 'vdev=xvdb,format=qcow2,access=w,target=/images/q.img', '/images/cd.iso,raw,xvdc,r,cdrom' ]"
check "create a guest with raw, qcow2 and CD" hl create /tmp/disk.cfg
check "its userland is up" wait_for 90 said disk 'GUEST-UP disk'
check "block-list has three, connected" [ "$(hl block-list disk | awk '$4 == 4' | wc -l)" = 3 ]
hl block-list disk
check "block-list --json" sh -c "hl block-list --json disk | grep -q '\"vdev\":\"xvdb\"'"
check "the raw disk has its size" size_is disk xvda 65536
check "the CD is what it is in Dom0" in_guest disk "[ \$(md5sum < /dev/xvdc | cut -c 1-32) = $(md5sum < cd.iso | cut -c 1-32) ]"
check "the CD cannot be written" in_guest disk '! dd if=/dev/zero of=/dev/xvdc bs=512 count=1 2>/dev/null'
for d in xvda xvdb; do
	check "$d: a file system, and files in it" in_guest disk \
		"mkdir -p /$d && mke2fs -F /dev/$d >/dev/null && mount -t ext4 /dev/$d /$d && dd if=/dev/urandom of=/$d/f bs=64k count=256 2>/dev/null && sync"
	check "$d: a sum of it" in_guest disk "echo $d-sum \$(md5sum < /$d/f)"
	check "$d: the same from the medium" in_guest disk \
		"echo 3 > /proc/sys/vm/drop_caches; [ \"\$(md5sum < /$d/f | cut -c 1-32)\" = $(sum_of disk $d-sum) ]"
done
check "top counts its blocks" sh -c "hl top -b -i 1 | awk '\$1 == \"disk\" { exit !(\$13 == 3 && \$15 > 0 && \$16 > 0 && \$17 > 32768 && \$18 > 65536) }'"

check "attach a disk while it runs" hl block-attach disk /images/spare.img,raw,xvdd,w
check "the guest has it" size_is disk xvdd 16384
check "the guest fills a part of it" in_guest disk 'dd if=/dev/urandom of=/dev/xvdd bs=64k count=64 2>/dev/null && sync'
check "Dom0 keeps what was written" [ "$(du -k spare.img | cut -f 1)" -ge 4096 ]
check "the guest discards it" in_guest disk 'blkdiscard /dev/xvdd'
check "Dom0 has the room back" [ "$(du -k spare.img | cut -f 1)" -lt 64 ]
check "the guest writes it" in_guest disk 'echo hello > /dev/xvdd && sync'
dd if=/dev/zero of=spare.img bs=1M seek=24 count=0 2>/dev/null
check "resize it" hl block-resize disk xvdd
check "the guest sees the new size" size_is disk xvdd 24576
check "detach it" hl block-detach disk xvdd
check "the guest has it no more" in_guest disk '[ ! -e /sys/block/xvdd ]'
check "what was written is in the file" sh -c "head -c 5 spare.img | grep -q hello"
check "attach it again, for the reboot" hl block-attach disk /images/spare.img raw xvdd w

type_into disk 'umount /xvda /xvdb; reboot -f'
check "reboots" wait_for 90 said disk 'GUEST-UP disk' 2 || cat /var/log/helium/hl-disk.log
check "has four disks again" wait_for 10 eval '[ "$(hl block-list disk | awk "\$4 == 4" | wc -l)" = 4 ]'
check "the raw disk kept its file" in_guest disk \
	"mkdir /a && mount -t ext4 /dev/xvda /a && [ \"\$(md5sum < /a/f | cut -c 1-32)\" = $(sum_of disk xvda-sum) ]"

# Refusals. The guest disk runs and has its images.
dd if=/dev/zero of=short.img bs=512 count=101 2>/dev/null
printf '\0\0\0\0\203\0\0\0\1\0\0\0\377\377\0\0' | dd of=short.img bs=1 seek=446 conv=notrunc 2>/dev/null
printf '\125\252' | dd of=short.img bs=1 seek=510 conv=notrunc 2>/dev/null
dd if=/dev/zero of=busy.img bs=1M seek=8 count=0 2>/dev/null
losetup /dev/loop7 busy.img

# refuse PATTERN DISK...: hl create with that disk fails and says so
refuse() {
	guest bad "disk = [ '$2' ]"
	fails "refused: $2" hl create -p /tmp/bad.cfg || hl destroy bad
	check "says: $1" grep -q "$1" /tmp/complaint
}
refuse 'in use: it is disk xvda of guest disk' '/images/raw.img,raw,xvda,w'
refuse 'in use: it is disk xvda of guest disk' '/images/../images/raw.img,raw,xvda,r'
refuse 'in use: it is disk xvdb of guest disk' '/images/q.img,qcow2,xvda,w'
refuse 'busy: Dom0 uses it itself, as /dev/loop7' '/images/busy.img,raw,xvda,w'
refuse 'No such file' '/images/none.img,raw,xvda,w'
refuse 'is a qcow2 image, but the configuration says raw' '/images/q.img,raw,xvda,w'
refuse 'is a raw image, but the configuration says qcow2' '/images/spare.img,qcow2,xvda,w'
refuse 'too short: it has 101 sectors, but its partition table needs 65536' '/images/short.img,raw,xvda,w'
refuse 'bad.cfg:.*: disk: expected the access: r or w' '/images/raw.img,raw,xvda,q'
refuse 'phy needs a block device' 'phy:/images/cd.iso,xvda,r'
check "a block device of Dom0's as a disk" hl block-attach disk phy:/dev/loop7,xvdf,w
check "the guest writes it" in_guest disk 'echo device > /dev/xvdf && sync'
check "detach it" hl block-detach disk xvdf
check "what was written is on the device" sh -c "head -c 6 /dev/loop7 | grep -q device"
losetup -d /dev/loop7
fails "refused: a name twice" hl block-attach disk /images/busy.img,raw,xvda,w
fails "refused: detach what is not there" hl block-detach disk xvdz
fails "refused: malformed" hl block-attach disk /images/busy.img,raw,xvdz,w,colour=red
check "with the column" grep -q 'column 29: unknown key' /tmp/complaint
check "two readers of one image are fine" hl block-attach disk /images/cd.iso,raw,xvde,r

# The backend's server killed: the guest sees errors, and the disk can be taken away and given again.
kill -9 "$(cat /sys/block/nbd0/pid)"
check "without its server the disk reads no more" in_guest disk '! dd if=/dev/xvdb of=/dev/null bs=1M count=1 skip=40 2>/dev/null'
check "detach it" hl block-detach disk xvdb
check "attach it again" hl block-attach disk format=qcow2,vdev=xvdb,access=w,target=/images/q.img
check "it reads again" in_guest disk 'dd if=/dev/xvdb of=/dev/null bs=1M count=1 skip=40'

# A guest that never connects: it loads no drivers.
guest dumb 'extra = "console=hvc0 rdinit=/bin/busybox -- sleep 1000"'
check "a guest without drivers" hl create /tmp/dumb.cfg
fails "it never connects" hl block-attach dumb /images/busy.img,raw,xvda,w
check "says so" grep -q "the guest did not connect to it within 20 s" /tmp/complaint
hl destroy dumb

# Destroyed while it writes.
type_into disk 'while :; do dd if=/dev/zero of=/dev/xvdd bs=1M count=24; dd if=/dev/zero of=/a/g bs=1M count=24; sync; done'
sleep 2
check "destroy it while it writes" hl destroy disk
nothing_left "destroyed while writing"

# Dom0's own tables (mapped grants, event channels) have grown to what all this needed, and stay so. Once more, with
# less: now every page must come back.
free=$(free_pages)
check "create it again" hl create /tmp/disk.cfg
check "it is up again" wait_for 90 said disk 'GUEST-UP disk' 3
type_into disk 'while :; do dd if=/dev/zero of=/dev/xvdb bs=1M count=64; sync; done'
sleep 2
check "destroy it while it writes qcow2" hl destroy disk
nothing_left "destroyed while writing qcow2"
check "all memory is free again" all_free "$free"
check "the raw image's file from Dom0" sh -c "mkdir /m && mount -t ext4 -o loop /images/raw.img /m && [ \"\$(md5sum < /m/f | cut -c 1-32)\" = $(sum_of disk xvda-sum) ]"
umount /m
check "the qcow2 image is whole but for lost clusters" sh -c "qemu-img check -q q.img || [ \$? = 3 ]"
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace|nobody cared|timed out"'
