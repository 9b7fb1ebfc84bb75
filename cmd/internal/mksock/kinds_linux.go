package mksock

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// made is a socket that a maker leaves open. The first one of a spec carries
// the spec's label and is the one that the holding options are about.
type made struct {
	suffix string // added to the label of the spec
	fd     int
	wish   int // the port that was asked for
	// gone is what was held when the maker has closed the descriptor already.
	gone *holding
}

// maker makes the sockets of one kind.
type maker func(w *world, s *spec) ([]made, error)

// kinds is every kind of socket, by the name it has in a spec. Main describes
// them.
func kinds() map[string]maker {
	table := map[string]maker{
		"tcp-listen":    streamListen(0),
		"tcp-pair":      streamPair(0),
		"tcp-bound":     inetBound(unix.SOCK_STREAM, 0),
		"tcp-unbound":   inetUnbound(unix.SOCK_STREAM, 0),
		"mptcp-listen":  streamListen(unix.IPPROTO_MPTCP),
		"mptcp-pair":    streamPair(unix.IPPROTO_MPTCP),
		"udp":           inetBound(unix.SOCK_DGRAM, 0),
		"udp-connected": inetConnected(unix.SOCK_DGRAM, 0),
		"udp-unbound":   inetUnbound(unix.SOCK_DGRAM, 0),
		"udplite":       inetBound(unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE),
		"raw":           makeRaw,
		"ping":          makePing,

		"tcp-unaccepted": makeUnaccepted,
		"tcp-synrecv":    makeSynRecv,

		"unix-pair":      makeUnixPair,
		"unix-listen":    unixBound(unix.SOCK_STREAM, true),
		"unix-bound":     unixBound(unix.SOCK_STREAM, false),
		"unix-dgram":     unixBound(unix.SOCK_DGRAM, false),
		"unix-seqpacket": unixBound(unix.SOCK_SEQPACKET, true),
		"unix-deleted":   makeUnixDeleted,
		"unix-connected": makeUnixConnected,

		"netlink":      makeNetlink,
		"packet":       makePacket,
		"vsock-listen": makeVsock,
		"xdp":          makeXDP,
	}
	for name, steps := range tcpStates() {
		table[name] = remoteState(steps)
	}
	return table
}

// make runs the maker of a spec and says who holds what.
func (w *world) make(s *spec, label string) ([]holding, error) {
	maker, ok := kinds()[s.kind]
	if !ok {
		return nil, fmt.Errorf("unknown kind %q", s.kind)
	}
	sockets, err := maker(w, s)
	if err != nil {
		return nil, err
	}
	if err := s.finish(); err != nil {
		return nil, err
	}
	var held []holding
	for _, m := range sockets {
		if m.gone != nil {
			m.gone.label = label + m.suffix
			held = append(held, m.gone.lost())
			continue
		}
		h, err := hold(label+m.suffix, m.fd, m.wish)
		if err != nil {
			return nil, err
		}
		held = append(held, h)
	}
	return held, nil
}
