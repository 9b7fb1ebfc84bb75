package portable

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// netstat is how the netstat of one system prints its tables. All descend from
// that of 4.3BSD: protocol, two queues, two ends whose port follows the last dot,
// the state, and with -v what the system adds.
type netstat struct {
	// bare is the family of "tcp" and "udp" without a number; dual is set
	// where such sockets serve IPv4 as well.
	bare socket.Family
	dual socket.Tri
	// vague is set where "tcp6" is written of sockets that may serve IPv4 too.
	vague bool
}

// parse reads the output. Rows of other protocols are left out.
func (n netstat) parse(out []byte, bad *malformed) []Row {
	var rows []Row
	var columns []string // behind the state
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\r\n")
		word, rest, _ := strings.Cut(line, " ")
		if word == "Proto" {
			_, behind, _ := strings.Cut(rest, "(state)")
			columns = strings.Fields(behind)
			continue
		}
		proto, family, dual, ok := protocolOf(word)
		if !ok {
			continue
		}
		if len(word) == len("tcp") {
			family, dual = n.bare, n.dual
		} else if n.vague {
			dual = socket.Unknown
		}
		row := Row{Proto: proto, Family: family, Dual: dual, FD: -1}
		if !row.readNetstat(rest, columns) {
			bad.line(line)
			continue
		}
		rows = append(rows, row.settled())
	}
	distinct(rows)
	return rows
}

// readNetstat reads what is behind the protocol.
func (r *Row) readNetstat(line string, columns []string) bool {
	const ends = 4 // queues and addresses
	var fields [ends]string
	for i := range fields {
		fields[i], line = nextField(line)
	}
	recv, err := strconv.ParseUint(fields[0], 10, 32)
	if err != nil {
		return false
	}
	send, err := strconv.ParseUint(fields[1], 10, 32)
	if err != nil {
		return false
	}
	if r.Local, err = parseLocal(fields[2], '.', r.Family); err != nil {
		return false
	}
	if r.Remote, err = parseRemote(fields[3], '.', r.Family); err != nil {
		return false
	}
	var word string
	if first, rest := nextField(line); first != "" && (first[0] < '0' || first[0] > '9') {
		word, line = first, rest // UDP has none
	}
	if r.State, err = stateOf(word, r.Proto, !r.Remote.IsZero()); err != nil {
		return false
	}
	if r.State != socket.Listen { // there they are no connections but bytes, of which there are none
		r.RecvQ, r.SendQ, r.HasQueues = uint32(recv), uint32(send), true
	}
	r.readColumns(line, columns)
	return true
}

// readColumns reads what macOS adds with -v: the process that has used the socket
// last, and a number that no other socket has had since boot (so_gencnt). A process
// name may hold spaces and anything else; what is on either side of it does not.
func (r *Row) readColumns(line string, columns []string) {
	at := slices.IndexFunc(columns, func(c string) bool { return c == "pid" || c == "process:pid" })
	if at < 0 {
		return
	}
	for range at {
		_, line = nextField(line)
	}
	behind := columns[at+1:]
	var tail []string
	line = strings.TrimRight(line, " ")
	for range behind {
		cut := strings.LastIndexByte(line, ' ')
		if cut < 0 {
			return // fewer columns than the header has: whose they are is not known
		}
		tail = append(tail, line[cut+1:])
		line = strings.TrimRight(line[:cut], " ")
	}
	slices.Reverse(tail)
	name := ""
	pid := strings.TrimLeft(line, " ")
	if columns[at] == "process:pid" {
		cut := strings.LastIndexByte(pid, ':')
		if cut < 0 {
			return
		}
		name, pid = strings.TrimRight(pid[:cut], " "), pid[cut+1:]
	}
	n, err := strconv.ParseInt(pid, 10, 32)
	if err != nil || n < 0 {
		return
	}
	if n > 0 {
		r.PID, r.Name, r.Hearsay = int32(n), name, true
	}
	if i := slices.Index(behind, "gencnt"); i >= 0 {
		r.Identity, err = strconv.ParseUint(tail[i], 16, 64)
		if err != nil {
			r.Identity = 0
		}
	}
}

// distinct takes away identities where they are not: two sockets with one would be
// taken for the same.
func distinct(rows []Row) {
	seen := map[uint64]bool{}
	for i := range rows {
		id := rows[i].Identity
		if id != 0 && seen[id] {
			for i := range rows {
				rows[i].Identity = 0
			}
			return
		}
		seen[id] = true
	}
}

// nextField is the next word of a line and what is behind it.
func nextField(line string) (field, rest string) {
	line = strings.TrimLeft(line, " \t")
	end := strings.IndexAny(line, " \t")
	if end < 0 {
		return line, ""
	}
	return line[:end], line[end:]
}
