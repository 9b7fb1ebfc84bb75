//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// memory is the median of the peak memory of a few runs, of one if the program
// is a slow one.
func memory(c command, sink *os.File, wall time.Duration) (int64, error) {
	n := memoryRuns
	if wall > time.Second {
		n = 1
	}
	var peaks []int64
	for range n {
		p, err := peak(c, sink)
		if err != nil {
			return 0, err
		}
		peaks = append(peaks, p)
	}
	return median(peaks), nil
}

// launcher starts its arguments in the background, with standard output on
// descriptor 3, once descriptor 4 ends, and tells the process number.
const launcher = `{ read -r go <&4; exec "$@" 3>&- 4<&-; } >&3 2>/dev/null & echo $!`

// peak runs a program once and returns its peak resident memory in bytes.
//
// The figure of wait4 cannot be taken from a child of this process: exec
// carries the peak of the address space it replaces over into the new program,
// and between fork and exec that space is the one of this process, which is
// bigger than most of what is to be measured. So a shell forks the program from
// its own small space and ends at once; the program is then inherited by the
// first process of the PID namespace or by the nearest subreaper, which the
// caller has to be.
func peak(c command, sink *os.File) (int64, error) {
	argv := c.argv
	if err := empty(sink); err != nil {
		return 0, err
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", launcher, "sh"}, argv...)...)
	gate, release, err := os.Pipe()
	if err != nil {
		return 0, fmt.Errorf("launch %s: %w", argv, err)
	}
	cmd.ExtraFiles = []*os.File{sink, gate}
	out, err := cmd.Output()
	gate.Close()
	release.Close()
	if err != nil {
		return 0, fmt.Errorf("launch %s: %w", argv, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil || pid <= 0 {
		return 0, fmt.Errorf("launch %s: shell said %q", argv, out)
	}
	// Until it is waited for below, the number cannot belong to another.
	limit := time.AfterFunc(runLimit, func() { _ = unix.Kill(pid, unix.SIGKILL) })
	defer limit.Stop()
	var status unix.WaitStatus
	var usage unix.Rusage
	for {
		_, err = unix.Wait4(pid, &status, 0, &usage)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return 0, fmt.Errorf("wait for %s: %w", argv, err)
	}
	if status.ExitStatus() != c.exit {
		return 0, fmt.Errorf("%s: exit status %d when measured for memory", argv, status.ExitStatus())
	}
	return int64(usage.Maxrss) << 10, nil
}
