// Package ending makes processes give up their sockets by ending them, and
// destroys sockets without asking their processes.
//
// A process is known by what the collector saw of it: its pid, its start time
// and the sockets it holds. By the time that somebody has decided to end it, the
// pid may be another's. So a pidfd is opened first, which stays with one process
// for good. Then, through /proc, the pid has to have that start time still and
// hold one of the sockets; and after that the process of the pidfd has to be
// there still, so that it was its pid, and nobody else's, that /proc was asked
// about. All this is done when the process is opened, and once more before each
// signal.
//
// It never signals the first process of this pid namespace, this program or one
// of those it was started from, or a kernel thread; where there are pidfds it
// never signals by pid; and it never guesses: what cannot be checked is not
// signalled.
//
// Where there is no pidfd (macOS, FreeBSD, OpenBSD) a kqueue stays with the process
// and tells when it has ended; the signal itself goes to the pid, right after that was
// asked.
//
// On Windows a handle of the process takes the place of the pidfd, and a look at the
// tables for a socket at the same addresses that of its descriptors. There are two
// signals: KILL is TerminateProcess, and TERM asks its windows to close.
//
// On Linux it rests on pidfd_open(2) and pidfd_send_signal(2) (Linux 5.3), on
// /proc/PID/stat and /proc/PID/fd, and for sockets on SOCK_DESTROY of
// NETLINK_SOCK_DIAG.
package ending
