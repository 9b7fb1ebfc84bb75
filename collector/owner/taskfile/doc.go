// Package taskfile has the kernel walk the descriptors of all tasks and tell
// those that refer to sockets.
//
// The kernel's iterator over task files (kernel/bpf/task_iter.c, Linux 5.8) calls
// a BPF program with every task and each of its files; what the program writes
// can be read from a descriptor. The program here is made of some forty
// instructions, when it is wanted, with what package btf tells of the running
// kernel, and loaded by bpf(2) itself: a loader for all programs takes longer than
// what is to be done.
//
// A thread that shares its descriptors with its leader is not visited. Where the
// leader has exited every thread is, and so is each of those that share a table
// of their own; to sort that out is up to whoever reads the records.
//
// The kernel checks that the program cannot do harm. It does not check that the
// members it reads are those that were meant, so the records must be held against
// what is known otherwise before they are believed.
//
// The package reads /sys/kernel/btf/vmlinux. It never writes to the kernel, and
// keeps nothing there: the program is gone with its last descriptor.
package taskfile
