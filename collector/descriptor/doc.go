// Package descriptor looks at a socket through a process's descriptor, for
// what no socket table tells: sockets that the kernel keeps in no table (TCP
// before bind) or in a table it has no diag module for (vsock, xdp).
//
// The descriptor is copied with pidfd_getfd(2), asked with getsockopt(2) and
// closed at once. It is never read from, written to or changed.
package descriptor
