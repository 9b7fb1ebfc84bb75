// Package rtnetlink reads what decides about bind(2) in the calling thread's
// network namespace beside the sockets in it, as a machine.Machine, and whether
// a user may bind privileged ports there. It changes nothing, and it does not
// look at sockets or processes. Everything is opened on the calling thread and
// nothing runs on another, so a caller that has locked its thread and entered a
// namespace is answered about that one.
//
// The facts come from rtnetlink (include/uapi/linux/rtnetlink.h, if_link.h and
// if_addr.h), from generic netlink for what has no interface or does not tell
// there (wireguard.h, fou.h, l2tp.h, nfsd_netlink.h), and from /proc/sys/net
// (Documentation/networking/ip-sysctl.rst). No question makes the kernel load a
// module: the generic families are listed, and those that are missing are not
// asked for.
//
// # Which addresses can be bound
//
// An IPv4 address can be when the routing table "local" says local, broadcast or
// multicast of it (inet_addr_type_table in net/ipv4/fib_frontend.c), which is a
// longest-prefix match: all of 127.0.0.0/8, and all of a prefix that was routed
// to this machine as a whole, but not what a longer route of another type leaves
// out. As long as nobody has added a routing rule, the tables "local" and "main"
// are one (fib_trie_unmerge in net/ipv4/fib_trie.c), and routes of main count,
// too. A socket of a VRF is judged by the table of the VRF. An IPv6 address can
// be bound when it is one of an interface (ipv6_chk_addr in net/ipv6/addrconf.c)
// and not being checked for duplicates, or when it is multicast, which is in no
// list.
package rtnetlink
