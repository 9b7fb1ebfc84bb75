package summary

// Count is a number that may not be known.
type Count struct {
	N     int64
	Known bool
}

// CountOf is a known number.
func CountOf(n int64) Count { return Count{N: n, Known: true} }

// Counters are what the kernel counts by itself, to be had without looking at a
// single socket. The zero value knows nothing.
type Counters struct {
	// Sockets are those of every family in this network namespace.
	Sockets Count
	// Allocated and Orphaned TCP sockets are those of the whole machine: the
	// kernel does not count them by network namespace.
	Allocated, Orphaned Count
	// TimeWait and Established are of this network namespace.
	TimeWait, Established Count
	IPv4, IPv6            Transports
	// Protos are the sockets by protocol, in the order of the protocols. Netlink
	// sockets of the kernel itself are not among them.
	Protos []ProtoCount
	Drops  Drops
}

// Transports are the sockets of one family by transport: those the kernel can
// find by a packet's addresses. TCP does not have TIME_WAIT in it and UDP not
// UDP-Lite; Fragments are packets that are being put together.
type Transports struct {
	Raw, UDP, TCP, Fragments Count
}

// Drops are connections and packets that were turned away since the network
// namespace was made.
type Drops struct {
	// ListenOverflows are connections that found an accept queue full,
	// ListenDrops all that a listener could not take, those included.
	ListenOverflows, ListenDrops Count
	// RequestQueueFull are SYN packets dropped because too many connections were
	// half open.
	RequestQueueFull Count
	// TimeWaitOverflows are connections that ended without TIME_WAIT for want of
	// room.
	TimeWaitOverflows Count
}

// Total is how many TCP sockets there are, TIME_WAIT included.
func (c *Counters) Total() Count { return Sum(c.Allocated, c.TimeWait) }

// Closed is what ss calls closed: TCP sockets that are allocated and in no hash
// table (unbound, bound and not listening, or of another network namespace),
// and those in TIME_WAIT.
func (c *Counters) Closed() Count {
	if !c.Allocated.Known || !c.IPv4.TCP.Known || !c.TimeWait.Known {
		return Count{}
	}
	// The numbers are not of one moment.
	return CountOf(max(0, c.Allocated.N+c.TimeWait.N-c.IPv4.TCP.N-c.IPv6.TCP.N))
}

// Inet are the sockets of one family.
func (t *Transports) Inet() Count { return Sum(t.Raw, t.UDP, t.TCP) }

// Sum adds the numbers that are known. It is unknown when all of them are.
func Sum(counts ...Count) Count {
	var sum Count
	for _, c := range counts {
		sum.N += c.N
		sum.Known = sum.Known || c.Known
	}
	return sum
}
