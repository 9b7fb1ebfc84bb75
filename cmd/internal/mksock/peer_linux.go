package mksock

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The two ends of the cable to the peer, from the documentation range.
const (
	peerLink   = "peer0"
	peerPrefix = "192.0.2.1/24"
)

func localIP() [4]byte  { return [4]byte{192, 0, 2, 1} }
func remoteIP() [4]byte { return [4]byte{192, 0, 2, 2} }

const (
	flagFIN = 1
	flagSYN = 2
	flagACK = 16
)

// peer is a TCP host of which the kernel sees only the packets. It answers
// exactly what it is told to, which makes the states reachable that two honest
// ends pass through in no time.
type peer struct{ tun int }

// segment is one TCP segment without data or options.
type segment struct {
	from, to uint16
	seq, ack uint32
	flags    byte
}

// cable returns the peer of this namespace.
func (w *world) cable() (*peer, error) {
	if w.peer == nil {
		fd, err := w.addLink(peerLink + "," + peerPrefix)
		if err != nil {
			return nil, err
		}
		w.peer = &peer{tun: fd}
	}
	return w.peer, nil
}

// expect waits for a segment between two ports that has all of flags, and
// acknowledges ack unless that is 0. It skips what else the kernel has to say:
// neighbour discovery, other connections, retransmissions.
func (p *peer) expect(want segment) (segment, error) {
	deadline := time.Now().Add(5 * time.Second)
	packet := make([]byte, 2048)
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return segment{}, fmt.Errorf("await segment %+v: %w", want, os.ErrDeadlineExceeded)
		}
		ready := []unix.PollFd{{Fd: int32(p.tun), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, int(left.Milliseconds())+1); err != nil {
			if errors.Is(err, unix.EINTR) {
				continue
			}
			return segment{}, fmt.Errorf("poll tun: %w", err)
		}
		if ready[0].Revents == 0 {
			continue
		}
		n, err := unix.Read(p.tun, packet)
		if err != nil {
			return segment{}, fmt.Errorf("read tun: %w", err)
		}
		if s, ok := decodeSegment(packet[:n]); ok && s.answers(want) {
			return s, nil
		}
	}
}

func (s segment) answers(want segment) bool {
	return s.from == want.from && s.to == want.to && s.flags&want.flags == want.flags &&
		(want.ack == 0 || s.ack == want.ack)
}

func (p *peer) send(s segment) error {
	if _, err := unix.Write(p.tun, s.encode()); err != nil {
		return fmt.Errorf("write tun: %w", err)
	}
	return nil
}

const (
	ipHeader  = 20
	tcpHeader = 20
)

func decodeSegment(packet []byte) (segment, bool) {
	if len(packet) < ipHeader+tcpHeader || packet[0]>>4 != 4 || packet[9] != unix.IPPROTO_TCP {
		return segment{}, false
	}
	start := int(packet[0]&15) * 4
	if len(packet) < start+tcpHeader {
		return segment{}, false
	}
	t := packet[start:]
	return segment{
		from: binary.BigEndian.Uint16(t), to: binary.BigEndian.Uint16(t[2:]),
		seq: binary.BigEndian.Uint32(t[4:]), ack: binary.BigEndian.Uint32(t[8:]),
		flags: t[13],
	}, true
}

func (s segment) encode() []byte {
	local, remote := localIP(), remoteIP()
	packet := make([]byte, ipHeader+tcpHeader)
	packet[0] = 0x45
	binary.BigEndian.PutUint16(packet[2:], uint16(len(packet)))
	packet[8], packet[9] = 64, unix.IPPROTO_TCP
	copy(packet[12:], remote[:])
	copy(packet[16:], local[:])
	binary.BigEndian.PutUint16(packet[10:], checksum(packet[:ipHeader], 0))

	t := packet[ipHeader:]
	binary.BigEndian.PutUint16(t, s.from)
	binary.BigEndian.PutUint16(t[2:], s.to)
	binary.BigEndian.PutUint32(t[4:], s.seq)
	binary.BigEndian.PutUint32(t[8:], s.ack)
	t[12], t[13] = tcpHeader/4<<4, s.flags
	binary.BigEndian.PutUint16(t[14:], 65535)
	// The pseudo header: both addresses, the protocol and the length.
	pseudo := append(append([]byte{}, packet[12:20]...), 0, unix.IPPROTO_TCP, 0, tcpHeader)
	binary.BigEndian.PutUint16(t[16:], checksum(t, sum(pseudo, 0)))
	return packet
}

// sum adds 16-bit words (RFC 1071); all inputs here are of even length.
func sum(b []byte, start uint32) uint32 {
	for i := 0; i+1 < len(b); i += 2 {
		start += uint32(b[i])<<8 | uint32(b[i+1])
	}
	return start
}

func checksum(b []byte, start uint32) uint16 {
	s := sum(b, start)
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return ^uint16(s)
}
