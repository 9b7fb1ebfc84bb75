// Package netns finds the network namespaces of this machine and enters them.
//
// [Current] names the one that the calling thread is in, [List] finds all that
// can be seen: those that a process or one of its threads is in, those that
// something keeps by a mount (ip netns, Docker, any other), and links to them
// in the directories where these keep their names. [Resolve] finds the one
// that somebody means by a name, a process or a path. [Handle.Do] runs a
// function in one, on a thread of its own that goes back afterwards, so
// nothing else of the program ever runs in the wrong place.
//
// It makes no namespace and changes none. A namespace that only an open
// descriptor or a socket keeps is found by none of these ways; nor is one that
// is mounted in another mount namespace only and has no process.
//
// The kernel side is fs/nsfs.c and fs/proc/namespaces.c for the links and their
// inodes, net/core/net_namespace.c for what entering takes (CAP_SYS_ADMIN, here
// and there), and fs/proc_namespace.c for mountinfo; ip-netns(8) sets the
// convention for the names.
package netns
