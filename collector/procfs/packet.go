package procfs

import (
	"io"

	"github.com/sockls/sockls/collector/socket"
)

// Packet yields the rows of net/packet. The Socket is reused between calls of
// yield, whose error ends the walk and is returned as it is. Rows may come
// twice under churn. RecvQ is the memory that the kernel accounts to the
// waiting packets. The interface comes as its index in Local.Node: 0 is every
// interface, 0xffffffff one that has been removed under the socket.
func (f FS) Packet(yield func(*socket.Socket) error) error {
	file, err := f.openNet("packet")
	if err != nil {
		return err
	}
	defer file.Close()
	return ParsePacket(file, yield)
}

// ParsePacket reads a table as Packet does.
func ParsePacket(r io.Reader, yield func(*socket.Socket) error) error {
	count := tally{table: "net/packet"}
	var s socket.Socket
	err := count.each(r, func(line []byte) (bool, error) {
		if !parsePacketRow(line, &s) {
			return false, nil
		}
		return true, yield(&s)
	})
	if err != nil {
		return err
	}
	return count.err()
}

// parsePacketRow reads the row (packet_seq_show in net/packet/af_packet.c)
//
//	pointer refcount type protocol ifindex running rmem uid inode
func parsePacketRow(line []byte, s *socket.Socket) bool {
	w := words{line}
	if !isPointer(w.next()) {
		return false
	}
	w.next() // reference count
	typ, okType := decimal(w.next())
	proto, okProto := hexadecimal(w.next())
	index, okIndex := decimal32(w.next())
	w.next() // running
	rmem, okMem := decimal32(w.next())
	uid, okUID := decimal32(w.next())
	inode, okInode := decimal(w.next())
	if !okType || !okProto || !okIndex || !okMem || !okUID || !okInode || proto > 0xffff {
		return false
	}
	*s = socket.Socket{
		Local: socket.Endpoint{Port: proto, Node: index},
		Inode: inode, RecvQ: rmem, UID: uid, HasUID: true,
		Proto: socket.Packet, Family: socket.FamilyPacket, State: socket.Unconn,
	}
	if typ <= 0xff {
		// SOCK_PACKET (10) has no name in the model and is passed on as it is.
		s.Type = socket.Type(typ)
	}
	return true
}
