// Package waiting waits until something listens on a port, or until a port can
// be bound again.
//
// It looks, and looks again when it pays: at once when the kernel says that the
// last socket in the way has been destroyed, when the last TIME_WAIT is due, and
// otherwise now and then, seldom enough that a look which takes long costs little
// of a processor. Nothing tells of a new listener, nor of the end of a
// TIME_WAIT, so these are always looked for; the kernel answers a question for
// listeners without a walk through its connections.
//
// Whether a port is free is decided in three steps, each as seldom as the one
// before allows. The table of its sockets shows what certainly is in the way, by
// the rules of package why; this is what is looked at again and again. When that
// has gone, a survey finds what a table does not show: the options of sockets,
// the addresses and interfaces there are, what the user may. And what is open
// even then, the options of a connection in TIME_WAIT, is settled by a bind, at
// once closed. That does no harm as long as it fails, and when it succeeds, the
// port is what was waited for. An address that is not here yet is waited for in
// the same way; what no waiting brings, a privilege, is an error.
//
// The kernel's side is SKNLGRP_INET_TCP_DESTROY and its relatives
// (net/core/sock_diag.c, see package sockdiag) and net/ipv4/inet_timewait_sock.c.
package waiting
