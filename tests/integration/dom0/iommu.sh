# SPDX-License-Identifier: GPL-2.0-only
# A guest's disk is a real one of Dom0's, so the device moves the guest's own pages: directly behind an IOMMU, by bounce
# buffers without one. What is written must be what is read, by the guest and by Dom0. `want-iommu=` says which it is to be.
. /tests/lib.sh
want=$(sed -n 's/.*want-iommu=\([^ ]*\).*/\1/p' /proc/cmdline)
: "${want:=none}"

is_bounced() {
	grep -q swiotlb=force /proc/cmdline && dmesg | grep -q 'software IO TLB'
}

is_not_bounced() {
	! grep -q swiotlb= /proc/cmdline && ! dmesg | grep -q 'software IO TLB'
}

check "hl info says $want" sh -c "hl info | grep -q '^iommu *: $want'"
check "hl info --json says $want" sh -c "hl info --json | grep -q '\"iommu\":\"$want'"
if [ "$want" = none ]; then
	check "DMA goes through bounce buffers" is_bounced
else
	check "virt_caps say so, too" sh -c "hl info | grep -q '^virt_caps.*hvm_directio.*iommu_hap_pt_share'"
	check "nothing is bounced" is_not_bounced
fi

guest dma "disk = [ 'phy:/dev/nvme0n1,xvda,w', 'phy:/dev/sda,xvdb,w' ]"
check "a guest on real disks" hl create /tmp/dma.cfg
check "it is up" wait_for 90 said dma 'GUEST-UP dma'
for d in xvda xvdb; do
	check "$d: a file system, and files in it" in_guest dma \
		"mkdir -p /$d && mke2fs -F /dev/$d >/dev/null && mount -t ext4 /dev/$d /$d && dd if=/dev/urandom of=/$d/f bs=64k count=192 2>/dev/null && sync"
	check "$d: a sum of it" in_guest dma "echo $d-sum \$(md5sum < /$d/f)"
	sum=$(sed -n "s/^$d-sum \([0-9a-f]\{32\}\).*/\1/p" "$logs/guest-dma.log" | tail -n 1)
	check "$d: the same from the medium" in_guest dma \
		"echo 3 > /proc/sys/vm/drop_caches; [ \"\$(md5sum < /$d/f | cut -c 1-32)\" = $sum ]"
	check "$d: taken off" in_guest dma "umount /$d"
	[ $d = xvda ] && nvme=$sum || ahci=$sum
done
check "the guest goes" hl destroy dma

# in_dom0 DEVICE SUM
in_dom0() {
	check "$1: mount in Dom0" wait_for 10 mount -t ext4 "$1" /mnt || return
	check "$1: Dom0 reads what the guest wrote" [ "$(md5sum < /mnt/f | cut -c 1-32)" = "$2" ]
	umount /mnt
}
in_dom0 /dev/nvme0n1 "$nvme"
in_dom0 /dev/sda "$ahci"

# A device that is told to write into the hypervisor: QEMU's edu, at whose registers anybody may poke who is root.
edu=$(grep -l 0x11e8 /sys/bus/pci/devices/*/device 2>/dev/null)
edu=${edu%/device}
if [ "$want" != none ]; then
	check "there is an edu" [ -n "$edu" ]
	name=${edu##*/}
	echo 1 > "$edu/enable"
	printf '\006' | dd of="$edu/config" bs=1 seek=4 conv=notrunc 2>/dev/null
	bar=$(head -n 1 "$edu/resource" | cut -d ' ' -f 1)
	poke() {
		devmem $((bar + $1)) 64 "$2"
	}
	image=$(($(hl dmesg | sed -n 's/.*(loaded by .* at \([0-9]*\) KiB).*/\1/p') * 1024 + 0x1000))
	poke 0x80 0x40000 # from its buffer
	poke 0x88 "$image"
	poke 0x90 64
	poke 0x98 3
	is_done() {
		[ $(($(devmem $((bar + 0x98)) 64) & 1)) = 0 ]
	}
	check "it has tried" wait_for 10 is_done
fi
[ "$want" != VT-d ] || # QEMU's AMD-Vi stops it and reports nothing (docs/testing.md)
	check "its write is stopped and reported" \
		wait_for 10 sh -c "hl dmesg | grep -q 'IOMMU: stopped device $name: write of $(printf 0x%x $image)'" || hl dmesg | tail -n 3
check "nothing else was stopped" [ "$(hl dmesg | grep -c 'IOMMU: stopped')" = $([ "$want" = VT-d ] && echo 1 || echo 0) ] ||
	hl dmesg | grep 'IOMMU: stopped'
