package cli

import (
	"errors"
	"io/fs"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/summary"
)

// readCounters reads what the kernel counts by itself and what it allows. There
// are no counters, only a notice, on a system that has none or does not show them.
func readCounters(proc procfs.FS) (*summary.Counters, summary.Limits, []socket.Notice) {
	var notices []socket.Notice
	failed := func(code, what string, err error) bool {
		if err == nil {
			return false
		}
		notices = append(notices, socket.Notice{Code: code, Message: what + ": " + err.Error()})
		return true
	}
	limits := readLimits(proc, func(err error) {
		failed("ports-unknown", "the range of ephemeral ports is not known", err)
	})
	ipv4, err := proc.Sockstat()
	if failed("counters-unreadable", "the kernel's counts of sockets could not be read", err) && ipv4 == nil {
		return nil, limits, notices
	}
	ipv6, err := proc.Sockstat6()
	if !errors.Is(err, fs.ErrNotExist) { // without IPv6 there is none
		failed("counters-unreadable", "the kernel's counts of IPv6 sockets could not be read", err)
	}
	snmp, err := proc.SNMP()
	failed("counters-unreadable", "the kernel's count of connections could not be read", err)
	netstat, err := proc.Netstat()
	failed("counters-unreadable", "the kernel's counts of what it turned away could not be read", err)
	protos, err := proc.Protocols()
	failed("counters-unreadable", "the kernel's counts by protocol could not be read", err)
	return &summary.Counters{
		Sockets:     number(ipv4, "sockets.used"),
		Allocated:   number(ipv4, "TCP.alloc"),
		Orphaned:    number(ipv4, "TCP.orphan"),
		TimeWait:    number(ipv4, "TCP.tw"),
		Established: number(snmp, "Tcp.CurrEstab"),
		IPv4:        transports(ipv4, ""),
		IPv6:        transports(ipv6, "6"),
		Protos:      otherProtos(protos),
		Drops: summary.Drops{
			ListenOverflows:   number(netstat, "TcpExt.ListenOverflows"),
			ListenDrops:       number(netstat, "TcpExt.ListenDrops"),
			RequestQueueFull:  number(netstat, "TcpExt.TCPReqQFullDrop"),
			TimeWaitOverflows: number(netstat, "TcpExt.TCPTimeWaitOverflow"),
		},
	}, limits, notices
}

func number(numbers procfs.Numbers, name string) summary.Count {
	n, known := numbers[name]
	return summary.Count{N: n, Known: known}
}

func transports(numbers procfs.Numbers, suffix string) summary.Transports {
	return summary.Transports{
		Raw:       number(numbers, "RAW"+suffix+".inuse"),
		UDP:       number(numbers, "UDP"+suffix+".inuse"),
		TCP:       number(numbers, "TCP"+suffix+".inuse"),
		Fragments: number(numbers, "FRAG"+suffix+".inuse"),
	}
}

// otherProtos are the protocols that have sockets and are not counted among the
// transports.
func otherProtos(counts map[string]int) []summary.ProtoCount {
	var found []summary.ProtoCount
	for _, p := range socket.Protos() {
		if socket.ProtoSetOf(socket.TCP, socket.UDP, socket.Raw).Has(p) {
			continue
		}
		n := summary.ProtoCount{Proto: p}
		for name, sockets := range counts {
			switch {
			case socket.ProtoOfKernel(name) != p:
				continue
			case p.Inet() && name[len(name)-1] == '6':
				n.IPv6 += sockets
			case p.Inet():
				n.IPv4 += sockets
			}
			n.Total += sockets
		}
		if n.Total > 0 {
			found = append(found, n)
		}
	}
	return found
}

// readLimits reads the settings. Only that of the ports is worth a complaint.
func readLimits(proc procfs.FS, complain func(error)) (limits summary.Limits) {
	first, last, err := proc.LocalPorts()
	if err != nil {
		complain(err)
	} else {
		limits.Ports = summary.NewPorts(first, last)
		if err := proc.ReservedPorts(limits.Ports.Reserve); err != nil && !errors.Is(err, fs.ErrNotExist) {
			complain(err)
		}
	}
	if n, err := proc.TimeWaitLimit(); err == nil {
		limits.TimeWait = summary.CountOf(n)
	}
	if n, err := proc.TimeWaitReuse(); err == nil {
		limits.TimeWaitReuse = summary.CountOf(n)
	}
	return limits
}
