package sockdiag

import (
	"context"
	"errors"
	"net/netip"
	"syscall"

	"github.com/sockls/sockls/collector/socket"
)

// typeDestroy is SOCK_DESTROY (include/uapi/linux/sock_diag.h). Its request is
// the struct inet_diag_req_v2 of a lookup.
const typeDestroy = 21

// The reasons why a socket was not destroyed that are no errno's own meaning.
var (
	ErrNotFound       = errors.New("the kernel finds no such socket")
	ErrIndestructible = errors.New("the kernel has no way to destroy such a socket")
	ErrNoDestroy      = errors.New("this kernel is built without the destruction of sockets (CONFIG_INET_DIAG_DESTROY)")
	ErrNotNetAdmin    = errors.New("it takes root (CAP_NET_ADMIN)")
	ErrNoCookie       = errors.New("its cookie is not known, and another could be hit in its place")
	ErrUnknownDevice  = errors.New("the interface it is bound to is not known")
)

// strangers is how many peers are made up to reach one member of a reuseport
// group: of n members each is the one with a chance of one in n.
const strangers = 4096

// Destroy aborts one socket as an error of the network would: a connection is
// reset, a listener stops listening and resets what waits in its queue, and who
// holds the socket gets ECONNABORTED of it. It takes CAP_NET_ADMIN.
//
// The kernel looks the socket up by its addresses as it would for a packet, and
// then compares the cookie, so that no other is ever hit (inet_diag_find_one_icsk
// in net/ipv4/inet_diag.c, __udp_diag_destroy in net/ipv4/udp_diag.c).
// ErrNotFound is a socket that is gone, or one that no packet would find: a TCP
// socket that is bound and does not listen is in none of the tables looked into.
//
// ifIndex is the index of an interface of the connection's network namespace.
func (c *Client) Destroy(ctx context.Context, s *socket.Socket, ifIndex func(name string) (uint32, bool)) error {
	q, err := destroyQuery(s, ifIndex)
	if err != nil {
		return &Error{Proto: s.Proto, Err: err}
	}
	d := dump{Client: c, ctx: ctx, proto: s.Proto}
	err = d.destroy(s, q)
	if errors.Is(err, syscall.ENOENT) && grouped(s) {
		err = d.destroyMember(s, q)
	}
	if err != nil {
		return &Error{Proto: s.Proto, Err: destroyError(s.Proto, err)}
	}
	return nil
}

// destroyQuery names one socket.
func destroyQuery(s *socket.Socket, ifIndex func(name string) (uint32, bool)) (q inetQuery, err error) {
	switch {
	case s.Proto != socket.TCP && s.Proto != socket.UDP && s.Proto != socket.UDPLite:
		return q, ErrIndestructible
	case s.Cookie == 0:
		return q, ErrNoCookie
	}
	q.states = ^uint32(0)
	q.id = sockid{
		sport: uint16(s.Local.Port), dport: uint16(s.Remote.Port),
		local: s.Local.Addr, remote: s.Remote.Addr,
	}
	native.PutUint32(q.id.cookie[:], uint32(s.Cookie))
	native.PutUint32(q.id.cookie[4:], uint32(s.Cookie>>32))
	if s.Device != "" {
		index, ok := ifIndex(s.Device)
		if !ok {
			return q, ErrUnknownDevice
		}
		q.id.device = index
	}
	return q, nil
}

// destroy asks once.
func (d *dump) destroy(s *socket.Socket, q inetQuery) error {
	family := uint8(afInet)
	if s.Family == socket.IPv6 {
		family = afInet6
	}
	r := inetRequest(family, protocolNumber(s.Proto), q)
	r.kind, r.one = typeDestroy, true
	return d.run(r, func([]byte, *socket.Socket) bool { return false })
}

// grouped reports whether s may be one of several that a packet can be for, of
// which the kernel finds one.
func grouped(s *socket.Socket) bool { return s.State == socket.Listen || s.State == socket.Unconn }

// destroyMember looks for the member of a group that s is. Which one the kernel
// finds depends on who sends the packet (reuseport_select_sock in
// net/core/sock_reuseport.c), so others are made up until it is s. A UDP socket
// on the wildcard that was destroyed has left its group and is found before it,
// whoever sends: the others can then not be reached.
func (d *dump) destroyMember(s *socket.Socket, q inetQuery) error {
	switch {
	case s.Local.Addr.Is4():
		q.id.remote = netip.AddrFrom4([4]byte{192, 0, 2, 1}) // TEST-NET-1
	case s.Local.Addr.Is4In6():
		q.id.remote = netip.AddrFrom16(netip.AddrFrom4([4]byte{192, 0, 2, 1}).As16())
	default:
		q.id.remote = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 1}) // 2001:db8::1
	}
	for port := range uint16(strangers) {
		q.id.dport = port + 1
		if err := d.destroy(s, q); !errors.Is(err, syscall.ENOENT) {
			return err
		}
	}
	return syscall.ENOENT
}

// destroyError gives an errno the meaning that it has here.
func destroyError(p socket.Proto, err error) error {
	switch {
	case errors.Is(err, syscall.ENOENT):
		return ErrNotFound
	case errors.Is(err, syscall.EPERM):
		return ErrNotNetAdmin
	case errors.Is(err, syscall.EOPNOTSUPP) && (p == socket.TCP || p == socket.UDP):
		return ErrNoDestroy
	case errors.Is(err, syscall.EOPNOTSUPP):
		return ErrIndestructible
	}
	return err
}
