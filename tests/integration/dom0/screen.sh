# SPDX-License-Identifier: GPL-2.0-only
# On UEFI with a screen, the firmware's frame buffer is Dom0's: its size is what the firmware said, and it can be written.
. /tests/lib.sh
check "there is a frame buffer" grep -q 'EFI VGA' /proc/fb
check "it has a size" grep -qx '[1-9][0-9]*,[1-9][0-9]*' /sys/class/graphics/fb0/virtual_size
pixels() {
	size=$(tr , ' ' < /sys/class/graphics/fb0/virtual_size)
	set -- $size
	echo $(($1 * $2 * 4))
}
mknod /dev/fb0 c 29 0 2>/dev/null
head -c 4096 /dev/urandom > /tmp/pattern
dd if=/tmp/pattern of=/dev/fb0 bs=4096 seek=$(($(pixels) / 4096 - 1)) 2>/dev/null
check "its last page keeps what is written" sh -c "dd if=/dev/fb0 bs=4096 skip=$(($(pixels) / 4096 - 1)) count=1 2>/dev/null | cmp - /tmp/pattern"
