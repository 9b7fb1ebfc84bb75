//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// A request is all an arena has to know: it is sent to it as JSON.
type request struct {
	Table   table
	Works   []work
	Program string // the sockls to measure
	Rounds  int    // 0 for as many as fit
}

// serveArena is the first process of fresh namespaces. It makes the table of
// the request, runs the works and answers with one JSON result for each. When
// it returns, and when it dies, the kernel ends every process it has made.
func serveArena(in io.Reader, out io.Writer) error {
	var req request
	if err := json.NewDecoder(in).Decode(&req); err != nil {
		return fmt.Errorf("arena: %w", err)
	}
	if err := furnish(req.Table.Open); err != nil {
		return fmt.Errorf("arena: %w", err)
	}
	start := time.Now()
	fill := populate
	if req.Table.Open {
		fill = populatePen
	}
	if err := fill(req.Table); err != nil {
		return fmt.Errorf("arena: %w", err)
	}
	fmt.Fprintf(os.Stderr, "%s: %d TCP sockets in %d processes, made in %.1f s\n",
		req.Table.Name, req.Table.rows(), req.Table.Holders, time.Since(start).Seconds())
	answers := json.NewEncoder(out)
	for _, w := range req.Works {
		start := time.Now()
		r := measure(req, w)
		fmt.Fprintf(os.Stderr, "%s: %d rounds in %.1f s\n", w.title(), len(r.Sockls.Samples), time.Since(start).Seconds())
		if err := answers.Encode(r); err != nil {
			return fmt.Errorf("arena: answer: %w", err)
		}
	}
	return nil
}

// furnish makes the namespaces fit for use: a /proc that shows the processes
// of this PID namespace, a loopback interface that is up, and enough ports. An
// open arena has no PID namespace, and keeps the /proc that there is.
func furnish(open bool) error {
	if !open && os.Getpid() != 1 {
		return errors.New("not the first process of a PID namespace")
	}
	// Descriptors that came from whoever started bench would be counted as
	// descriptors of every holder.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("close_range: %w", err)
	}
	// Mounts must not propagate back to where the namespace was copied from.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if open {
		// Whose memory is measured is left behind by its parent.
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("become a subreaper: %w", err)
		}
	} else if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount proc: %w", err)
	}
	if err := loopbackUp(); err != nil {
		return err
	}
	// 10,000 connections to one address leave few free ports in the default
	// range, and the search for one then dominates the making of the table.
	const ports = "/proc/sys/net/ipv4/ip_local_port_range"
	return os.WriteFile(ports, []byte("1024 65535"), 0)
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("interface lo: %w", err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("bring lo up: %w", err)
	}
	return nil
}

// populate starts the holders, as many at a time as there are cores, and
// returns when all of them hold their share.
func populate(t table) error {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		return fmt.Errorf("populate: %w", err)
	}
	indexes := make(chan int)
	outcomes := make(chan error)
	workers := runtime.NumCPU()
	for range workers {
		go func() {
			var failed error
			for i := range indexes {
				if failed == nil {
					failed = startHolder(t, i, sleep)
				}
			}
			outcomes <- failed
		}()
	}
	for i := range t.Holders {
		indexes <- i
	}
	close(indexes)
	for range workers {
		err = errors.Join(err, <-outcomes)
	}
	return err
}

// startHolder returns when the holder has become a sleeping process. Nobody
// waits for a holder: it ends with the arena.
func startHolder(t table, index int, sleep string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("holder %d: %w", index, err)
	}
	defer r.Close()
	cmd := exec.Command("/proc/self/exe", holderArgs(t, index, sleep)...)
	cmd.ExtraFiles = []*os.File{w}
	// One core a holder is enough, and a collector has nothing to collect.
	cmd.Env = []string{"GOMAXPROCS=1", "GOGC=off"}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return fmt.Errorf("holder %d: %w", index, err)
	}
	complaint, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("holder %d: %w", index, err)
	}
	if len(complaint) > 0 {
		return fmt.Errorf("holder %d: %s", index, complaint)
	}
	return nil
}
