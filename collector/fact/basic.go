package fact

import "github.com/sockls/sockls/collector/socket"

// basicFacts are those that every row has.
func basicFacts() []Fact {
	all := []Fact{
		number(NoGroup, "recv-q", Bytes, socket.DetailQueues,
			"bytes received and not read; for a listener the connections waiting to be accepted",
			func(s *socket.Socket, create bool) *uint32 { return queue(s, &s.RecvQ, create) }),
		number(NoGroup, "send-q", Bytes, socket.DetailQueues,
			"bytes sent and not acknowledged; for a listener the limit of waiting connections",
			func(s *socket.Socket, create bool) *uint32 { return queue(s, &s.SendQ, create) }),
		text(NoGroup, "device", socket.DetailIdentity, "interface the socket is bound to",
			func(s *socket.Socket, _ bool) *string { return &s.Device }),
		tri(NoGroup, "v6only", socket.DetailIdentity, "whether an IPv6 socket refuses IPv4",
			func(s *socket.Socket, create bool) *socket.Tri {
				if s.Family != socket.IPv6 && !create {
					return nil
				}
				return &s.V6Only
			}),
		number(NoGroup, "inode", Count, 0, "sockfs inode, the number in /proc/PID/fd",
			func(s *socket.Socket, _ bool) *uint64 { return &s.Inode }).without(0),
		number(NoGroup, "cookie", Count, socket.DetailIdentity, "identity of the socket for the kernel's whole life (SO_COOKIE)",
			func(s *socket.Socket, _ bool) *uint64 { return &s.Cookie }).without(0),
		number(NoGroup, "netns", Count, socket.DetailNetNS, "network namespace, as the number in /proc/PID/ns/net",
			func(s *socket.Socket, create bool) *uint64 {
				if ns := namespace(s, create); ns != nil {
					return &ns.Inode
				}
				return nil
			}).without(0),
		text(NoGroup, "netns-name", socket.DetailNetNS, "name of the network namespace under /run/netns",
			func(s *socket.Socket, create bool) *string {
				if ns := namespace(s, create); ns != nil {
					return &ns.Name
				}
				return nil
			}),
		uidFact(),
		{
			Name: "type", Key: "type", Kind: Text, Help: "socket type: stream, dgram, raw, rdm, seqpacket",
			Text: func(s *socket.Socket) (string, bool) { return s.Type.String(), s.Type != socket.TypeUnknown },
			SetText: func(s *socket.Socket, text string) {
				for t := socket.Stream; t <= socket.Seqpacket; t++ {
					if t.String() == text {
						s.Type = t
					}
				}
			},
		},
		{
			Name: "reason", Key: "no_process", Kind: Text, Details: socket.DetailOwners,
			Help: "why no process holds the socket: time-wait, orphan, not-accepted, kernel, hidden, in-flight, other-pid-namespace, unknown",
			Text: func(s *socket.Socket) (string, bool) { return s.NoProcess.String(), s.NoProcess != socket.ReasonNone },
			SetText: func(s *socket.Socket, text string) {
				for r := socket.ReasonNone; r <= socket.ReasonUnknown; r++ {
					if r.String() == text {
						s.NoProcess = r
					}
				}
			},
		},
		text(NoGroup, "user", socket.DetailUser|socket.DetailUID, "name of the user that owns the socket",
			func(s *socket.Socket, _ bool) *string { return &s.User }),
	}
	for i := range all {
		switch all[i].Name { // the keys of the contract
		case "netns":
			all[i].Key = "netns.inode"
		case "netns-name":
			all[i].Key = "netns.name"
		}
	}
	return all
}

// namespace is copied before it is written to: all rows share it.
func namespace(s *socket.Socket, create bool) *socket.NetNS {
	if create {
		var own socket.NetNS
		if s.NetNS != nil {
			own = *s.NetNS
		}
		s.NetNS = &own
	}
	return s.NetNS
}

func uidFact() Fact {
	return Fact{
		Name: "uid", Key: "uid", Kind: Count, Details: socket.DetailUID, Help: "user id that owns the socket",
		Number: func(s *socket.Socket) (int64, bool) { return int64(s.UID), s.HasUID },
		SetNumber: func(s *socket.Socket, n int64) {
			if fits[uint32](n) {
				s.UID, s.HasUID = uint32(n), true
			}
		},
	}
}

// queue is the place of a queue's length, nil where it is not known.
func queue(s *socket.Socket, length *uint32, create bool) *uint32 {
	if s.NoQueues && !create {
		return nil
	}
	return length
}
