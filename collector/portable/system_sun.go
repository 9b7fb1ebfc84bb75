package portable

import (
	"context"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// solarisSystem describes Solaris and illumos. Their netstat tells of processes
// with -u, which Solaris has since 11.2 and illumos since 2017; there is a row for
// each process then.
func solarisSystem(name string) *system {
	return &system{
		name: name, rules: machine.RulesOther, owners: "netstat -u", read: readSolaris,
		details: socket.DetailOwners | socket.DetailUser | socket.DetailUID | socket.DetailQueues,
		protos:  socket.ProtoSetOf(socket.TCP, socket.UDP),
	}
}

func sunNetstat() Program { return Program{"netstat", []string{"/usr/bin/netstat"}, tableLimit} }

func readSolaris(ctx context.Context, r *reading) error {
	var bad malformed
	for _, family := range [...]string{"inet", "inet6"} {
		if !r.concerns(family) {
			continue
		}
		out := r.askTable(ctx, sunNetstat(), []string{"-a", "-n", "-f", family})
		for _, row := range parseSolaris(out, &bad) {
			r.add(row)
		}
		if !r.owners() {
			continue
		}
		out = r.askHolders(ctx, sunNetstat(), []string{"-a", "-n", "-u", "-f", family})
		for _, row := range parseSolaris(out, &bad) {
			if row.PID > 0 {
				r.addHolder(row)
			}
		}
	}
	bad.note(r, "netstat")
	return r.answered()
}

// parseSolaris reads sections that begin with the protocol and the family:
//
//	TCP: IPv4
//	   Local Address  Remote Address  [User Pid Command] Swind Send-Q Rwind Recv-Q State [If]
//	UDP: IPv4
//	   Local Address  [Remote Address]  [User Pid Command] State [If]
func parseSolaris(out []byte, bad *malformed) []Row {
	var (
		rows  []Row
		proto socket.Proto
		owner bool
		row   = Row{FD: -1}
	)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "--"):
			continue
		case strings.HasSuffix(fields[0], ":"): // a section
			proto, row.Family = 0, socket.IPv4
			if p, _, _, ok := protocolOf(strings.ToLower(strings.TrimSuffix(fields[0], ":"))); ok {
				proto = p
			}
			if len(fields) > 1 && fields[1] == "IPv6" {
				row.Family = socket.IPv6
			}
			continue
		case fields[0] == "Active": // sockets of other families
			proto = 0
			continue
		case fields[0] == "Local":
			owner = strings.Contains(line, "Pid")
			continue
		case proto == 0:
			continue
		}
		next := row
		next.Proto = proto
		if !next.readSolaris(fields, owner) {
			bad.line(strings.TrimSpace(line))
			continue
		}
		rows = append(rows, next.settled())
	}
	return rows
}

// readSolaris reads a row from both sides, for a command may hold spaces.
func (r *Row) readSolaris(fields []string, owner bool) bool {
	var err error
	if r.Local, err = parseLocal(fields[0], '.', r.Family); err != nil {
		return false
	}
	fields = fields[1:]
	if len(fields) > 0 {
		if remote, err := parseRemote(fields[0], '.', r.Family); err == nil {
			r.Remote, fields = remote, fields[1:]
		} else if r.Proto == socket.TCP {
			return false
		}
	}
	at := len(fields) - 1
	for ; at >= 0 && !solarisState(fields[at]); at-- { // behind the state may be an interface
	}
	if at < len(fields)-2 || at < 0 {
		return false
	}
	if r.State, err = stateOf(fields[at], r.Proto, !r.Remote.IsZero()); err != nil {
		return false
	}
	fields = fields[:at]
	if r.Proto == socket.TCP {
		const windows = 4
		if len(fields) < windows {
			return false
		}
		queues := fields[len(fields)-windows:]
		fields = fields[:len(fields)-windows]
		send, sendErr := strconv.ParseUint(queues[1], 10, 32)
		recv, recvErr := strconv.ParseUint(queues[3], 10, 32)
		if sendErr != nil || recvErr != nil {
			return false
		}
		if r.State != socket.Listen {
			r.SendQ, r.RecvQ, r.HasQueues = uint32(send), uint32(recv), true
		}
	}
	if !owner || len(fields) == 0 {
		return true
	}
	const least = 2 // user and pid
	if len(fields) < least {
		return false
	}
	pid, err := strconv.ParseInt(fields[1], 10, 32)
	if err != nil {
		return false
	}
	if pid > 0 {
		r.User, r.PID, r.Name = fields[0], int32(pid), strings.Join(fields[least:], " ")
	}
	return true
}

func solarisState(word string) bool {
	switch word {
	case "Idle", "Unbound", "Connected":
		return true
	}
	_, err := stateOf(word, socket.TCP, false)
	return err == nil && word == strings.ToUpper(word)
}
