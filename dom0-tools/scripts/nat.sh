# SPDX-License-Identifier: GPL-2.0-only
# Address translation for guests, shared by vif-nat and network-default.

# nat_add ADDRESS[/BITS]: what comes from there goes out under Dom0's own address. One table of ours, "helium",
# beside whatever firewall there is; a rule of that firewall that drops forwarded packets still drops them.
nat_add() {
	echo 1 > /proc/sys/net/ipv4/ip_forward &&
		nft -f - <<-END
			add table ip helium
			add set ip helium guests { type ipv4_addr; flags interval; }
			add chain ip helium nat { type nat hook postrouting priority 100; }
			flush chain ip helium nat
			add rule ip helium nat ip saddr @guests ip daddr != @guests masquerade
			add element ip helium guests { $1 }
		END
}

nat_remove() {
	nft delete element ip helium guests "{ $1 }" 2>/dev/null || :
}
