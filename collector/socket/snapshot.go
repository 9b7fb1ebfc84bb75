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
	// asked for.
	Owners string
}

// Report is what a collection has to say beside its rows.
type Report struct {
	Source  Source
	Notices []Notice
}

// Snapshot is the gathered result of one collection.
type Snapshot struct {
	Host    string
	Time    time.Time
	Sockets []*Socket
	Report
}
