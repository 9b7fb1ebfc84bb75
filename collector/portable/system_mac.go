package portable

import (
	"context"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// macSystem describes macOS. netstat lists every socket, TIME_WAIT too, with the
// process that has used it last; lsof lists what the processes of this user, or of
// all for root, hold, and knows descriptors and the kinds of addresses better.
func macSystem() *system {
	return &system{
		name: "macOS", rules: machine.RulesMac,
		read:   readMac,
		owners: "lsof",
		details: socket.DetailOwners | processDetails&^socket.DetailDir |
			socket.DetailUser | socket.DetailUID | socket.DetailQueues,
		protos:      socket.ProtoSetOf(socket.TCP, socket.UDP),
		hidesOwners: true,
	}
}

// The programs of macOS. Nobody but its maker can put anything there.
func macNetstat() Program { return Program{"netstat", []string{"/usr/sbin/netstat"}, tableLimit} }
func macLsof() Program    { return Program{"lsof", []string{"/usr/sbin/lsof"}, tableLimit} }

// readMac implements system.read. netstat cuts IPv6 addresses short without -l or
// -W, whichever it knows.
func readMac(ctx context.Context, r *reading) error {
	n := netstat{bare: socket.IPv4}
	var bad malformed
	for _, p := range [...]socket.Proto{socket.TCP, socket.UDP} {
		if !r.query.Protos.Has(p) {
			continue
		}
		args := []string{"-a", "-n", "-v", "-l", "-W", "-p", p.String()}
		out := r.askTable(ctx, macNetstat(), args, []string{"-a", "-n", "-v", "-p", p.String()})
		for _, row := range n.parse(out, &bad) {
			r.add(row)
		}
	}
	bad.note(r, "netstat")
	if r.owners() || r.failed {
		readLsof(ctx, r, macLsof())
	}
	return r.answered()
}

// readLsof adds what lsof tells of holders.
func readLsof(ctx context.Context, r *reading, p Program) {
	var bad malformed
	out := r.askHolders(ctx, p, lsofArgs)
	for _, row := range parseLsof(out, &bad) {
		r.addHolder(row)
	}
	bad.note(r, "lsof")
}
