package portable

import (
	"context"
	"slices"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// bsdDetails are what all BSDs tell. Facts of processes beside the name are known
// where gopsutil knows them.
const bsdDetails = socket.DetailOwners | socket.DetailUser | socket.DetailUID | socket.DetailQueues

// bsdNetstat and the like are the programs of the base systems.
func bsdNetstat() Program  { return Program{"netstat", []string{"/usr/bin/netstat"}, tableLimit} }
func bsdSockstat() Program { return Program{"sockstat", []string{"/usr/bin/sockstat"}, tableLimit} }
func bsdFstat() Program    { return Program{"fstat", []string{"/usr/bin/fstat"}, tableLimit} }

// freebsdSystem describes FreeBSD. netstat lists every socket and sockstat its
// holders; both are in the base system, which lsof is not.
func freebsdSystem() *system {
	return &system{
		name: "FreeBSD", owners: "sockstat", rules: machine.RulesBSD,
		read: func(ctx context.Context, r *reading) error {
			n := netstat{bare: socket.IPv4}
			r.readNetstat(ctx, n, bsdNetstat(), tables("-p", "tcp", "udp"), "-a", "-n", "-W")
			s := newSockstat(':', false)
			// -i gives the socket a number (14.2), -w keeps addresses whole (13), -s tells
			// the state (11).
			r.readSockstat(ctx, s, [][]string{
				{"-4", "-6", "-s", "-w", "-i", "-P", "tcp,udp"},
				{"-4", "-6", "-s", "-w", "-P", "tcp,udp"},
				{"-4", "-6", "-s", "-P", "tcp,udp"},
				{"-4", "-6", "-P", "tcp,udp"},
			})
			return r.answered()
		},
		details: bsdDetails | processDetails&^socket.DetailDir,
		protos:  socket.ProtoSetOf(socket.TCP, socket.UDP),
	}
}

// dragonflySystem describes DragonFly, whose programs are those of an older FreeBSD.
// gopsutil knows nothing of its processes.
func dragonflySystem() *system {
	return &system{
		name: "DragonFly", owners: "sockstat", rules: machine.RulesBSD,
		read: func(ctx context.Context, r *reading) error {
			n := netstat{bare: socket.IPv4, vague: true}
			r.readNetstat(ctx, n, bsdNetstat(), tables("-f", "inet", "inet6"), "-a", "-n", "-W")
			r.readSockstat(ctx, newSockstat(':', true), [][]string{{"-4", "-6"}})
			return r.answered()
		},
		details: bsdDetails,
		protos:  socket.ProtoSetOf(socket.TCP, socket.UDP),
	}
}

// netbsdSystem describes NetBSD. Its sockstat is another program of that name, and
// gopsutil knows nothing of its processes.
func netbsdSystem() *system {
	return &system{
		name: "NetBSD", owners: "sockstat", rules: machine.RulesBSD,
		read: func(ctx context.Context, r *reading) error {
			n := netstat{bare: socket.IPv4, vague: true}
			r.readNetstat(ctx, n, bsdNetstat(), tables("-f", "inet", "inet6"), "-a", "-n", "-v")
			r.readSockstat(ctx, newSockstat('.', true), [][]string{{"-n", "-4", "-6"}})
			return r.answered()
		},
		details: bsdDetails,
		protos:  socket.ProtoSetOf(socket.TCP, socket.UDP),
	}
}

// openbsdSystem describes OpenBSD, where no IPv6 socket serves IPv4 (inet6(4)).
func openbsdSystem() *system {
	return &system{
		name: "OpenBSD", owners: "fstat", rules: machine.RulesBSD,
		read: func(ctx context.Context, r *reading) error {
			n := netstat{bare: socket.IPv4}
			r.readNetstat(ctx, n, bsdNetstat(), tables("-f", "inet", "inet6"), "-a", "-n", "-v")
			if r.owners() {
				r.readFstat(ctx)
			}
			return r.answered()
		},
		details: bsdDetails | processDetails&^socket.DetailExe,
		protos:  socket.ProtoSetOf(socket.TCP, socket.UDP),
	}
}

// tables are the ways to ask for parts of what netstat knows.
func tables(flag string, names ...string) [][]string {
	all := make([][]string, len(names))
	for i, name := range names {
		all[i] = []string{flag, name}
	}
	return all
}

// readNetstat adds what netstat tells, one part after the other.
func (r *reading) readNetstat(ctx context.Context, n netstat, p Program, parts [][]string, args ...string) {
	var bad malformed
	for _, part := range parts {
		if len(part) > 1 && !r.concerns(part[1]) {
			continue
		}
		ways := [][]string{slices.Concat(args, part), slices.Concat([]string{"-a", "-n"}, part)}
		out := r.askTable(ctx, p, ways...)
		for _, row := range n.parse(out, &bad) {
			r.add(row)
		}
	}
	bad.note(r, p.Name)
}

// concerns reports whether a part of the tables is asked for.
func (r *reading) concerns(part string) bool {
	switch part {
	case "inet":
		return r.query.IPv4
	case "inet6":
		return r.query.IPv6
	case "tcp":
		return r.query.Protos.Has(socket.TCP)
	case "udp":
		return r.query.Protos.Has(socket.UDP)
	}
	return true
}

// readSockstat adds holders, and the sockets without any where netstat has told of
// none.
func (r *reading) readSockstat(ctx context.Context, s *sockstat, ways [][]string) {
	if !r.owners() && len(r.rows) > 0 {
		return
	}
	var bad malformed
	out := r.askHolders(ctx, bsdSockstat(), ways...)
	held, unheld := s.parse(out, &bad)
	for _, row := range held {
		r.addHolder(row)
	}
	if len(r.rows) == 0 {
		for _, row := range unheld {
			r.add(row)
		}
	}
	bad.note(r, "sockstat")
}

// readFstat adds holders.
func (r *reading) readFstat(ctx context.Context) {
	var bad malformed
	out := r.askHolders(ctx, bsdFstat(), []string{})
	for _, row := range parseFstat(out, &bad) {
		r.addHolder(row)
	}
	bad.note(r, "fstat")
}
