# SPDX-License-Identifier: GPL-2.0-only
# What bad input gets: a message, a status, and nothing half-made left behind.
. /tests/lib.sh
warm_up
free=$(free_pages)
dd if=/dev/urandom of=/tmp/noise bs=64k count=1 2>/dev/null
head -c 1000000 /guest/vmlinuz > /tmp/short
cp /guest/vmlinuz /tmp/damaged
dd if=/dev/zero of=/tmp/damaged bs=1k seek=3000 count=64 conv=notrunc 2>/dev/null

# refuse WHAT LINE...: hl create of the demo guest changed by the lines fails
refuse() {
	what=$1
	shift
	guest bad "$@"
	fails "$what" hl create -p /tmp/bad.cfg || hl destroy bad
}

refuse "no such kernel" 'kernel = "/guest/nothing"'
refuse "a kernel that is noise" 'kernel = "/tmp/noise"'
refuse "a kernel cut short" 'kernel = "/tmp/short"'
refuse "a damaged kernel" 'kernel = "/tmp/damaged"'
refuse "no such initrd" 'ramdisk = "/guest/nothing"'
refuse "more memory than is free" 'memory = 900000'
refuse "too little memory for the kernel" 'memory = 8'
refuse "no vCPUs" 'vcpus = 0'
refuse "a number that is none" 'memory = "much"'
printf 'name = "bad"\nmemory = = 3\n' > /tmp/syntax.cfg
fails "a malformed line" hl create -p /tmp/syntax.cfg
check "names file and line" grep -q 'syntax.cfg:2' /tmp/complaint
fails "no such file" hl create -p /tmp/nothing.cfg
guest twin
check "create a guest" hl create -p /tmp/twin.cfg
fails "a second of the same name" hl create -p /tmp/twin.cfg
check "destroy it" hl destroy twin
fails "destroy an unknown domain" hl destroy nobody
fails "pause an unknown domain" hl pause 4711
fails "an unknown verb" hl frobnicate
fails "not root" su nobody -s /bin/sh -c "hl list"
check "only Dom0 is left" [ "$(hl list | tail -n +2 | wc -l)" = 1 ]
check "all memory is free again" all_free "$free"
