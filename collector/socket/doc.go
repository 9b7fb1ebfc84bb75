// Package socket is the model: one Socket per kernel socket, whatever the
// protocol and whichever backend found it, and the Snapshot that gathers them
// together with what could not be seen.
//
// It imports the standard library only, holds no behaviour beyond naming,
// comparing and ordering, and never talks to a kernel. Every backend writes
// these types and every renderer reads them.
//
// Protocol, state and type numbers follow the kernel where it has numbers:
// include/net/tcp_states.h, include/linux/socket.h and include/linux/net.h.
package socket
