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
// It binds nothing to find out: a program that starts meanwhile would fail.
// Whether a port is free is judged by package why, from the tables.
//
// The kernel's side is SKNLGRP_INET_TCP_DESTROY and its relatives
// (net/core/sock_diag.c, see package sockdiag) and net/ipv4/inet_timewait_sock.c.
package waiting
