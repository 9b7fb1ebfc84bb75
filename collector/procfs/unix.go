package procfs

import (
	"bytes"
	"io"

	"github.com/sockls/sockls/collector/socket"
)

// maxUnixName is the size of sun_path (include/uapi/linux/un.h). A pathname
// may fill it, and an abstract name may too, counting its leading NUL.
const maxUnixName = 108

// The columns of a row of net/unix (unix_seq_show in net/unix/af_unix.c).
const (
	unixListening = 0x10000 // flags: __SO_ACCEPTCON

	unixUnconnected   = 1 // enum socket_state, include/uapi/linux/net.h
	unixConnecting    = 2
	unixConnected     = 3
	unixDisconnecting = 4
)

// UnixTrust tells how far the rows of net/unix can be believed. The kernel
// prints names unescaped, and a name may hold newlines. When both counts are 0
// every row is the kernel's own.
type UnixTrust struct {
	// Continued is how many lines were taken for the rest of the name before
	// them, which proves that somebody bound a name with a newline.
	Continued int
	// Forgeable is how many rows could be the rest of the name before them: it
	// is short enough to have held a newline and the whole row. Nearly all are
	// honest, but nothing in the table tells which.
	Forgeable int
}

// Unix yields the rows of net/unix. The Socket is reused between calls of
// yield, whose error ends the walk and is returned as it is. Rows may come
// twice under churn.
//
// The table tells no uid, no queue and no peer. A leading "@" is printed for
// the NUL of an abstract name, and so is every other NUL in it: names come
// back with a leading NUL, though a socket bound to the relative path "@x"
// looks the same and an inner "@" may have been a NUL.
//
// A line that is not a row belongs to the name before it, as long as that
// stays within the 108 bytes a name can have; otherwise it is malformed. A
// name that holds a newline followed by a perfect row forges that row, and
// only UnixTrust hints at it.
func (f FS) Unix(yield func(*socket.Socket) error) (UnixTrust, error) {
	file, err := f.openNet("unix")
	if err != nil {
		return UnixTrust{}, err
	}
	defer file.Close()
	return ParseUnix(file, yield)
}

// ParseUnix reads a table as Unix does.
func ParseUnix(r io.Reader, yield func(*socket.Socket) error) (UnixTrust, error) {
	count := tally{table: "net/unix"}
	table := unixTable{yield: yield}
	if err := count.each(r, table.line); err != nil {
		return table.trust, err
	}
	if err := table.flush(); err != nil {
		return table.trust, err
	}
	return table.trust, count.err()
}

// unixTable holds one row back until it is known where its name ends.
type unixTable struct {
	yield func(*socket.Socket) error
	trust UnixTrust

	held  bool
	named bool   // the held row has a name, if only an empty beginning of one
	name  []byte // as printed, reused from row to row
	row   socket.Socket
}

func (t *unixTable) line(line []byte) (bool, error) {
	row, name, named, ok := parseUnixRow(line)
	fits := t.held && t.named && len(t.name)+1+len(line) <= maxUnixName
	switch {
	case !ok && fits:
		t.name = append(append(t.name, '\n'), line...)
		t.trust.Continued++
		return true, nil
	case !ok || len(name) > maxUnixName:
		return false, nil
	}
	if err := t.flush(); err != nil {
		return false, err
	}
	if fits {
		t.trust.Forgeable++
	}
	t.held, t.named, t.row = true, named, row
	t.name = append(t.name[:0], name...)
	return true, nil
}

// flush yields the row that was held back.
func (t *unixTable) flush() error {
	if !t.held {
		return nil
	}
	t.held = false
	if len(t.name) > 0 && t.name[0] == '@' {
		t.name[0] = 0
	}
	t.row.Local.Name = string(t.name)
	return t.yield(&t.row)
}

// parseUnixRow reads the row
//
//	pointer: refcount protocol flags type st inode[ name]
//
// as strictly as the kernel prints it, because everything else is taken for a
// piece of a name: one space between columns of fixed width, and only the
// inode padded to the left.
func parseUnixRow(line []byte) (s socket.Socket, name []byte, named, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 || !isPointer(line[:colon]) {
		return s, nil, false, false
	}
	columns := line[colon+1:]
	_, okRef := fixedHex(&columns, 8)
	_, okProto := fixedHex(&columns, 8)
	flags, okFlags := fixedHex(&columns, 8)
	typ, okType := fixedHex(&columns, 4)
	state, okState := fixedHex(&columns, 2)
	if !okRef || !okProto || !okFlags || !okType || !okState || len(columns) == 0 || columns[0] != ' ' {
		return s, nil, false, false
	}
	columns = bytes.TrimLeft(columns, " ")
	number, name, named := bytes.Cut(columns, []byte{' '})
	inode, ok := decimal(number)
	if !ok {
		return s, nil, false, false
	}
	s = socket.Socket{Inode: inode, Proto: socket.Unix, Family: socket.FamilyUnix, Type: socket.Type(typ)}
	switch s.Type {
	case socket.Stream, socket.Dgram, socket.Seqpacket:
	default:
		return s, nil, false, false
	}
	s.State, ok = unixState(flags, s.Type, state)
	return s, name, named, ok
}

// unixState translates the columns. Disconnecting is printed for a socket that
// no file refers to and that is not connected, which is no state of its own.
func unixState(flags uint32, typ socket.Type, state uint32) (socket.State, bool) {
	switch state {
	case unixConnected:
		return socket.Established, true
	case unixConnecting:
		return socket.SynSent, true
	case unixUnconnected, unixDisconnecting:
	default:
		return socket.StateUnknown, false
	}
	switch {
	case flags&unixListening != 0:
		return socket.Listen, true
	case typ == socket.Dgram:
		return socket.Unconn, true
	}
	return socket.Close, true
}

// fixedHex takes a space and a hexadecimal number of exactly that many digits
// off the front of b.
func fixedHex(b *[]byte, digits int) (uint32, bool) {
	line := *b
	if len(line) < 1+digits || line[0] != ' ' {
		return 0, false
	}
	*b = line[1+digits:]
	return hexadecimal(line[1 : 1+digits])
}
