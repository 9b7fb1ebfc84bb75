package descriptor

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// The reasons not to describe a socket: it lives in another network namespace,
// it is of another protocol, or the descriptor no longer refers to the socket
// it was taken for.
var (
	ErrElsewhere = errors.New("socket of another network namespace")
	ErrOther     = errors.New("socket of another protocol")
	ErrGone      = errors.New("descriptor has changed")
)

// Inspector looks at the sockets of the network namespace that FS is about. It
// keeps a handle on the process it looked at last, so descriptors are best
// asked for process by process; Close lets go of it.
type Inspector struct {
	FS procfs.FS
	// Protos are the protocols to describe, 0 meaning all.
	Protos socket.ProtoSet
	// NetNS is the inode of that namespace.
	NetNS uint64
	// IfName names an interface of it.
	IfName func(index uint32) string

	last   process
	cookie uint64 // of the namespace, 0 until known
}

// process is an open pidfd.
type process struct {
	pid, tid, fd int
}

// Close lets go of the last process.
func (i *Inspector) Close() {
	if i.last.pid != 0 {
		_ = unix.Close(i.last.fd) // a pidfd has nothing to lose
		i.last = process{}
	}
}

// Socket describes the socket with this inode behind a descriptor of a process,
// or of a thread that has its own descriptors; tid is 0 for the process's.
func (i *Inspector) Socket(pid, tid, fd int, inode uint64) (socket.Socket, error) {
	dup, err := i.duplicate(pid, tid, fd)
	if err != nil {
		if p, protoErr := i.Proto(pid, tid, fd); protoErr == nil && !i.wants(p) {
			return socket.Socket{}, ErrOther // a refusal that takes nothing away
		}
		return socket.Socket{}, err
	}
	defer unix.Close(dup)

	if err := i.here(dup); err != nil {
		return socket.Socket{}, err
	}
	uid, err := ownerOf(dup, inode)
	if err != nil {
		return socket.Socket{}, err
	}
	s := socket.Socket{Inode: inode, UID: uid, HasUID: true}
	if err := i.describe(dup, &s); err != nil {
		return socket.Socket{}, err
	}
	return s, nil
}

// ownerOf is the user of the socket behind fd, which must have that inode.
func ownerOf(fd int, inode uint64) (uid uint32, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, fmt.Errorf("fstat: %w", err)
	}
	if st.Ino != inode || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return 0, ErrGone
	}
	return st.Uid, nil
}

func (i *Inspector) wants(p socket.Proto) bool { return i.Protos == 0 || i.Protos.Has(p) }

// Proto tells the protocol of a socket without copying its descriptor: sockfs
// gives it away as an extended attribute (net/socket.c). It is ProtoUnknown
// for protocols this program does not know.
func (i *Inspector) Proto(pid, tid, fd int) (socket.Proto, error) {
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

// duplicate copies a descriptor.
func (i *Inspector) duplicate(pid, tid, fd int) (int, error) {
	if i.last.pid != pid || i.last.tid != tid {
		i.Close()
		pidfd, err := openProcess(pid, tid)
		if err != nil {
			return -1, err
		}
		i.last = process{pid: pid, tid: tid, fd: pidfd}
	}
	dup, err := unix.PidfdGetfd(i.last.fd, fd, 0)
	if errors.Is(err, unix.EBADF) || errors.Is(err, unix.ESRCH) {
		return -1, ErrGone
	}
	if err != nil {
		return -1, fmt.Errorf("pidfd_getfd: %w", err)
	}
	return dup, nil
}

// openProcess opens a pidfd. A thread with a table of its own is reached with
// PIDFD_THREAD, since Linux 6.9.
func openProcess(pid, tid int) (int, error) {
	flags := 0
	if tid != 0 && tid != pid {
		pid, flags = tid, unix.PIDFD_THREAD
	}
	pidfd, err := unix.PidfdOpen(pid, flags)
	if errors.Is(err, unix.ESRCH) || flags == 0 && errors.Is(err, unix.EINVAL) {
		return -1, ErrGone // a pid that is being given up, or a thread's by now, is invalid
	}
	if err != nil {
		return -1, fmt.Errorf("pidfd_open: %w", err)
	}
	return pidfd, nil
}

// here refuses sockets of other network namespaces. The cookie of a namespace
// is quick to ask for, and anyone may, since Linux 5.14; before that the
// namespace itself has to be opened, which takes CAP_NET_ADMIN.
func (i *Inspector) here(fd int) error {
	cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if errors.Is(err, unix.ENOPROTOOPT) {
		return i.hereByInode(fd)
	}
	if errors.Is(err, unix.ENOTSOCK) {
		return ErrGone
	}
	if err != nil {
		return fmt.Errorf("network namespace of a socket: %w", err)
	}
	if i.cookie == 0 {
		if err := i.FS.Inside(func() (err error) { i.cookie, err = ownCookie(); return err }); err != nil {
			return err
		}
	}
	if cookie != i.cookie {
		return ErrElsewhere
	}
	return nil
}

// ownCookie asks a socket made here.
func ownCookie() (uint64, error) {
	own, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("socket: %w", err)
	}
	defer unix.Close(own)
	cookie, err := unix.GetsockoptUint64(own, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err != nil {
		return 0, fmt.Errorf("network namespace of a socket: %w", err)
	}
	return cookie, nil
}

func (i *Inspector) hereByInode(fd int) error {
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
func (i *Inspector) describe(fd int, s *socket.Socket) error {
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
	if s.Family, s.Proto = identify(domain, kind, protocol); !i.wants(s.Proto) {
		return ErrOther
	}
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
	connected := i.addresses(fd, protocol, s)
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
