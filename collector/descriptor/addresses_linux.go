package descriptor

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// addresses fills in both ends and reports whether there is a peer. A family
// without getsockname (xdp) has no address to tell.
func (i *Inspector) addresses(fd, protocol int, s *socket.Socket) (connected bool) {
	if s.Proto == socket.Unix {
		s.Local.Name, _ = unixName(fd, unix.SYS_GETSOCKNAME)
		s.Remote.Name, connected = unixName(fd, unix.SYS_GETPEERNAME)
		return connected
	}
	if local, err := unix.Getsockname(fd); err == nil {
		s.Local = i.endpoint(local)
	}
	remote, err := unix.Getpeername(fd)
	if err != nil {
		return false
	}
	s.Remote = i.endpoint(remote)
	if s.Proto == socket.Netlink {
		// Every netlink socket has a peer address; without a connection it is
		// zero, and so it is with one to the kernel, which cannot be told apart.
		s.Local.Node = uint32(protocol)
		return !s.Remote.IsZero()
	}
	return true
}

// unixName asks for an address as bytes: package unix shows an abstract one as
// text and cuts it at its second NUL. A path comes with a closing NUL that is
// not part of it, unless it fills the 108 bytes.
func unixName(fd int, call uintptr) (name string, ok bool) {
	var address unix.RawSockaddrUnix
	length := uint32(unix.SizeofSockaddrUnix)
	_, _, errno := unix.Syscall(call, uintptr(fd), uintptr(unsafe.Pointer(&address)), uintptr(unsafe.Pointer(&length)))
	if errno != 0 {
		return "", false
	}
	b := make([]byte, min(max(int(length)-2, 0), len(address.Path)))
	for i := range b {
		b[i] = byte(address.Path[i])
	}
	if n := len(b); n > 0 && b[0] != 0 && b[n-1] == 0 {
		b = b[:n-1]
	}
	return string(b), true
}

// endpoint turns a socket address into the model's.
func (i *Inspector) endpoint(address unix.Sockaddr) socket.Endpoint {
	switch a := address.(type) {
	case *unix.SockaddrInet4:
		return socket.Endpoint{Addr: netip.AddrFrom4(a.Addr), Port: uint32(a.Port)}
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(a.Addr)
		if a.ZoneId != 0 {
			ip = ip.WithZone(i.IfName(a.ZoneId))
		}
		return socket.Endpoint{Addr: ip, Port: uint32(a.Port)}
	case *unix.SockaddrNetlink:
		return socket.Endpoint{Port: a.Pid}
	case *unix.SockaddrVM:
		return socket.Endpoint{Node: a.CID, Port: a.Port}
	case *unix.SockaddrTIPC:
		if id, ok := a.Addr.(*unix.TIPCSocketAddr); ok {
			return socket.Endpoint{Node: id.Node, Port: id.Ref}
		}
	}
	return socket.Endpoint{}
}
