package procfs

import (
	"io"

	"github.com/sockls/sockls/collector/socket"
)

// Netlink yields the rows of net/netlink. The Socket is reused between calls
// of yield, whose error ends the walk and is returned as it is. Rows may come
// twice under churn. The table tells no uid, and neither the type nor the
// connection of a socket: every row is raw and unconnected.
func (f FS) Netlink(yield func(*socket.Socket) error) error {
	file, err := f.openNet("netlink")
	if err != nil {
		return err
	}
	defer file.Close()
	return ParseNetlink(file, yield)
}

// ParseNetlink reads a table as Netlink does.
func ParseNetlink(r io.Reader, yield func(*socket.Socket) error) error {
	count := tally{table: "net/netlink"}
	var s socket.Socket
	err := count.each(r, func(line []byte) (bool, error) {
		if !parseNetlinkRow(line, &s) {
			return false, nil
		}
		return true, yield(&s)
	})
	if err != nil {
		return err
	}
	return count.err()
}

// parseNetlinkRow reads the row (netlink_native_seq_show in
// net/netlink/af_netlink.c)
//
//	pointer protocol portid groups rmem wmem dump refcount drops inode
//
// The port id is unsigned, but was printed as signed by early kernels. Groups
// are what the socket listens to, not a peer, and have no place in the model.
func parseNetlinkRow(line []byte, s *socket.Socket) bool {
	w := words{line}
	if !isPointer(w.next()) {
		return false
	}
	proto, okProto := decimal32(w.next())
	port, okPort := decimal32(w.next())
	w.next() // groups
	rmem, okRecv := decimal32(w.next())
	wmem, okSend := decimal32(w.next())
	w.next() // dump running
	w.next() // reference count
	w.next() // drops
	inode, okInode := decimal(w.next())
	if !okProto || !okPort || !okRecv || !okSend || !okInode {
		return false
	}
	*s = socket.Socket{
		Local: socket.Endpoint{Port: port, Node: proto},
		Inode: inode, RecvQ: rmem, SendQ: wmem,
		Proto: socket.Netlink, Family: socket.FamilyNetlink, Type: socket.RawType, State: socket.Unconn,
	}
	return true
}
