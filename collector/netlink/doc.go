// Package netlink is one socket to the kernel, whatever its protocol: it sends a
// request and receives the datagrams of the answer, and knows nothing of what is in
// them. It uses the sockets of vishvananda/netlink's nl package, but reads into the
// caller's buffer: nl's own Receive makes a copy and a slice of messages for each
// datagram.
//
// The kernel side is net/netlink/af_netlink.c, netlink(7) the manual.
package netlink
