package socket

// Details are facts about a socket that are fetched only when asked for. Each
// is nil where it was not asked for and where the socket has none.
type Details struct {
	Extended *Extended
	Timer    *Timer
	Memory   *Memory
	TCP      *TCPInfo
	MPTCP    *MPTCPInfo
	SCTP     *SCTPInfo
	IP       *IPOptions
	Reuse    *Reuse
}

// Clone copies d, so that a reused original can change.
func (d *Details) Clone() *Details {
	if d == nil {
		return nil
	}
	c := Details{
		Extended: d.Extended.clone(),
		Timer:    copied(d.Timer),
		Memory:   copied(d.Memory),
		TCP:      d.TCP.clone(),
		MPTCP:    copied(d.MPTCP),
		SCTP:     copied(d.SCTP),
		IP:       copied(d.IP),
		Reuse:    copied(d.Reuse),
	}
	return &c
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// Extended is what ss -e tells beyond the facts every row has.
type Extended struct {
	// Shutdown are the directions closed by shutdown(2).
	Shutdown    Shutdown
	HasShutdown bool
	// Mark is SO_MARK. The kernel tells it only to CAP_NET_ADMIN.
	Mark    uint32
	HasMark bool
	// CgroupID is the id of the cgroup v2 that the socket was made in, 0 where
	// it is not known; CgroupPath is its path below the mount of the hierarchy,
	// "" where it was not asked for or is gone.
	CgroupID   uint64
	CgroupPath string
	// Autobound tells whether the kernel chose the local port (no
	// SOCK_BINDPORT_LOCK); known only when a filter asked for it.
	Autobound Tri
	// MD5Keys is how many TCP-MD5 keys the socket has, which the kernel tells
	// only to CAP_NET_ADMIN. The keys themselves are kept nowhere.
	MD5Keys    uint32
	HasMD5Keys bool

	// The specifics of a family.
	Unix    *UnixDetails
	Netlink *NetlinkDetails
	Packet  *PacketDetails
	XDP     *XDPDetails
}

func (e *Extended) clone() *Extended {
	if e == nil {
		return nil
	}
	c := *e
	c.Unix, c.Netlink = copied(e.Unix), copied(e.Netlink)
	c.Packet, c.XDP = copied(e.Packet), copied(e.XDP)
	return &c
}

// Shutdown is a set of directions (RCV_SHUTDOWN and SEND_SHUTDOWN,
// include/net/sock.h).
type Shutdown uint8

// The directions.
const (
	ShutdownReceive Shutdown = 1 << iota
	ShutdownSend
)

// Timer is the timer that runs for a socket (idiag_timer in
// include/uapi/linux/inet_diag.h).
type Timer struct {
	Kind TimerKind
	// Expires is the time left in milliseconds, Retransmits how often it has
	// fired without an answer.
	Expires     uint32
	Retransmits uint8
}

// TimerKind is the kernel's number of a timer.
type TimerKind uint8

// The timers.
const (
	TimerOff TimerKind = iota
	TimerOn            // retransmission, early retransmission or tail loss probe
	TimerKeepalive
	TimerTimeWait
	TimerPersist // zero window probe
)

// Memory is the SK_MEMINFO_VARS array (include/uapi/linux/sock_diag.h), all in
// bytes but Drops, which counts packets. Kernels append to the array: an entry
// that is not among the first Entries was not told.
type Memory struct {
	Entries uint8 // how many the kernel filled

	ReceiveAlloc  uint32 // SK_MEMINFO_RMEM_ALLOC: received and not read
	ReceiveBuffer uint32 // SK_MEMINFO_RCVBUF: the most of it
	SendAlloc     uint32 // SK_MEMINFO_WMEM_ALLOC: handed to the network layers
	SendBuffer    uint32 // SK_MEMINFO_SNDBUF: the most of it
	ForwardAlloc  int32  // SK_MEMINFO_FWD_ALLOC: set aside and unused
	SendQueued    uint32 // SK_MEMINFO_WMEM_QUEUED
	OptionMemory  uint32 // SK_MEMINFO_OPTMEM
	Backlog       uint32 // SK_MEMINFO_BACKLOG: arrived while the socket was locked
	Drops         uint32 // SK_MEMINFO_DROPS
}

// IPOptions are the IP-level options of a socket.
type IPOptions struct {
	TOS, TrafficClass       uint8
	HasTOS, HasTrafficClass bool
	ClassID                 uint32
	HasClassID              bool
	// Flags are the bits of struct inet_diag_sockopt.
	Flags    IPFlags
	HasFlags bool
}

// IPFlags are socket options that are on or off (struct inet_diag_sockopt).
type IPFlags uint16

// The options, in the order of the kernel's bits.
const (
	IPRecvErr IPFlags = 1 << iota
	IPIsICSK
	IPFreebind
	IPHdrIncl
	IPMulticastLoop
	IPTransparent
	IPMulticastAll
	IPNoDefrag
	IPBindAddressNoPort
	IPRecvErrRFC4884
	IPDeferConnect
)

// Reuse is what a socket allows others to do with its port; it is read from
// the socket itself through a holder's descriptor.
type Reuse struct {
	Address Tri // SO_REUSEADDR
	Port    Tri // SO_REUSEPORT
}
