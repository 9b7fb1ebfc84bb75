// Package filter is the language in which a user says which sockets to show:
// all of ss's, and more.
//
// It parses, prints, simplifies and evaluates expressions over socket.Socket.
// It knows no kernel: what of an expression the kernel can decide is worked
// out in package sockdiag. It looks nothing up either: names of hosts, services
// and interfaces are asked of what the caller gives.
//
// A filter is a list of predicates connected by "and", "or" and "not", in rising
// order of strength; between two predicates that nothing connects stands an
// "and". Words end at white space and at any of ( ) & | = < >, so that anything
// else has to be quoted. A predicate is
//
//   - a keyword and its operand, with an operator between them that is "=" where
//     there is none: "sport >= 1024", "src 10/8", "proto tcp,udp";
//   - the name of a fact (package fact) and what to compare it with, numbers with
//     their unit, texts exactly, as a glob or, after "~", as a regular expression:
//     "rtt > 50ms", "congestion bbr";
//   - or a word alone: a port, an address, a unix name, a protocol, a state, and
//     otherwise the name of a process.
//
// "state X" and "exclude X" at the beginning add up, as they do for ss: the
// union of the states, without those excluded. Anywhere else, and before an
// explicit "and" or "or", they are predicates. The states mean what they mean
// to ss: "listening" is LISTEN and no connectionless socket, "closed" is both a
// socket that is closed and one that is connectionless and has no peer.
//
// The behaviour of addresses and ports is that of inet_diag_bc_run in
// net/ipv4/inet_diag.c, so that it is the same answer whoever gives it.
package filter
