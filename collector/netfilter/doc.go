// Package netfilter reads the rules by which the kernel sends connections
// somewhere else before any socket sees them: destination NAT of nftables, of
// iptables, and virtual servers of IPVS. A port can answer although nothing
// listens on it, and a program can listen and never be reached.
//
// It reads rules and changes none, it runs no other program, and it loads no
// module: where the kernel has no rules of a kind, it is not asked for them.
// Rules are read over NETLINK_NETFILTER
// (include/uapi/linux/netfilter/nf_tables.h), over getsockopt(2) where the old
// tables are in use (include/uapi/linux/netfilter_ipv4/ip_tables.h), and from
// /proc/net/ip_vs. Both kinds of rules are decoded into the same operations
// (type op), which a walk through the chains then executes on a connection that
// has no addresses yet: what it would have to be is the condition of the rule
// that is reached.
//
// It does not see what programs in the kernel do (BPF on a control group, at a
// device or at the lookup of sockets), nor what is forwarded before there is a
// connection (tc, chains at a device).
//
// It says what the rules say, and not whether a packet filter then lets the
// connection pass. Chains of the same priority are taken in the order in which
// the kernel lists them, which is that of their tables, and the old tables after
// those of nftables.
//
// There are libraries for this; the ones that know nftables bring a second
// implementation of netlink with them and decode all that a firewall can do,
// several times the size of what is needed to follow a destination.
package netfilter
