package descriptor

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// ErrElsewhere is a socket of another network namespace, ErrGone a descriptor
// that no longer refers to the socket it was taken for.
var (
	ErrElsewhere = errors.New("socket of another network namespace")
	ErrGone      = errors.New("descriptor has changed")
)

// Inspector looks at sockets of one network namespace.
type Inspector struct {
	FS procfs.FS
	// NetNS is the inode of the namespace; sockets of others are refused.
	NetNS uint64
	// IfName names an interface of that namespace.
	IfName func(index uint32) string
}

// Proto tells the protocol of a socket without copying its descriptor: sockfs
// gives it away as an extended attribute (net/socket.c). It is ProtoUnknown
// for protocols this program does not know.
func (i Inspector) Proto(pid, tid, fd int) (socket.Proto, error) {
	if tid == 0 {
		tid = pid
	}
	path := i.FS.Dir() + "/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid) + "/fd/" + strconv.Itoa(fd)
	var name [32]byte
	n, err := unix.Getxattr(path, "system.sockprotoname", name[:])
	if err != nil {
		return socket.ProtoUnknown, fmt.Errorf("getxattr %s: %w", path, err)
	}
	if n > 0 && name[n-1] == 0 {
		n--
	}
	return socket.ProtoOfKernel(string(name[:n])), nil
}

// Socket describes the socket with this inode behind a descriptor.
func (i Inspector) Socket(pid, tid, fd int, inode uint64) (socket.Socket, error) {
	dup, err := duplicate(pid, tid, fd)
	if err != nil {
		return socket.Socket{}, err
	}
	defer unix.Close(dup)

	var st unix.Stat_t
	if err := unix.Fstat(dup, &st); err != nil {
		return socket.Socket{}, fmt.Errorf("fstat: %w", err)
	}
	if st.Ino != inode || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return socket.Socket{}, ErrGone
	}
	if err := i.here(dup); err != nil {
		return socket.Socket{}, err
	}
	s := socket.Socket{Inode: inode, UID: st.Uid, HasUID: true}
	if err := i.describe(dup, &s); err != nil {
		return socket.Socket{}, err
	}
	return s, nil
}

// duplicate copies a descriptor of another process. A thread with a table of
// its own is reached with PIDFD_THREAD, since Linux 6.9.
func duplicate(pid, tid, fd int) (int, error) {
	flags := 0
	if tid != 0 && tid != pid {
		pid, flags = tid, unix.PIDFD_THREAD
	}
	pidfd, err := unix.PidfdOpen(pid, flags)
	if err != nil {
		return -1, fmt.Errorf("pidfd_open: %w", err)
	}
	defer unix.Close(pidfd)
	dup, err := unix.PidfdGetfd(pidfd, fd, 0)
	if errors.Is(err, unix.EBADF) || errors.Is(err, unix.ESRCH) {
		return -1, ErrGone
	}
	if err != nil {
		return -1, fmt.Errorf("pidfd_getfd: %w", err)
	}
	return dup, nil
}

// here refuses sockets of other network namespaces.
func (i Inspector) here(fd int) error {
	ns, err := unix.IoctlRetInt(fd, unix.SIOCGSKNS)
	if err != nil {
		return fmt.Errorf("network namespace of a socket: %w", err)
	}
	defer unix.Close(ns)
	var st unix.Stat_t
	if err := unix.Fstat(ns, &st); err != nil {
		return fmt.Errorf("fstat: %w", err)
	}
	if st.Ino != i.NetNS {
		return ErrElsewhere
	}
	return nil
}

// describe fills in what getsockopt and the two names tell.
func (i Inspector) describe(fd int, s *socket.Socket) error {
	option := func(name int) (int, error) {
		v, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, name)
		if err != nil {
			return 0, fmt.Errorf("getsockopt %d: %w", name, err)
		}
		return v, nil
	}
	domain, err := option(unix.SO_DOMAIN)
	if err != nil {
		return err
	}
	protocol, err := option(unix.SO_PROTOCOL)
	if err != nil {
		return err
	}
	kind, err := option(unix.SO_TYPE)
	if err != nil {
		return err
	}
	s.Type = socket.Type(kind)
	s.Family, s.Proto = identify(domain, kind, protocol)
	// Linux before 4.12 has no SO_COOKIE; the row is as good without.
	s.Cookie, _ = unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
	if device, err := unix.GetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE); err == nil {
		s.Device = device
	}
	if s.Family == socket.IPv6 {
		if only, err := unix.GetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY); err == nil {
			s.V6Only = socket.TriOf(only != 0)
		}
	}
	// A family without getsockname (xdp) has no address to tell.
	if local, err := unix.Getsockname(fd); err == nil {
		s.Local = i.endpoint(local)
	}
	remote, err := unix.Getpeername(fd)
	connected := err == nil
	if connected {
		s.Remote = i.endpoint(remote)
	}
	listening, err := option(unix.SO_ACCEPTCONN)
	if err != nil {
		return err
	}
	s.State = state(s, listening != 0, connected)
	if s.Proto == socket.TCP || s.Proto == socket.MPTCP {
		if info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil && info.State != uint8(socket.Close) {
			s.State = socket.State(info.State)
		}
	}
	return nil
}

// state derives what no option tells.
func state(s *socket.Socket, listening, connected bool) socket.State {
	switch {
	case listening:
		return socket.Listen
	case connected:
		return socket.Established
	case s.Type != socket.Stream && s.Type != socket.Seqpacket:
		return socket.Unconn
	case s.Proto.HasPorts() && s.Local.Port != 0,
		s.Proto == socket.Vsock && s.Local.Port != unix.VMADDR_PORT_ANY:
		return socket.Bound
	}
	return socket.Close
}

// identify names family and protocol from the three numbers of socket(2).
func identify(domain, kind, protocol int) (socket.Family, socket.Proto) {
	switch domain {
	case unix.AF_INET:
		return socket.IPv4, inetProto(kind, protocol)
	case unix.AF_INET6:
		return socket.IPv6, inetProto(kind, protocol)
	case unix.AF_UNIX:
		return socket.FamilyUnix, socket.Unix
	case unix.AF_PACKET:
		return socket.FamilyPacket, socket.Packet
	case unix.AF_NETLINK:
		return socket.FamilyNetlink, socket.Netlink
	case unix.AF_VSOCK:
		return socket.FamilyVsock, socket.Vsock
	case unix.AF_XDP:
		return socket.FamilyXDP, socket.XDP
	case unix.AF_TIPC:
		return socket.FamilyTIPC, socket.TIPC
	}
	return socket.FamilyUnspec, socket.ProtoUnknown
}

func inetProto(kind, protocol int) socket.Proto {
	if kind == unix.SOCK_RAW {
		return socket.Raw
	}
	switch protocol {
	case unix.IPPROTO_TCP:
		return socket.TCP
	case unix.IPPROTO_MPTCP:
		return socket.MPTCP
	case unix.IPPROTO_UDP:
		return socket.UDP
	case unix.IPPROTO_UDPLITE:
		return socket.UDPLite
	case unix.IPPROTO_SCTP:
		return socket.SCTP
	case unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6:
		return socket.Ping
	}
	return socket.ProtoUnknown
}

// endpoint turns a socket address into the model's.
func (i Inspector) endpoint(address unix.Sockaddr) socket.Endpoint {
	switch a := address.(type) {
	case *unix.SockaddrInet4:
		return socket.Endpoint{Addr: netip.AddrFrom4(a.Addr), Port: uint32(a.Port)}
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(a.Addr)
		if a.ZoneId != 0 {
			ip = ip.WithZone(i.IfName(a.ZoneId))
		}
		return socket.Endpoint{Addr: ip, Port: uint32(a.Port)}
	case *unix.SockaddrUnix:
		return socket.Endpoint{Name: a.Name}
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
