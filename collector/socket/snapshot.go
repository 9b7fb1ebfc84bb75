package socket

import "time"

// Detail names a fact that costs something to fetch. A query asks for the
// union of what its columns, sort keys and output format need, and the
// collector fetches nothing else.
type Detail uint32

// The details. Those about holders imply DetailOwners.
const (
	DetailOwners      Detail = 1 << iota // who holds the socket: pid, thread, descriptor, name
	DetailCommand                        // argument vector of the holders
	DetailExe                            // program path of the holders
	DetailStarted                        // start time of the holders
	DetailProcessUser                    // user of the holders
	DetailUser                           // name of the socket's uid
	DetailQueues                         // queue lengths of the families that do not tell them unasked
	DetailPeer                           // address of a unix socket's peer
	DetailNetNS                          // the network namespace the rows are of
	DetailExtended                       // shutdown, cgroup id; unix, packet and netlink specifics
	DetailMark                           // SO_MARK, only for CAP_NET_ADMIN
	DetailCgroupPath                     // path of the cgroup
	DetailTimer                          // the timer that runs
	DetailMemory                         // buffers and what is in them
	DetailTCPInfo                        // struct tcp_info and what the congestion control adds
	DetailTOS                            // type of service, traffic class, class id
	DetailIPFlags                        // IP-level options that are on or off
	DetailReuse                          // SO_REUSEADDR and SO_REUSEPORT, asked through a holder: with DetailOwners
	DetailContext                        // security context of the holders
	DetailAutobound                      // whether the kernel chose the local port
	DetailIdentity                       // device, zone, cookie, IPV6_V6ONLY: nothing to fetch, but not told by /proc/net
	DetailUID                            // owner: nothing to fetch, but not told by the table of netlink
	DetailDir                            // working directory of the holders
	DetailParents                        // ancestors of the holders
	DetailWorkload                       // unit, container and inner pid of the holders
)

// Has reports whether any of the details in want is asked for.
func (d Detail) Has(want Detail) bool { return d&want != 0 }

// Notice is something that could not be seen, and why. Partial data is never
// an error and never silent.
type Notice struct {
	// Code is stable and made for scripts, such as "owners-hidden".
	Code string
	// Count is how many sockets or processes it is about, 0 when that is not known.
	Count int
	// Message says what is missing, Hint what to do about it ("" when nothing helps).
	Message string
	Hint    string
}

// Source says where the rows came from.
type Source struct {
	// Kernel is the running kernel's release, such as "6.18.4".
	Kernel string
	// Tables are the interfaces read, such as "sock_diag" and "/proc/net".
	Tables []string
	// Owners is the way the processes were found, "none" when they were not
	// asked for. OwnersReason says why it was not the kernel that was asked for
	// them, "" where it was, or where there was nothing to choose.
	Owners, OwnersReason string
}

// Origin is the machine that the rows are of, and the time they were collected
// at.
type Origin struct {
	Host string
	Time time.Time
}

// Report is what a collection has to say beside its rows.
type Report struct {
	Source  Source
	Notices []Notice
	// Origin is what a file says of itself; its zero value is this machine, now.
	Origin Origin
}

// Snapshot is the gathered result of one collection.
type Snapshot struct {
	Host    string
	Time    time.Time
	Sockets []*Socket
	Report
}
