# SPDX-License-Identifier: GPL-2.0-only
# Guests that boot themselves: GRUB for PVH, as Debian packages it, finds menu, kernel and initrd on the guest's own
# disk, raw and qcow2, and hands over to Linux, whose drivers take over disks, console and events. Over a reboot, with a
# seed for cloud-init; GRUB's own prompt; what is refused.
. /tests/lib.sh
patience=400 # GRUB asks for 4 KiB at a time and spins meanwhile: on a busy machine it reads a kernel for minutes
mkdir -p /images /m
cd /images || exit 1

# A disk with a file system, a menu, the kernel and the initrd of the other guests; and one as qcow2 with its own menu.
dd if=/dev/zero of=boot.img bs=1M seek=64 count=0 2>/dev/null
check "a file system" sh -c 'mke2fs -F boot.img > /dev/null && mount -t ext4 -o loop boot.img /m'
mkdir -p /m/boot/grub
cp /guest/vmlinuz /m/boot/
gzip -1 < /guest/initrd > /m/boot/initrd
cat > /m/boot/grub/grub.cfg <<END
set timeout=0
menuentry "from its own disk" {
	linux /boot/vmlinuz console=hvc0 name=self menu=qcow2
	initrd /boot/initrd
}
END
umount /m
check "the same as qcow2" qemu-img convert -O qcow2 boot.img boot.qcow2
check "another menu on the raw one" sh -c 'mount -t ext4 -o loop boot.img /m && sed -i s/menu=qcow2/menu=raw/ /m/boot/grub/grub.cfg && umount /m'
printf '#cloud-config\nhostname: seeded\n' > user-data

# self LINE...: the configuration of a guest of this name that boots itself
self() {
	guest self 'memory = 256' 'vcpus = 2' "$@"
	sed -i '/^kernel = "\/guest\/vmlinuz-zstd"/d; /^ramdisk = /d; /^extra/d' /tmp/self.cfg
}

# runs MENU: what it runs is on that disk, nothing that we gave it, on both vCPUs
runs() {
	in_guest self "grep -q menu=$1 /proc/cmdline && [ \$(nproc) = 2 ]"
}

# disk_works DISK: a file comes back from the medium as it was written
disk_works() {
	in_guest self "mkdir -p /a && mount -t ext4 /dev/$1 /a && dd if=/dev/urandom of=/a/f bs=64k count=64 2>/dev/null &&
md5sum /a/f > /sum && sync && echo 3 > /proc/sys/vm/drop_caches && md5sum -c /sum && umount /a"
}

# seed_is DISK: the guest reads what cloud-init would read there
seed_is() {
	in_guest self "grep -aq '^hostname: seeded' /dev/$1 && grep -aq 'instance-id: $uuid' /dev/$1 &&
grep -aq 'local-hostname: self' /dev/$1 && grep -aq CIDATA /dev/$1 && [ \$(cat /sys/block/$1/ro) = 1 ]"
}

# create: with everything that it has
create() {
	self 'firmware = "pvgrub64"' "vif = [ 'mac=00:16:3e:11:22:33' ]" \
		"disk = [ '/images/boot.img,raw,xvda,w', '/images/boot.qcow2,qcow2,xvdb,w' ]"
	hl create --cloud-init user-data /tmp/self.cfg
}

check "create it" create
check "it boots itself" wait_for $patience said self 'GUEST-UP self'
check "by GRUB" said self 'Reading (.*/boot/grub/grub.cfg\|Booting .from its own disk' || head -c 3000 "$logs/guest-self.log" | cat -v
check "from the raw disk's menu" runs raw
check "its raw disk works" disk_works xvda
check "its qcow2 disk works" disk_works xvdb
uuid=$(hl list -v self | awk 'NR == 2 { print $7 }')
check "its seed is there" seed_is xvdc
check "no seed stays in Dom0" [ -z "$(ls /run/helium | grep -E 'seed|cidata')" ]
check "without its menu the raw disk cannot boot" in_guest self 'mount -t ext4 /dev/xvda /a && mv /a/boot/grub/grub.cfg /a/off && umount /a'
type_into self 'reboot -f'
check "reboots" wait_for $patience said self 'GUEST-UP self' 2 || cat /var/log/helium/hl-self.log
check "from the qcow2 disk's menu" runs qcow2
check "with its MAC" in_guest self 'grep -q 00:16:3e:11:22:33 /sys/class/net/eth0/address'
check "with its seed" seed_is xvdc
check "with its raw disk" disk_works xvda
check "with its qcow2 disk" disk_works xvdb
check "the raw disk gets its menu back" in_guest self 'mount -t ext4 /dev/xvda /a && mv /a/off /a/boot/grub/grub.cfg && umount /a'
check "no seed stays in Dom0 now" [ -z "$(ls /run/helium | grep -E 'seed|cidata')" ]
type_into self 'poweroff -f'
check "powers off" wait_for 20 is_gone self

# Two lives have made Dom0's tables as large as it needs them; a third takes nothing for good, not even when it is cut short.
free=$(free_pages)
check "create it again" create
check "it boots again" wait_for $patience said self 'GUEST-UP self'
check "destroy it" hl destroy self
check "all memory is free again" all_free "$free"

self 'kernel = "/usr/lib/grub-xen/grub-i386-xen_pvh.bin"' 'disk = [ ]'
check "create it without a disk, GRUB named as kernel" hl create /tmp/self.cfg
check "GRUB asks what to do" wait_for 30 said self 'grub>'
type_into self 'echo I am $grub_cpu-$grub_platform'
check "GRUB answers" wait_for 10 said self 'I am i386-xen_pvh'
type_into self 'halt'
check "GRUB ends the guest" wait_for 10 is_gone self

# refuse PATTERN LINE...: hl create fails and says so
refuse() {
	pattern=$1
	shift
	self "$@"
	fails "refused: $1" hl create -p /tmp/self.cfg || hl destroy self
	check "says: $pattern" grep -q "$pattern" /tmp/complaint
}
refuse 'edk2-ovmf-xen' 'firmware = "ovmf"'
refuse 'expected "pvgrub64", "pvgrub32" or "ovmf"' 'firmware = "bios"'
refuse 'exclude each other' 'firmware = "pvgrub64"' 'kernel = "/guest/payload.elf"'
refuse 'ramdisk goes with kernel' 'firmware = "pvgrub64"' 'ramdisk="/guest/initrd"'
refuse 'cannot read /images/none' 'firmware = "pvgrub64"' 'cloud_init = "/images/none"'
# No OVMF for PVH is packaged in Debian; a Linux in its place says how it finds its local APICs: OVMF knows them as xAPICs only.
mkdir -p /usr/share/ovmf && cp /guest/vmlinuz-zstd /usr/share/ovmf/XEN_OVMF.fd
self 'firmware = "ovmf"' 'cmdline = "console=hvc0"' 'disk = [ ]'
check "create a Linux that is called OVMF" hl create /tmp/self.cfg
check "it finds its local APICs in xAPIC mode, and switches" wait_for 60 said self '\] x2apic enabled'
check "unlike others" sh -c "! grep 'x2apic: enabled by BIOS' $logs/guest-self.log"
check "both of its vCPUs come up" wait_for 60 said self 'Brought up 1 node, 2 CPUs'
check "destroy it" hl destroy self
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace|nobody cared|timed out"'
