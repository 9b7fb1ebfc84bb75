// Package summary counts sockets instead of listing them, and answers what an
// outage asks: which states there are most of, how full the range of ephemeral
// ports is towards the busiest destinations, how much of that is TIME_WAIT, and
// which listeners have connections waiting that nobody accepts.
//
// It is pure: a Tally is fed with sockets, Counters and Limits are numbers that
// somebody else has read. It keeps no row but the few worst listeners and a
// bounded number of destinations, so a table of millions is counted in the
// memory of a small one. It never reads the kernel and never prints.
//
// # What the kernel does
//
// A connect() that chooses its own port takes one from ip_local_port_range that
// is not reserved, that nobody holds by bind(), and that no connection or
// TIME_WAIT of the same local address to the same remote address and port has
// (__inet_hash_connect in net/ipv4/inet_hashtables.c). So the range is full for
// each destination by itself. UDP sockets share it whatever they talk to: an
// automatic port is one that no other UDP socket has (udp_lib_get_port).
//
// An accept queue is full when more connections wait than its backlog says
// (sk_acceptq_is_full in include/net/sock.h): a backlog of 128 lets 129 wait.
package summary
