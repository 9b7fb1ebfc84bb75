package filter

import (
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// The names that states, protocols and families have in the language.

// word is a name for a number or a set.
type word[T any] struct {
	name  string
	value T
}

const (
	synRecv   = socket.StateSet(1<<socket.SynRecv | 1<<socket.NewSynRecv)
	closed    = socket.StateSet(1<<socket.Close | 1<<socket.Unconn)
	connected = socket.AllStates &^ (closed | 1<<socket.Listen | 1<<socket.Bound)
	bucket    = synRecv | 1<<socket.TimeWait
)

// stateWords are the names of states and groups. Of several names for one set
// the first is the one that is printed; groups stand before the states so that
// they are found first. The words of ss come with its meaning: "closed" is the
// kernel's one number for a closed and for a connectionless socket.
var stateWords = [...]word[socket.StateSet]{
	{"all", socket.AllStates},
	{"connected", connected},
	{"synchronized", connected &^ (1 << socket.SynSent)},
	{"bucket", bucket},
	{"big", socket.AllStates &^ bucket},
	{"closed", closed},
	{"syn-recv", synRecv},
	{"none", 0},
	{"established", 1 << socket.Established},
	{"syn-sent", 1 << socket.SynSent},
	{"fin-wait-1", 1 << socket.FinWait1},
	{"fin-wait-2", 1 << socket.FinWait2},
	{"time-wait", 1 << socket.TimeWait},
	{"close-wait", 1 << socket.CloseWait},
	{"last-ack", 1 << socket.LastAck},
	{"listening", 1 << socket.Listen},
	{"closing", 1 << socket.Closing},
	{"bound", 1 << socket.Bound},
	{"unconn", 1 << socket.Unconn},
	{"unbound", 1 << socket.Close},
	{"new-syn-recv", 1 << socket.NewSynRecv},
	{"old-syn-recv", 1 << socket.SynRecv},
	{"cookie-wait", 1 << socket.CookieWait},
	{"cookie-echoed", 1 << socket.CookieEchoed},
	{"shutdown-pending", 1 << socket.ShutdownPending},
	{"shutdown-sent", 1 << socket.ShutdownSent},
	{"shutdown-received", 1 << socket.ShutdownReceived},
	{"shutdown-ack-sent", 1 << socket.ShutdownAckSent},
	{"unknown", 1 << socket.StateUnknown},
	{"estab", 1 << socket.Established},
	{"listen", 1 << socket.Listen},
	{"close", closed},
	{"unconnected", closed},
	{"syn-rcv", synRecv},
	{"fin-wait1", 1 << socket.FinWait1},
	{"fin-wait2", 1 << socket.FinWait2},
	{"bound-inactive", 1 << socket.Bound},
}

// lookupState takes the names in any case and with either dash, so that those
// of the JSON (SYN_SENT) are names too.
func lookupState(name string) (socket.StateSet, bool) {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for _, w := range stateWords {
		if w.name == name {
			return w.value, true
		}
	}
	return 0, false
}

func spellStates(set socket.StateSet) string {
	set &= socket.AllStates
	for _, w := range stateWords {
		if w.value == set {
			return w.name
		}
	}
	with, without := listStates(set, ""), listStates(socket.AllStates&^set, "!")
	if len(without) < len(with) {
		return "all," + strings.Join(without, ",")
	}
	return strings.Join(with, ",")
}

// listStates names the states of a set one by one.
func listStates(set socket.StateSet, sign string) []string {
	var list []string
	if set&synRecv == synRecv {
		list = append(list, sign+"syn-recv")
		set &^= synRecv
	}
	for _, w := range stateWords {
		if one := w.value&(w.value-1) == 0; one && set&w.value != 0 {
			list = append(list, sign+w.name)
			set &^= w.value
		}
	}
	return list
}

func lookupProto(name string) (socket.ProtoSet, bool) {
	switch name = strings.ToLower(name); name {
	case "inet":
		return socket.InetProtos, true
	case "all":
		return socket.AllProtos, true
	case "none":
		return 0, true
	}
	if p, ok := socket.ParseProto(name); ok {
		return socket.ProtoSetOf(p), true
	}
	return 0, false
}

func spellProtos(set socket.ProtoSet) string {
	switch set &= socket.AllProtos; set {
	case socket.InetProtos:
		return "inet"
	case socket.AllProtos:
		return "all"
	case 0:
		return "none"
	}
	with, without := listProtos(set, ""), listProtos(socket.AllProtos&^set, "!")
	if len(without) < len(with) {
		return "all," + strings.Join(without, ",")
	}
	return strings.Join(with, ",")
}

func listProtos(set socket.ProtoSet, sign string) []string {
	var list []string
	for _, p := range socket.Protos() {
		if set.Has(p) {
			list = append(list, sign+p.String())
		}
	}
	return list
}

// familyWords are ss's names of families, and ours where they differ.
var familyWords = [...]word[socket.Family]{
	{"inet", socket.IPv4},
	{"inet6", socket.IPv6},
	{"unix", socket.FamilyUnix},
	{"link", socket.FamilyPacket},
	{"netlink", socket.FamilyNetlink},
	{"vsock", socket.FamilyVsock},
	{"xdp", socket.FamilyXDP},
	{"tipc", socket.FamilyTIPC},
	{"ipv4", socket.IPv4},
	{"ipv6", socket.IPv6},
	{"packet", socket.FamilyPacket},
}

func lookupFamily(name string) (socket.Family, bool) {
	for _, w := range familyWords {
		if strings.EqualFold(w.name, name) {
			return w.value, true
		}
	}
	return socket.FamilyUnspec, false
}

// familyWord is what stands before the colon of an address.
func familyWord(f socket.Family) string {
	for _, w := range familyWords {
		if w.value == f {
			return w.name
		}
	}
	return ""
}

// netlinkWords are the protocols of include/uapi/linux/netlink.h under the
// names that iproute2 has for them.
var netlinkWords = [...]word[uint32]{
	{"route", 0},
	{"unused", 1},
	{"usersock", 2},
	{"firewall", 3},
	{"sock-diag", 4},
	{"nflog", 5},
	{"xfrm", 6},
	{"selinux", 7},
	{"iscsi", 8},
	{"audit", 9},
	{"fib-lookup", 10},
	{"connector", 11},
	{"netfilter", 12},
	{"ip6-fw", 13},
	{"dec-rt", 14},
	{"uevent", 15},
	{"genl", 16},
	{"scsi-trans", 18},
	{"ecryptfs", 19},
	{"rdma", 20},
	{"crypto", 21},
	{"smc", 22},
	{"rtnl", 0},
	{"tcpdiag", 4},
	{"inet-diag", 4},
	{"kobject-uevent", 15},
	{"generic", 16},
}

func netlinkProtocol(number uint32) string {
	for _, w := range netlinkWords {
		if w.value == number {
			return w.name
		}
	}
	return ""
}

// vsockWords are the context ids that have names (include/uapi/linux/vm_sockets.h).
var vsockWords = [...]word[uint32]{{"hypervisor", 0}, {"local", 1}, {"host", 2}, {"any", 1<<32 - 1}}

// linkWords are Ethernet protocols (include/uapi/linux/if_ether.h).
var linkWords = [...]word[uint32]{
	{"all", 0x0003},
	{"ip", 0x0800},
	{"ipv4", 0x0800},
	{"arp", 0x0806},
	{"rarp", 0x8035},
	{"802.1q", 0x8100},
	{"ipv6", 0x86dd},
	{"lacp", 0x8809},
	{"mpls_uc", 0x8847},
	{"ppp_disc", 0x8863},
	{"ppp_ses", 0x8864},
	{"eapol", 0x888e},
	{"802.1ad", 0x88a8},
	{"lldp", 0x88cc},
	{"ptp", 0x88f7},
}

// number looks a word up, or reads it as a number of 32 bits.
func number(words []word[uint32], text string) (uint32, bool) {
	for _, w := range words {
		if strings.EqualFold(w.name, strings.ReplaceAll(text, "_", "-")) || strings.EqualFold(w.name, text) {
			return w.value, true
		}
	}
	n, err := strconv.ParseUint(text, 0, 32)
	return uint32(n), err == nil
}
