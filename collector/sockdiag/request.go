package sockdiag

import (
	"encoding/binary"
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// request is a netlink request without its header.
type request struct {
	kind uint16
	// one asks for one socket, else it is a dump.
	one  bool
	body []byte
}

// encode adds the header. The answer to a dump has an end; that of one socket
// gets one by the acknowledgement.
func (r request) encode(seq uint32) []byte {
	flags := uint16(flagRequest | flagDump)
	if r.one {
		flags = flagRequest | flagAck
	}
	b := make([]byte, 0, headerLen+len(r.body))
	b = native.AppendUint32(b, uint32(headerLen+len(r.body)))
	b = native.AppendUint16(b, r.kind)
	b = native.AppendUint16(b, flags)
	b = native.AppendUint32(b, seq)
	b = native.AppendUint32(b, 0) // the kernel's port id
	return append(b, r.body...)
}

// kernelStates turns states into the kernel's bit mask (1 << enum in
// include/net/tcp_states.h).
func kernelStates(states socket.StateSet) uint32 {
	const own = 1<<13 - 1<<1 // states 1 to 12 have the kernel's numbers
	mask := uint32(states) & own
	if states.Has(socket.SynRecv) {
		mask |= 1 << socket.NewSynRecv
	}
	if states.Has(socket.Unconn) {
		mask |= 1 << socket.Close
	}
	if states.Has(socket.Bound) {
		mask |= 1 << socket.Bound
	}
	return mask
}

// tcpStates is kernelStates without CLOSE: no TCP socket is found by it, yet
// asking makes the kernel walk every established socket.
func tcpStates(states socket.StateSet) uint32 {
	return kernelStates(states) &^ (1 << socket.Close)
}

// sctpStates is the mask that makes the kernel walk what has to be walked. It
// filters nothing else by state: LISTEN brings every endpoint, and any bit but
// LISTEN and CLOSE every association (sctp_diag_dump in net/sctp/diag.c).
func sctpStates(states socket.StateSet) uint32 {
	endpoints := socket.StateSetOf(socket.Listen, socket.Close)
	var mask uint32
	if states&endpoints != 0 {
		mask |= 1 << socket.Listen
	}
	if states&^endpoints != 0 {
		mask |= 1 << socket.Established
	}
	return mask
}

// sockidLen is the size of struct inet_diag_sockid.
const sockidLen = 48

// sockid is what of a struct inet_diag_sockid is asked for. A dump looks at the
// ports only, of which 0 is any.
type sockid struct {
	sport, dport uint16
	local        netip.Addr
	remote       netip.Addr
	device       uint32
	cookie       [8]byte
}

func (id sockid) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, id.sport)
	b = binary.BigEndian.AppendUint16(b, id.dport)
	for _, addr := range [...]netip.Addr{id.local, id.remote} {
		var words [16]byte
		copy(words[:], addr.AsSlice())
		b = append(b, words[:]...)
	}
	b = native.AppendUint32(b, id.device)
	return append(b, id.cookie[:]...)
}

// inetQuery is what all requests to inet_diag have in common.
type inetQuery struct {
	states uint32
	// extensions asks for attributes: bit n-1 for attribute n of the first eight.
	extensions uint8
	// program is the INET_DIAG_REQ_BYTECODE that a socket has to pass, nil for none.
	program []byte
	id      sockid
}

const reqBytecode = 1 // INET_DIAG_REQ_BYTECODE

// tcpRequest asks for both families in one walk (struct inet_diag_req).
func tcpRequest(q inetQuery) request {
	b := make([]byte, 0, 4+sockidLen+8)
	b = append(b, 0, 0, 0, q.extensions) // family, source and destination prefix
	b = q.id.append(b)
	b = native.AppendUint32(b, q.states)
	b = native.AppendUint32(b, 0) // tables, unused
	return request{kind: typeTCPDiag, body: q.appendProgram(b)}
}

// appendProgram adds the bytecode where there is some.
func (q inetQuery) appendProgram(b []byte) []byte {
	if len(q.program) == 0 {
		return b
	}
	b = native.AppendUint16(b, uint16(attrLen+len(q.program)))
	b = native.AppendUint16(b, reqBytecode)
	return append(b, q.program...)
}

// inetRequest asks for one family of one protocol (struct inet_diag_req_v2).
func inetRequest(family uint8, protocol int, q inetQuery) request {
	b := make([]byte, 0, 8+sockidLen+8)
	wide := protocol > 0xff
	one := uint8(protocol)
	if wide {
		// A kernel that does not know INET_DIAG_REQ_PROTOCOL must refuse rather
		// than answer for the protocol of the low byte.
		one = 0
	}
	b = append(b, family, one, q.extensions, 0)
	b = native.AppendUint32(b, q.states)
	b = q.appendProgram(q.id.append(b))
	if wide {
		const reqProtocol = 3 // INET_DIAG_REQ_PROTOCOL
		b = appendAttribute(b, reqProtocol, uint32(protocol))
	}
	return request{kind: typeByFamily, body: b}
}

// What unix_diag, netlink_diag, packet_diag and xdp_diag show on request.
const (
	unixShowName  = 0x01
	unixShowPeer  = 0x04
	unixShowRQLen = 0x10
	unixShowUID   = 0x40

	netlinkShowMeminfo = 0x01
	netlinkAllProtos   = 0xff // NDIAG_PROTO_ALL

	packetShowInfo    = 0x01
	packetShowMeminfo = 0x10

	xdpShowInfo    = 0x01
	xdpShowMeminfo = 0x08
)

// unixRequest is struct unix_diag_req.
func unixRequest(states, show uint32) request {
	b := []byte{afUnix, 0, 0, 0}
	b = native.AppendUint32(b, states)
	b = native.AppendUint32(b, 0) // inode
	b = native.AppendUint32(b, show)
	return request{kind: typeByFamily, body: append(b, noCookie[:]...)}
}

// showRequest is the shape that netlink_diag_req, packet_diag_req and
// xdp_diag_req share.
func showRequest(family, protocol uint8, show uint32) request {
	b := []byte{family, protocol, 0, 0}
	b = native.AppendUint32(b, 0) // inode
	b = native.AppendUint32(b, show)
	return request{kind: typeByFamily, body: append(b, 0, 0, 0, 0, 0, 0, 0, 0)}
}

// vsockRequest is struct vsock_diag_req.
func vsockRequest(states uint32) request {
	b := []byte{afVsock, 0, 0, 0}
	b = native.AppendUint32(b, states)
	return request{kind: typeByFamily, body: append(b, make([]byte, 16)...)}
}

// tipcRequest is struct tipc_sock_diag_req.
func tipcRequest(states uint32) request {
	b := []byte{afTIPC, 0, 0, 0}
	return request{kind: typeByFamily, body: native.AppendUint32(b, states)}
}

// noCookie is INET_DIAG_NOCOOKIE twice: any cookie will do.
var noCookie = [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
