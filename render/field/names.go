package field

// IPProtocol returns the name of an IP protocol number, "" when it has none
// that people use (include/uapi/linux/in.h, the IANA registry).
func IPProtocol(number uint32) string { return ipProtocols[number] }

var ipProtocols = map[uint32]string{
	1: "icmp", 2: "igmp", 4: "ipip", 6: "tcp", 8: "egp", 12: "pup", 17: "udp",
	22: "idp", 29: "tp", 33: "dccp", 41: "ipv6", 46: "rsvp", 47: "gre", 50: "esp",
	51: "ah", 58: "ipv6-icmp", 89: "ospf", 94: "beetph", 98: "encap", 103: "pim",
	108: "comp", 112: "vrrp", 115: "l2tp", 132: "sctp", 136: "udplite", 137: "mpls",
	143: "ethernet", 255: "raw",
}

// EtherType returns the name of the protocol of a packet socket, "" when it
// has none (include/uapi/linux/if_ether.h). The number is in host byte order.
func EtherType(number uint32) string { return etherTypes[number] }

var etherTypes = map[uint32]string{
	// A packet socket bound to protocol 0 receives nothing.
	0x0000: "none",
	0x0003: "all",
	0x0800: "ip",
	0x0806: "arp",
	0x86dd: "ipv6",
	0x888e: "pae",
	0x88cc: "lldp",
}

// NetlinkProtocol returns the name of a netlink protocol, "" when it has none
// (include/uapi/linux/netlink.h).
func NetlinkProtocol(number uint32) string {
	if number < uint32(len(netlinkProtocols)) {
		return netlinkProtocols[number]
	}
	return ""
}

var netlinkProtocols = [...]string{
	0: "route", 2: "usersock", 3: "firewall", 4: "sock_diag", 5: "nflog", 6: "xfrm",
	7: "selinux", 8: "iscsi", 9: "audit", 10: "fib_lookup", 11: "connector",
	12: "netfilter", 13: "ip6_fw", 14: "dnrtmsg", 15: "kobject_uevent", 16: "generic",
	18: "scsitransport", 19: "ecryptfs", 20: "rdma", 21: "crypto", 22: "smc",
}
