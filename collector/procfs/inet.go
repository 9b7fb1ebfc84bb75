package procfs

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/sockls/sockls/collector/socket"
)

// The timer column of a TIME_WAIT minisocket, which may show the state
// FIN_WAIT2 (get_timewait4_sock in net/ipv4/tcp_ipv4.c).
const timerTimeWait = 3

// Inet yields the rows of the table of one internet protocol: tcp, udp,
// udplite, raw or ping, over IPv4 or IPv6.
//
// The Socket is reused between calls of yield, whose error ends the walk and
// is returned as it is. Rows may come twice under churn. Lines that are not
// rows are skipped and told of by a *MalformedError at the end.
func (f FS) Inet(proto socket.Proto, family socket.Family, yield func(*socket.Socket) error) error {
	name, err := inetTableName(proto, family)
	if err != nil {
		return err
	}
	file, err := f.openNet(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return ParseInet(file, binary.NativeEndian, proto, family, yield)
}

// ParseInet reads a table as Inet does. The order is the byte order of the
// machine that printed it: addresses are words in network order that were
// printed as numbers of the host.
func ParseInet(
	r io.Reader, order binary.ByteOrder, proto socket.Proto, family socket.Family,
	yield func(*socket.Socket) error,
) error {
	name, err := inetTableName(proto, family)
	if err != nil {
		return err
	}
	table := inetTable{proto: proto, family: family, typ: inetType(proto), words: newAddrWords(order)}
	count := tally{table: "net/" + name}
	var s socket.Socket
	err = count.each(r, func(line []byte) (bool, error) {
		if !table.row(line, &s) {
			return false, nil
		}
		return true, yield(&s)
	})
	if err != nil {
		return err
	}
	return count.err()
}

// inetTableName is the file below /proc/net. Ping sockets are in the table
// that is named after their protocol.
func inetTableName(proto socket.Proto, family socket.Family) (string, error) {
	var name string
	switch proto {
	case socket.TCP, socket.UDP, socket.UDPLite, socket.Raw:
		name = proto.String()
	case socket.Ping:
		name = "icmp"
	}
	switch {
	case name != "" && family == socket.IPv4:
		return name, nil
	case name != "" && family == socket.IPv6:
		return name + "6", nil
	}
	return "", fmt.Errorf("read net table: no table of %s over %s", proto, family)
}

func inetType(proto socket.Proto) socket.Type {
	switch proto {
	case socket.TCP:
		return socket.Stream
	case socket.Raw:
		return socket.RawType
	}
	return socket.Dgram
}

type inetTable struct {
	proto  socket.Proto
	family socket.Family
	typ    socket.Type
	words  addrWords
}

// row reads one line into s and reports whether it was a row:
//
//	sl local:port remote:port st tx:rx tr:when retrnsmt uid timeout inode …
//
// What follows the inode differs by protocol and kernel and is not looked at.
func (t *inetTable) row(line []byte, s *socket.Socket) bool {
	w := words{line}
	if slot := w.next(); len(slot) < 2 || slot[len(slot)-1] != ':' {
		return false
	}
	local, ok := t.endpoint(w.next())
	if !ok {
		return false
	}
	remote, ok := t.endpoint(w.next())
	if !ok {
		return false
	}
	number, ok := hexadecimal(w.next())
	if !ok {
		return false
	}
	sendQ, recvQ, ok := hexPair(w.next())
	if !ok {
		return false
	}
	timer := w.next()
	if len(timer) < 3 || timer[2] != ':' {
		return false
	}
	timerKind, ok := hexadecimal(timer[:2])
	if !ok {
		return false
	}
	w.next() // retransmits
	uid, ok := decimal32(w.next())
	if !ok {
		return false
	}
	w.next() // probes
	inode, ok := decimal(w.next())
	if !ok {
		return false
	}

	state := t.state(number)
	switch state {
	case socket.Listen:
		// The receive column is the accept queue; the limit is not printed.
		sendQ, remote = 0, socket.Endpoint{}
	case socket.Close, socket.Unconn:
		// What is left there is the address of a peer that was disconnected.
		remote = socket.Endpoint{}
	}
	if remote.Port == 0 && remote.Addr.IsUnspecified() {
		remote = socket.Endpoint{}
	}
	*s = socket.Socket{
		Local: local, Remote: remote, Inode: inode,
		RecvQ: recvQ, SendQ: sendQ,
		Proto: t.proto, Family: t.family, Type: t.typ, State: state,
	}
	if t.recordsUID(state, timerKind) {
		s.UID, s.HasUID = uid, true
	}
	return true
}

// state translates the kernel's number. Request sockets are printed as 3 by
// the table and as 12 by other kernels' interfaces; both are the same half-open
// connection. A number without a name is passed on as unknown, since the
// socket is there all the same.
func (t *inetTable) state(number uint32) socket.State {
	switch {
	case number == uint32(socket.NewSynRecv):
		return socket.SynRecv
	case number == uint32(socket.Close) && t.proto != socket.TCP:
		return socket.Unconn
	case number >= uint32(socket.Established) && number <= uint32(socket.Bound):
		return socket.State(number)
	}
	return socket.StateUnknown
}

// recordsUID tells whether the row's uid column is the socket's own. The
// kernel prints 0 for a TIME_WAIT minisocket, whatever state that shows, and
// the listener's uid for a half-open connection.
func (t *inetTable) recordsUID(state socket.State, timer uint32) bool {
	if t.proto != socket.TCP {
		return true
	}
	return state != socket.TimeWait && state != socket.SynRecv && timer != timerTimeWait
}

// endpoint reads address:port. The port of a raw socket is its IP protocol
// number, that of a ping socket its ICMP identifier.
func (t *inetTable) endpoint(word []byte) (socket.Endpoint, bool) {
	digits := 8
	if t.family == socket.IPv6 {
		digits = 32
	}
	if len(word) != digits+5 || word[digits] != ':' {
		return socket.Endpoint{}, false
	}
	addr, ok := t.words.addr(word[:digits])
	if !ok {
		return socket.Endpoint{}, false
	}
	port, ok := hexadecimal(word[digits+1:])
	return socket.Endpoint{Addr: addr, Port: port}, ok
}
