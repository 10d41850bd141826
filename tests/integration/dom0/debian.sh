# SPDX-License-Identifier: GPL-2.0-only
# A Debian that boots itself: GRUB from the menu that its own update-grub wrote, systemd up to multi-user.target, a login.
# Its cloud-init does what the seed says, once. What the guest wrote is there after a reboot and, by its journal, after its
# end in the middle of writing; first on a raw disk (/dev/sda, scripts/mkdisk made it), then on a qcow2 image over that.
. /tests/lib.sh
mkdir -p /images
cd /images || exit 1
boots=0

# debian DISK: its configuration. The log starts afresh.
debian() {
	cat > debian.cfg <<-END
		name = "debian"
		firmware = "pvgrub64"
		memory = 768
		vcpus = 2
		disk = [ '$1' ]
		vif = [ 'mac=00:16:3e:0d:eb:12' ]
		cloud_init = "/images/user-data"
	END
}

# logs_in: the next boot's prompt, and a shell behind it that does not paint
logs_in() {
	boots=$((boots + 1))
	check "boot $boots: GRUB reads its menu" wait_for 240 said debian 'Reading (.*/boot/grub/grub.cfg' $boots
	check "boot $boots: a login prompt with the name from the seed" wait_for 300 said debian 'seeded login:' $boots || tail -n 20 "$logs/guest-debian.log"
	[ $boots = 3 ] || check "boot $boots: cloud-init is through" wait_for 300 said debian 'Cloud-init v.* finished at' $boots
	type_into debian root
	check "boot $boots: a login" wait_for 60 said debian 'root@seeded:~#' $boots
	type_into debian "TERM=dumb; bind 'set enable-bracketed-paste off'"
	check "boot $boots: multi-user.target" in_guest debian 'until systemctl is-active multi-user.target; do sleep 1; done'
	check "boot $boots: 2 vCPUs" in_guest debian '[ $(nproc) = 2 ]'
	check "boot $boots: its MAC" in_guest debian 'grep -q 00:16:3e:0d:eb:12 /sys/class/net/*/address'
	check "boot $boots: its seed" in_guest debian \
		'mount -o ro -L CIDATA /mnt && grep -q "hostname: seeded" /mnt/user-data && grep -q instance-id: /mnt/meta-data && umount /mnt'
}

# seeded: cloud-init has read the seed and done what it asks for, its commands in the first boot only
seeded() {
	check "boot $boots: cloud-init read the seed, without errors" in_guest debian \
		'r=$(tr -d " \n" < /run/cloud-init/result.json); echo "$r"; echo "$r" | grep -q "DataSourceNoCloud\[seed=/dev/xvd.*errors\":\[\]"'
	check "boot $boots: the file of write_files" in_guest debian \
		'[ "$(cat /etc/seeded)" = "by write_files" ] && [ $(stat -c %a /etc/seeded) = 640 ]'
	check "boot $boots: runcmd has run once" in_guest debian '[ "$(cat /root/ran)" = "by runcmd on seeded" ]'
}

# writes FILE: check sums of what comes back from the medium
writes() {
	in_guest debian "dd if=/dev/urandom of=$1 bs=1M count=24 conv=fsync && md5sum $1 > $1.sum && sync &&
echo 3 > /proc/sys/vm/drop_caches && md5sum -c $1.sum"
}

cat > user-data <<-END
	#cloud-config
	hostname: seeded
	locale: C.UTF-8
	write_files:
	- path: /etc/seeded
	  permissions: '0640'
	  content: by write_files
	runcmd:
	- echo "by runcmd on \$(hostname)" >> /root/ran
END
debian 'phy:/dev/sda,xvda,w'
check "create it from a raw disk" hl create debian.cfg
logs_in
seeded
check "systemd is content" in_guest debian '[ -z "$(systemctl --failed --no-legend)" ] || ! systemctl --failed --no-legend'
check "its kernel came from its disk" in_guest debian 'grep -q "BOOT_IMAGE=/boot/vmlinuz.*root=UUID" /proc/cmdline'
check "raw: sums" writes /root/raw
check "every boot shall check its file system" in_guest debian 'tune2fs -c 1 /dev/xvda1'
type_into debian reboot
logs_in
seeded
check "cloud-init is switched off" in_guest debian 'touch /etc/cloud/cloud-init.disabled && sync'
check "what it wrote is there" in_guest debian 'md5sum -c /root/raw.sum'
type_into debian '(while :; do for i in $(seq 50); do echo $i > /root/j$i; done; dd if=/dev/zero of=/root/w bs=1M count=8; sync; rm /root/j*; done) > /dev/null 2>&1 &'
sleep 8
check "end it while it writes" hl destroy debian

check "a qcow2 image over what is left" qemu-img create -q -f qcow2 -b /dev/sda -F raw debian.qcow2
debian '/images/debian.qcow2,qcow2,xvda,w'
check "create it from the qcow2 image" hl create debian.cfg
logs_in
check "the journal was replayed" in_guest debian 'dmesg | grep "EXT4-fs (xvda1): recovery complete" || ! dmesg | grep EXT4'
check "systemd has checked the file system" in_guest debian \
	'systemctl show -p Result -p ExecMainStatus systemd-fsck-root; systemctl is-active systemd-fsck-root'
check "nothing was lost" in_guest debian 'md5sum -c /root/raw.sum'
check "qcow2: sums" writes /root/qcow2
type_into debian poweroff
check "powers off" wait_for 120 is_gone debian
check "the qcow2 image is whole but for lost clusters" sh -c "qemu-img check -q debian.qcow2 || [ \$? = 3 ]"
check "no kernel warning" sh -c '! dmesg | grep -E "WARNING: CPU|Call Trace|nobody cared|timed out"'
