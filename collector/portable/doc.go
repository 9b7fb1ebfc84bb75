// Package portable lists the internet sockets of every system that is not Linux:
// macOS, Windows, the BSDs, Solaris and illumos, AIX. It asks the programs and
// libraries that each of them has, and says what these do not tell.
//
// It never reads a kernel's memory, never opens a socket but to name interfaces,
// never runs a program by a path that somebody else could have put there, and
// never takes silence for absence: a table that could not be read is a notice.
// It is not linked into the Linux program.
//
// # How it is made
//
// A system (system.go) is a description that builds everywhere: which sources it
// has, how their rows become sockets, what it cannot tell. What is asked goes
// through a Host (host.go): one table through the library, the facts of one
// process, one run of a program. Only the files native_GOOS.go bind a Host to
// gopsutil and to the running system; with recorded answers in its place all the
// rest is tested on any system.
//
//	host.go                 Host, Kind, Raw, Facts: what a system hands over
//	system.go               system: what differs between systems, as data
//	row.go                  Row: a socket as one source has told of it
//	normalise.go state.go   Raw -> Row: addresses, states, pids as gopsutil spells them
//	merge.go                rows of several sources -> sockets, by their four-tuple
//	collector.go holders.go Query -> sockets, their processes, the filter
//	notices.go              what could not be seen
//	facts.go                facts of processes: cached, by few workers
//	program.go run.go       programs: where they may be, how long they may run
//	lsof.go netstat.go sockstat.go fstat.go end.go   the texts of programs
//	system_*.go             one description each, system_sun.go with its text
//	surroundings.go links.go   what decides about bind
//	gopsutil.go             the part of a Host that gopsutil is good for
//	native_GOOS.go          the Host of the running system
//	windows*.go excluded*.go httpsys*.go   Windows
//
// # What gopsutil is not asked
//
// Its lists of connections on macOS and FreeBSD are the output of lsof, less every
// row that does not fit: those without a port, descriptors such as 7r, names with
// spaces. It has no rows for what is over, and on OpenBSD drops sockets that are
// not bound. So the programs are asked here, in the form that each has for that.
// What it knows of processes is used wherever there is no better; on macOS it would
// run ps and lsof for each one.
package portable
