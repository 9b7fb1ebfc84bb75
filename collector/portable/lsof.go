package portable

import (
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// lsofArgs ask for internet sockets in the form that is made for programs, each
// field ended by a NUL byte: the table for people, which gopsutil reads, has
// spaces in names, no row for sockets that have no port (their "*:*" is taken for
// a fault) and descriptors such as "7r".
var lsofArgs = []string{"-n", "-P", "-w", "+c", "0", "-i", "-T", "qs", "-F", "pcuLftdPnT0"}

// parseLsof reads the answer. Each row is one descriptor of one process.
func parseLsof(out []byte, bad *malformed) []Row {
	var (
		rows    []Row
		process Row // of which the following files are
		file    lsofFile
	)
	flush := func() {
		if file.fd == "" {
			return
		}
		row, ok, fine := file.row(process)
		if ok {
			rows = append(rows, row)
		}
		if !fine {
			bad.line(file.name)
		}
		file = lsofFile{}
	}
	for field := range strings.SplitSeq(string(out), "\x00") {
		field = strings.TrimLeft(field, "\r\n")
		if field == "" {
			continue
		}
		value := field[1:]
		switch field[0] {
		case 'p':
			flush()
			process = Row{FD: -1}
			if pid, err := strconv.ParseInt(value, 10, 32); err == nil && pid > 0 {
				process.PID = int32(pid)
			} else {
				bad.line(field)
			}
		case 'c':
			process.Name = unescaped(value)
		case 'L':
			process.User = value
		case 'u':
			if uid, err := strconv.ParseUint(value, 10, 32); err == nil {
				process.UID, process.HasUID = uint32(uid), true
			}
		case 'f':
			flush()
			file.fd = value
		case 't':
			file.kind = value
		case 'd':
			file.device = value
		case 'P':
			file.proto = value
		case 'n':
			file.name = value
		case 'T':
			file.tcp(value)
		}
	}
	flush()
	return rows
}

// lsofFile are the fields of one descriptor.
type lsofFile struct {
	fd, kind, device, proto, name, state string
	recv, send                           string
}

func (f *lsofFile) tcp(value string) {
	name, value, _ := strings.Cut(value, "=")
	switch name {
	case "ST":
		f.state = value
	case "QR":
		f.recv = value
	case "QS":
		f.send = value
	}
}

// row makes a row of a file. It is not ok for what is no TCP or UDP socket, and not
// fine for one that could not be read.
func (f *lsofFile) row(process Row) (row Row, ok, fine bool) {
	row = process
	switch f.proto {
	case "TCP":
		row.Proto = socket.TCP
	case "UDP":
		row.Proto = socket.UDP
	default:
		return row, false, true
	}
	switch f.kind {
	case "IPv4":
		row.Family = socket.IPv4
	case "IPv6":
		row.Family = socket.IPv6
	default:
		return row, false, true
	}
	if row.PID == 0 {
		return row, false, false
	}
	// Without a number it is no descriptor of the table that sockets are in.
	if fd, err := strconv.ParseInt(f.fd, 10, 32); err == nil {
		row.FD = int32(fd)
	}
	local, remote, connected := strings.Cut(f.name, "->")
	var err error
	if row.Local, err = parseLocal(local, ':', row.Family); err != nil {
		return row, false, false
	}
	if connected {
		if row.Remote, err = parseRemote(remote, ':', row.Family); err != nil {
			return row, false, false
		}
	}
	if row.State, err = stateOf(f.state, row.Proto, !row.Remote.IsZero()); err != nil {
		return row, false, false
	}
	if f.device != "0x0" {
		row.Object = f.device
	}
	recv, recvErr := strconv.ParseUint(f.recv, 10, 32)
	send, sendErr := strconv.ParseUint(f.send, 10, 32)
	if recvErr == nil && sendErr == nil && row.State != socket.Listen {
		row.RecvQ, row.SendQ, row.HasQueues = uint32(recv), uint32(send), true
	}
	return row.settled(), true, true
}

// unescaped takes back what lsof makes of bytes that do not print, but nothing else
// that begins with a backslash.
func unescaped(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
