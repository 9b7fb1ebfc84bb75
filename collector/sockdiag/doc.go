// Package sockdiag reads the kernel's socket tables over NETLINK_SOCK_DIAG,
// see sock_diag(7) and net/core/sock_diag.c.
//
// Encoding and decoding carry no build tag, so they are tested and fuzzed on
// any system; only the transport is Linux. The package asks the kernel for
// the states it is told to and for no attribute that nobody wants, yields rows
// one by one and keeps none of them. Of a filter it asks the kernel for as much
// as INET_DIAG_REQ_BYTECODE can express, so that what it returns holds every
// socket that matches and may hold others: the caller judges each row. It knows nothing of processes, and it
// never falls back to another table: that is the caller's decision, made on
// the typed error.
//
// Destroy is the one request that changes anything: it ends a socket, named by its
// addresses and its cookie.
//
// Wire structures come from include/uapi/linux/{sock_diag,inet_diag,unix_diag,
// packet_diag,netlink_diag,vm_sockets_diag,xdp_diag,tipc_sockets_diag}.h.
package sockdiag
