//go:build linux

package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// A table is one population of sockets and processes. Every holder has the
// same share: its listeners, its connections (two sockets each), and, where
// Descriptors says more than that, other kinds of descriptors up to the number.
type table struct {
	Name        string
	Holders     int
	Listeners   int // per holder
	Pairs       int // per holder
	Descriptors int // per holder, 0 for none but the sockets
	Quick       bool
	// Open tables have their holders in a PID namespace of their own, and the
	// programs under test outside of it, where they see the processes of the whole
	// machine beside them: only there can BPF be asked for all.
	Open bool
}

// The tables in the order of their runs: the biggest last, because the kernel
// dismantles a network namespace in the background after its processes ended.
// No holder needs more than about 10,000 descriptors, which fits the smallest
// hard limit in common use, and every table has more processes than a machine
// of ordinary size has cores, so that a parallel scan is not held up by one.
var tables = []table{
	{Name: "100", Holders: 1, Listeners: 10, Pairs: 45, Quick: true},
	{Name: "10k", Holders: 10, Listeners: 10, Pairs: 495, Quick: true, Open: true},
	{Name: "100x10", Holders: 100, Listeners: 2, Pairs: 2, Descriptors: 10, Quick: true, Open: true},
	{Name: "1000x100", Holders: 1000, Listeners: 2, Pairs: 4, Descriptors: 100, Quick: true, Open: true},
	{Name: "5000x20", Holders: 5000, Listeners: 1, Pairs: 2, Descriptors: 20, Open: true},
	{Name: "100k", Holders: 20, Listeners: 10, Pairs: 2495, Open: true},
	{Name: "1000 with 100k", Holders: 1000, Listeners: 2, Pairs: 49},
	{Name: "1M", Holders: 100, Listeners: 10, Pairs: 4995, Open: true},
}

// sockets is the number of TCP sockets one holder has.
func (t table) sockets() int { return t.Listeners + 2*t.Pairs }

// rows is how many rows a dump of all TCP sockets has.
func (t table) rows() int { return t.Holders * t.sockets() }

// listening is how many of them are listeners.
func (t table) listening() int { return t.Holders * t.Listeners }

// acceptedOnPort is how many connections came in through the first listener of
// each holder: they take turns.
func (t table) acceptedOnPort() int {
	return t.Holders * ((t.Pairs + t.Listeners - 1) / t.Listeners)
}

// limits are the bounds of this machine that a table can run into.
type limits struct {
	available uint64 // bytes of memory the kernel says can be had
	files     uint64 // open files left before fs.file-max
	perHolder uint64 // descriptors one process may have
}

const (
	// An idle loopback TCP socket costs 3 to 5 KB with its inode, dentry and
	// file; the program under test and its output come on top.
	bytesPerSocket = 6 << 10
	bytesPerHolder = 1 << 20
	// The standard streams, the ready pipe and what the runtime opens.
	spareDescriptors = 32
)

// obstacle says why the table cannot be made here, or nothing.
func (t table) obstacle(l limits) string {
	each := uint64(max(t.sockets(), t.Descriptors) + spareDescriptors)
	memory := uint64(t.rows())*bytesPerSocket + uint64(t.Holders)*bytesPerHolder
	switch {
	case each > l.perHolder:
		return fmt.Sprintf("needs %d descriptors a process, the hard limit is %d", each, l.perHolder)
	case each*uint64(t.Holders) > l.files:
		return fmt.Sprintf("needs %d open files, %d are left before fs.file-max", each*uint64(t.Holders), l.files)
	case memory > l.available:
		return fmt.Sprintf("needs %d MiB of memory, %d MiB are available", memory>>20, l.available>>20)
	}
	return ""
}

// readLimits asks the kernel for the bounds as they are now.
func readLimits() (limits, error) {
	var l limits
	var rlimit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &rlimit); err != nil {
		return l, fmt.Errorf("getrlimit nofile: %w", err)
	}
	l.perHolder = rlimit.Max

	kib, err := procField("/proc/meminfo", "MemAvailable")
	if err != nil {
		return l, err
	}
	if _, err := fmt.Sscanf(kib, "%d", &l.available); err != nil {
		return l, fmt.Errorf("parse MemAvailable: %w", err)
	}
	l.available <<= 10

	counts, err := os.ReadFile("/proc/sys/fs/file-nr")
	if err != nil {
		return l, err
	}
	var used, unused, most uint64
	if _, err := fmt.Sscan(string(counts), &used, &unused, &most); err != nil {
		return l, fmt.Errorf("parse file-nr: %w", err)
	}
	if most > used {
		l.files = most - used
	}
	return l, nil
}
