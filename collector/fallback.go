//go:build linux

package collector

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// fallback remembers which protocols were read from /proc/net because
// sock_diag did not tell.
type fallback struct {
	protos []string
	reason error
	unix   bool
}

func (f *fallback) add(p socket.Proto, reason error) {
	f.protos = append(f.protos, p.String())
	f.unix = f.unix || p == socket.Unix
	if f.reason == nil {
		f.reason = reason
	}
}

// notices says what the poorer tables leave out.
func (f *fallback) notices() []socket.Notice {
	if len(f.protos) == 0 {
		return nil
	}
	all := []socket.Notice{{
		Code: "sock-diag-unavailable",
		Message: fmt.Sprintf("sock_diag could not be used (%v), so %s came from /proc/net, which has no cookies, devices, IPv6-only flags or listen backlogs",
			f.reason, strings.Join(f.protos, ", ")),
	}}
	if f.unix {
		all = append(all, socket.Notice{
			Code:    "unix-forgeable",
			Message: "/proc/net/unix prints socket paths as they are, so whoever may bind a path can make up rows there",
		})
	}
	return all
}

// hasProcTable reports whether /proc/net tells of a protocol.
func hasProcTable(p socket.Proto) bool {
	return socket.ProtoSetOf(socket.TCP, socket.UDP, socket.UDPLite, socket.Raw, socket.Ping,
		socket.Unix, socket.Packet, socket.Netlink).Has(p)
}

// procNet reads one protocol from /proc/net.
func (r *reader) procNet(p socket.Proto, yield func(*socket.Socket) error) error {
	r.told[p] = r.query.Details & (socket.DetailQueues | owned(p) | without(p))
	once := map[rowKey]struct{}{}
	take := func(s *socket.Socket) error {
		if !r.query.States.Has(s.State) {
			return nil
		}
		// These tables repeat rows when sockets come and go while they are read.
		// Only a row that repeats nothing but emptiness is not recognised:
		// connections waiting on one unix path look all the same.
		if key := keyOf(s); key.inode != 0 || p.Inet() {
			if _, repeated := once[key]; repeated {
				return nil
			}
			once[key] = struct{}{}
		}
		if s.Device == "" && s.Proto == socket.Packet && s.Local.Node != 0 {
			s.Device = r.linkName(s.Local.Node)
			s.Local.Name = s.Device
		}
		r.poor |= socket.ProtoSetOf(p)
		return yield(s)
	}
	err := r.procTable(p, take)
	var malformed *procfs.MalformedError
	if errors.As(err, &malformed) {
		r.note(socket.Notice{Code: "table-malformed", Count: malformed.Lines, Message: err.Error()})
		err = nil
	}
	if err == nil {
		r.readFrom("/proc/net")
	}
	return err
}

// without are the details that sockets of a protocol do not have, which is known
// without being told.
func without(p socket.Proto) socket.Detail {
	if p == socket.TCP || p == socket.MPTCP || p == socket.SCTP {
		return 0
	}
	return socket.DetailTCPInfo | socket.DetailTimer
}

// rowKey is what identifies a row that has no cookie.
type rowKey struct {
	local, remote socket.Endpoint
	inode         uint64
}

func keyOf(s *socket.Socket) rowKey {
	return rowKey{local: s.Local, remote: s.Remote, inode: s.Inode}
}

func (r *reader) procTable(p socket.Proto, yield func(*socket.Socket) error) error {
	switch p {
	case socket.Unix:
		_, err := r.proc.Unix(yield)
		return err
	case socket.Packet:
		return r.proc.Packet(yield)
	case socket.Netlink:
		return r.proc.Netlink(yield)
	}
	if r.query.IPv4 {
		if err := r.proc.Inet(p, socket.IPv4, yield); err != nil {
			return err
		}
	}
	if !r.query.IPv6 {
		return nil
	}
	err := r.proc.Inet(p, socket.IPv6, yield)
	if errors.Is(err, fs.ErrNotExist) && r.proc.LacksIPv6() {
		// No family, no sockets; provided that there are tables at all.
		if _, protosErr := r.proc.Protocols(); r.query.IPv4 || protosErr == nil {
			return nil
		}
	}
	return err
}
