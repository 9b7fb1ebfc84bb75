// Package netns names the network namespace that the calling thread is in.
//
// It answers with the inode of the namespace, the number that /proc/PID/ns/net
// shows, and with the name that "ip netns" gave it, which is the name of a
// mount of that inode below /run/netns. It enters no namespace and makes none.
//
// The kernel side is fs/nsfs.c and fs/proc/namespaces.c; ip-netns(8) sets the
// convention for the names.
package netns
