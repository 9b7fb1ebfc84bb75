// Package mksock makes sockets of any kind on demand and holds them until it
// is told to stop, so that tests have something real to look at: every TCP
// state, every family, every way in which a process can hold a socket and
// every way in which none does.
//
// Tests link it and call [Main] when the program was started under the name
// "mksock". It makes what its arguments ask for, prints one line for each
// descriptor that refers to a socket and then READY, and waits until its
// standard input closes:
//
//	mksock [flags] kind:address,option=value…   make and hold sockets
//	mksock [flags] -exec program [argument…]    run a program instead
//
//	-netns           work in a new network namespace, with lo up
//	-join FILE       work in an existing one (/proc/PID/ns/net)
//	-link NAME,ADDR… add an interface to the new namespace
//	-name BYTES      process name (comm), with Go's escapes
//	-uid N           give up root before making the sockets
//	-uid-after N     give up root after making them
//	-seccomp LIST    refuse sock_diag, netlink, pidfd_getfd, kcmp or bpf
//	-hide DIR        cover a directory with an empty one
//
// A line is "socket" and key=value pairs: label, pid, tid (where the
// descriptor is in a thread's own table), fd, inode, cookie, port, and
// ephemeral when the kernel chose the port. pid and fd are 0 and -1 for a
// socket that no descriptor refers to. The specs are described at [Main].
//
// It is never part of the shipped program. It leaves the network of the host
// alone: interfaces and sysctls are only ever set in a namespace it made.
//
// It rests on socket(7) and its relatives, on tun (Documentation/networking/
// tuntap.rst) for a TCP peer that answers as little as a test wants, and on
// /proc/PID/ns/net for joining a namespace.
package mksock
