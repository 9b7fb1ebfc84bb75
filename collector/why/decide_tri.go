package why

import "github.com/sockls/sockls/collector/socket"

// The operators of three-valued logic. A result is Unknown where it depends on
// what is unknown: so it is here, where each rule uses each fact once.

func and(a, b socket.Tri) socket.Tri {
	switch {
	case a == socket.No || b == socket.No:
		return socket.No
	case a == socket.Yes && b == socket.Yes:
		return socket.Yes
	}
	return socket.Unknown
}

func or(a, b socket.Tri) socket.Tri { return not(and(not(a), not(b))) }

func not(a socket.Tri) socket.Tri {
	switch a {
	case socket.Yes:
		return socket.No
	case socket.No:
		return socket.Yes
	}
	return socket.Unknown
}
