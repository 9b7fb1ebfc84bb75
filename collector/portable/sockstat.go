package portable

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// sockstat reads the table of processes and sockets that FreeBSD, DragonFly and
// NetBSD print: user, command, pid, descriptor, protocol and the two ends, on
// FreeBSD with -s a state and with -i a number that identifies the socket. What
// has no process has question marks in its place.
type sockstat struct {
	sep byte // between address and port
	// narrow is set where commands are cut after ten bytes and nothing may be
	// between them and the pid.
	narrow bool
	// id is set where the number of a socket stands behind the ends.
	id bool
	// vague is set where "tcp6" is written of sockets that may serve IPv4 too.
	vague bool
	forms
}

// forms are what rows look like.
type forms struct{ unheld, held, glued *regexp.Regexp }

// newSockstat compiles the forms, which a program that never asks need not pay for.
func newSockstat(sep byte, vague bool) *sockstat {
	return &sockstat{sep: sep, vague: vague, forms: forms{
		unheld: regexp.MustCompile(`^\?+ +\?+ +\?+ +\?+` + sockstatRest),
		held:   regexp.MustCompile(`^(\S+) +(.*\S) +(\d+) +(\d+)\*?` + sockstatRest),
		glued:  regexp.MustCompile(`^(\S+) +(.{9}\S)(\d+) +(\d+)\*?` + sockstatRest),
	}}
}

// parse returns the rows that have a process and those that have none.
func (s *sockstat) parse(out []byte, bad *malformed) (held, unheld []Row) {
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\r\n ")
		if strings.HasPrefix(line, "USER ") {
			s.header(line)
			continue
		}
		row, ok, fine := s.line(line)
		switch {
		case !fine:
			bad.line(line)
		case !ok:
		case row.PID > 0:
			held = append(held, row)
		default:
			unheld = append(unheld, row)
		}
	}
	return held, unheld
}

// header knows the layout by its first line.
func (s *sockstat) header(line string) {
	const narrow = len("COMMAND    ")
	s.narrow = strings.Index(line, "PID")-strings.Index(line, "COMMAND") == narrow
	s.id = strings.Contains(line+" ", " ID ")
}

// A command may hold anything, even what looks like the rest of a row, so rows are
// read from behind: the last protocol is the one, for what follows it holds none.
const sockstatRest = ` +((?:tcp|udp)(?:4|6|46)?) +(\S+) *(.*)$`

// line reads one row. It is not ok for a row of another family, and not fine for
// one that could not be read.
func (s *sockstat) line(line string) (row Row, ok, fine bool) {
	row.FD = -1
	var rest []string
	if m := s.forms.unheld.FindStringSubmatch(line); m != nil {
		rest = m[1:]
	} else {
		var m []string
		if s.narrow {
			m = s.forms.glued.FindStringSubmatch(line)
		}
		if m == nil {
			m = s.forms.held.FindStringSubmatch(line)
		}
		if m == nil {
			return row, false, !strings.Contains(line, " tcp") && !strings.Contains(line, " udp")
		}
		pid, err := strconv.ParseInt(m[3], 10, 32)
		if err != nil || pid <= 0 {
			return row, false, false
		}
		fd, err := strconv.ParseInt(m[4], 10, 32)
		if err != nil {
			return row, false, false
		}
		row.User, row.Name, row.PID, row.FD = m[1], m[2], int32(pid), int32(fd)
		rest = m[5:]
	}
	row.Proto, row.Family, row.Dual, _ = protocolOf(rest[0])
	if s.vague {
		row.Dual = socket.Unknown
	}
	return row, true, s.ends(&row, rest[1], strings.Fields(rest[2]))
}

// ends reads the two ends and what is behind them.
func (s *sockstat) ends(row *Row, local string, behind []string) bool {
	remote := ""
	if head, tail, ok := unglued(local, s.sep, row.Family); ok {
		local, remote = head, tail
	} else if len(behind) > 0 {
		remote, behind = behind[0], behind[1:]
	}
	var err error
	if row.Local, err = parseLocal(local, s.sep, row.Family); err != nil {
		return false
	}
	if row.Remote, err = parseRemote(remote, s.sep, row.Family); err != nil {
		return false
	}
	if row.Proto != socket.TCP {
		row.State, _ = stateOf("", row.Proto, !row.Remote.IsZero()) // it has no word to fail at
	}
	if s.id && len(behind) > 0 {
		if _, err := strconv.ParseUint(behind[0], 10, 64); err == nil {
			row.Object, behind = behind[0], behind[1:]
		}
	}
	if row.Proto == socket.TCP && len(behind) > 0 {
		if state, err := stateOf(behind[len(behind)-1], socket.TCP, false); err == nil {
			row.State = state
		}
	}
	*row = row.settled()
	return true
}

// unglued takes two ends apart that have nothing between them, as FreeBSD before 14
// prints those that fill their column. Where the port ends and the address begins
// is not always certain; then it is not ok.
func unglued(both string, sep byte, family socket.Family) (local, remote string, ok bool) {
	if family != socket.IPv4 || strings.Count(both, string(sep)) != 2 {
		return "", "", false
	}
	const mostDigits = 5
	port := strings.IndexByte(both, sep) + 1
	for end := port + 1; end <= min(port+mostDigits, len(both)); end++ {
		_, err := parseLocal(both[:end], sep, family)
		_, otherErr := parseRemote(both[end:], sep, family)
		if err != nil || otherErr != nil {
			continue
		}
		if ok {
			return "", "", false
		}
		local, remote, ok = both[:end], both[end:], true
	}
	return local, remote, ok
}
