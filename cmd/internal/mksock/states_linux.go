package mksock

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// step is something that happens to a connection.
type step int

const (
	shake    step = iota // the peer answers the SYN, the kernel's ACK ends the handshake
	shutdown             // the program closes its direction; the peer sees the FIN and is silent
	ackFin               // the peer acknowledges that FIN
	peerFin              // the peer closes its direction, acknowledging nothing new
	closeFD              // the program closes its descriptor
)

// tcpStates is the way to every state of a connection with the peer. In a spec
// each takes the local port as its address. All but TIME_WAIT and the orphan
// keep their descriptor, so that the kernel keeps the state; the option close
// gives it up.
func tcpStates() map[string][]step {
	return map[string][]step{
		"tcp-synsent":     {},
		"tcp-established": {shake},
		"tcp-finwait1":    {shake, shutdown},
		"tcp-finwait2":    {shake, shutdown, ackFin},
		"tcp-closing":     {shake, shutdown, peerFin},
		"tcp-closewait":   {shake, peerFin},
		"tcp-lastack":     {shake, peerFin, shutdown},
		"tcp-timewait":    {shake, shutdown, ackFin, closeFD, peerFin},
		"tcp-orphan":      {shake, shutdown, closeFD},
	}
}

// remotePort is where the peer pretends to serve; synPort is where its own
// connections come from.
const (
	remotePort = 80
	synPort    = 50000
	remoteSeq  = 1000
)

// boundOnCable binds a socket to the port of a spec on this end of the cable.
func (w *world) boundOnCable(s *spec) (p *peer, fd, port int, err error) {
	if port, err = localPort(s.address); err != nil {
		return nil, -1, 0, err
	}
	o, err := s.takeSockopts()
	if err != nil {
		return nil, -1, 0, err
	}
	if p, err = w.cable(); err != nil {
		return nil, -1, 0, err
	}
	fd, err = o.bound(unix.AF_INET, unix.SOCK_STREAM, 0,
		&unix.SockaddrInet4{Addr: localIP(), Port: port})
	return p, fd, port, err
}

func remoteState(steps []step) maker {
	return func(w *world, s *spec) ([]made, error) {
		peer, fd, port, err := w.boundOnCable(s)
		if err != nil {
			return nil, err
		}
		if err := unix.SetNonblock(fd, true); err != nil {
			return nil, fmt.Errorf("set nonblocking: %w", err)
		}
		err = unix.Connect(fd, &unix.SockaddrInet4{Addr: remoteIP(), Port: remotePort})
		if err != unix.EINPROGRESS {
			return nil, fmt.Errorf("connect to peer: %w", err)
		}
		if s.flag("close") {
			steps = append(append([]step{}, steps...), closeFD)
		}
		h, err := hold("", fd, port)
		if err != nil {
			return nil, err
		}
		closed, err := peer.walk(fd, uint16(h.port), steps)
		if err != nil {
			return nil, err
		}
		one := made{fd: fd, wish: port}
		if closed {
			one.gone = &h
		}
		return []made{one}, nil
	}
}

// walk takes a connection that has just sent its SYN through steps.
func (p *peer) walk(fd int, port uint16, steps []step) (closed bool, err error) {
	expect := func(flags byte, ack uint32) (segment, error) {
		return p.expect(segment{from: port, to: remotePort, flags: flags, ack: ack})
	}
	syn, err := expect(flagSYN, 0)
	if err != nil {
		return false, err
	}
	// mine is the next number the peer sends, theirs the next it waits for.
	mine, theirs := uint32(remoteSeq), syn.seq+1
	answer := func(flags byte) error {
		s := segment{from: remotePort, to: port, seq: mine, ack: theirs, flags: flags}
		if flags&(flagSYN|flagFIN) != 0 {
			mine++
		}
		return p.send(s)
	}
	for _, st := range steps {
		switch st {
		case shake:
			if err = answer(flagSYN | flagACK); err == nil {
				_, err = expect(flagACK, mine)
			}
		case shutdown:
			if err = unix.Shutdown(fd, unix.SHUT_WR); err == nil {
				_, err = expect(flagFIN, 0)
			}
		case ackFin:
			theirs++
			err = answer(flagACK)
		case peerFin:
			if err = answer(flagFIN | flagACK); err == nil {
				_, err = expect(flagACK, mine)
			}
		case closeFD:
			closed, err = true, unix.Close(fd)
		}
		if err != nil {
			return closed, fmt.Errorf("step %d: %w", st, err)
		}
	}
	return closed, nil
}

// makeSynRecv makes a listener on tcp-synrecv:PORT to which the peer has sent a
// SYN without ever finishing the handshake.
func makeSynRecv(w *world, s *spec) ([]made, error) {
	peer, fd, port, err := w.boundOnCable(s)
	if err != nil {
		return nil, err
	}
	if err := unix.Listen(fd, defaultBacklog); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if err := peer.send(segment{from: synPort, to: uint16(port), seq: remoteSeq, flags: flagSYN}); err != nil {
		return nil, err
	}
	if _, err := peer.expect(segment{from: uint16(port), to: synPort, flags: flagSYN | flagACK}); err != nil {
		return nil, err
	}
	return []made{{fd: fd, wish: port}}, nil
}

// localPort is the address of the specs that use the peer.
func localPort(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("local port: %w", err)
	}
	return int(port), nil
}
