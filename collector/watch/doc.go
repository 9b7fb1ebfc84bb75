// Package watch tells what changes among the sockets of a machine: which are
// opened, which change and which are closed, and what the kernel says of those
// that are closed.
//
// Diff is pure: two snapshots become events, and the events applied to the first
// give the second. The loop around it polls a collector, and listens to the
// kernel's messages about destroyed sockets, so that a connection that opens and
// closes between two looks is told of as well.
package watch
