// Package owner finds every process that holds a socket.
//
// The Linux kernel keeps no way back from a socket to its holders: what it has
// is /proc/PID/fd, one link a descriptor, whose text is "socket:[inode]"
// (sockfs_dname in net/socket.c). So the whole of it is walked, once, with the
// wanted inodes known beforehand, and never stopped early: many processes can
// hold one socket.
//
// Root can have the kernel do that walk (package taskfile). What it tells is
// believed after a self-test, and completed from /proc, which has all else that is
// wanted of the holders: threads with tables of their own, and processes that the
// kernel has told nothing of. The two ways give one answer; Chooser takes the one
// that is likely to be faster.
//
// A process is looked at through its own directory handle, so a recycled pid
// never lends its name to another's socket. Threads are walked only where
// their descriptor table is not the process's (CLONE_FILES was not given, or
// the main thread has exited).
//
// Of the processes that hold something, the facts that are wanted are read:
// among them their ancestors, each read once for all its descendants, and what
// they belong to (package workload), once for all in the same control groups.
//
// The package decides nothing about sockets without a holder; it only counts
// what it was not allowed to see.
package owner
