# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of guests' interfaces share. hl calls SCRIPT online|offline type_if=vif with these variables,
# as Xen's tools do, so each side works with the other's: XENBUS_PATH (the backend's xenstore directory) and vif
# (the interface). The answer is in xenstore: hotplug-status is "connected", or "error" with hotplug-error saying why.
set -u
export PATH=${PATH:-/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
. "$(dirname "$0")/nat.sh"
command=${1:-}
dev=${vif:-}

# node NAME: its value; nothing where there is none
node() {
	xenstore-read "$XENBUS_PATH/$1" 2>/dev/null || :
}

fail() {
	xenstore-write "$XENBUS_PATH/hotplug-error" "$*" "$XENBUS_PATH/hotplug-status" error
	echo "$*" >&2
	exit 1
}

# try WHAT COMMAND...: or fail, with what the command said
try() {
	what=$1
	shift
	said=$("$@" 2>&1) || fail "cannot $what: ${said:-$1 failed}"
}

connected() {
	xenstore-write "$XENBUS_PATH/hotplug-status" connected
}

need() {
	command -v "$1" >/dev/null || fail "$1 is not installed: it is in the package $2"
}

# The interface under the name that vifname= asks for, and as large as its packets may be. Its address is the
# highest there is, or a bridge would take it for its own.
prepare_dev() {
	name=$(node vifname)
	if [ -n "$name" ] && [ "$name" != "$dev" ]; then
		[ ! -e "/sys/class/net/$name" ] || fail "vifname=$name: an interface of this name is there already"
		try "rename $dev to $name" ip link set dev "$dev" name "$name"
		dev=$name
	fi
	[ -e "/sys/class/net/$dev" ] || fail "the interface $dev is not there"
	[ ! -e "/proc/sys/net/ipv6/conf/$dev" ] || echo 1 > "/proc/sys/net/ipv6/conf/$dev/disable_ipv6"
	try "set the address of $dev" ip link set dev "$dev" address fe:ff:ff:ff:ff:ff
}

# The name it has by now
find_dev() {
	name=$(node vifname)
	[ -z "$name" ] || dev=$name
}
