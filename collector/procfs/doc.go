// Package procfs reads the socket tables and the process facts that the kernel
// prints below /proc. It answers which sockets /proc/net tells of, and for one
// process its name, command line, program, effective user and start time.
//
// It is the fallback for what sock_diag refuses and the only source for raw
// sockets (on kernels without raw_diag) and ping sockets. It never looks for
// the holders of a socket, never removes duplicates and never resolves a name.
//
// Every reader starts at FS.Root, so that a recorded tree works like the real
// one, and has a parser beside it that takes any reader. A file that is absent
// is an error that errors.Is recognises as fs.ErrNotExist, never an empty
// table: the kernel lacks the protocol, which is not the same as having no
// sockets of it. A process that ends while it is read gives fs.ErrNotExist
// when its file cannot be opened any more, or ESRCH from the read.
//
// # What the net tables cannot tell
//
// Compared with sock_diag they have no cookie, no IPv6 zone, no IPV6_V6ONLY,
// no bound device, no backlog limit and no unix peer. The kernel restarts them
// at a bucket and an offset for every page that is read, so under churn a row
// may come twice or not at all; the rows are passed on as they come.
//
// # Kernel files
//
// net/ipv4/{tcp_ipv4,udp,raw,ping}.c, net/ipv6/{tcp_ipv6,datagram}.c,
// net/unix/af_unix.c, net/packet/af_packet.c, net/netlink/af_netlink.c,
// net/core/sock.c (protocols), net/ipv4/proc.c and net/ipv6/proc.c (counters),
// fs/proc/{array,base,stat}.c, kernel/cgroup/cgroup.c and io_uring/fdinfo.c print
// what is read here, and net/ipv4/sysctl_net_ipv4.c the settings below
// sys/net/ipv4.
package procfs
