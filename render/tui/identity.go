package tui

import (
	"encoding/binary"

	"github.com/sockls/sockls/collector/socket"
)

// identity tells a socket from all others: by its cookie, and where a table tells
// none by its ends. A hundred thousand of them are kept, so it is small.
type identity struct {
	cookie uint64
	ends   string
}

func identify(s *socket.Socket) identity {
	if s.Cookie != 0 {
		return identity{cookie: s.Cookie}
	}
	b := append(make([]byte, 0, 96), byte(s.Proto), byte(s.Family))
	b = appendEnd(appendEnd(b, &s.Local), &s.Remote)
	// A connection is its ends, whoever holds it. Of other sockets many may have
	// the same, and their inodes differ.
	if s.Type != socket.Stream || !s.Proto.Inet() || s.Remote.IsZero() {
		b = binary.NativeEndian.AppendUint64(b, s.Inode)
	}
	return identity{ends: string(b)}
}

// appendEnd appends an end, so that no two look alike.
func appendEnd(b []byte, e *socket.Endpoint) []byte {
	b = binary.NativeEndian.AppendUint32(b, e.Port)
	b = binary.NativeEndian.AppendUint32(b, e.Node)
	b = append(e.Addr.AppendTo(b), 0)
	b = binary.NativeEndian.AppendUint32(b, uint32(len(e.Name)))
	return append(b, e.Name...)
}
