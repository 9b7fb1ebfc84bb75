//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// runLimit bounds one run of one program.
	runLimit = 90 * time.Second
	// workBudget is what the rounds of one work may take; the number of
	// rounds comes down to stay within it, to one if need be.
	workBudget = 40 * time.Second
	// Works of which a round takes less than this are repeated more often,
	// because the scheduler's whims weigh more in them.
	quickRound = 60 * time.Millisecond

	usualRounds = 11
	quickRounds = 33
	// Peak memory hardly varies, and every run of it costs a run.
	memoryRuns = 3
)

// A command is a program with its arguments, and the exit code that it ends with
// when it has done its work.
type command struct {
	argv []string
	exit int
}

// A side is what was measured of one of the two programs.
type side struct {
	Samples []sample
	Memory  int64 // peak resident memory in bytes
}

// A result is a work with what came of it.
type result struct {
	Work    work
	Sockls  side
	Peer    side
	Skipped string // why it was not run
	Failed  string // what went wrong
}

// measure runs one work: one run of each program that is checked and not
// counted, the rounds, then the runs for memory.
func measure(req request, w work) result {
	r := result{Work: w}
	if _, err := exec.LookPath(peerOf(w)[0]); err != nil {
		r.Skipped = "no " + w.Peer[0] + " here"
		return r
	}
	if err := measureInto(&r, req, w); err != nil {
		r.Failed = err.Error()
	}
	return r
}

func measureInto(r *result, req request, w work) error {
	sink, err := newSink()
	if err != nil {
		return err
	}
	defer sink.Close()
	ours := command{argv: append([]string{req.Program}, w.Sockls...), exit: w.Exit}
	peer := command{argv: peerOf(w)}

	var pair time.Duration
	for _, c := range []command{ours, peer} {
		s, err := run(c, sink)
		if err != nil {
			return err
		}
		pair += s.Wall
		if err := checkRows(c.argv, sink, w.Rows.of(req.Table)); err != nil {
			return err
		}
	}

	for i := range rounds(req.Rounds, pair) {
		order := []struct {
			command
			side *side
		}{{ours, &r.Sockls}, {peer, &r.Peer}}
		if i%2 == 1 {
			order[0], order[1] = order[1], order[0]
		}
		for _, o := range order {
			s, err := run(o.command, sink)
			if err != nil {
				return err
			}
			o.side.Samples = append(o.side.Samples, s)
		}
	}

	if r.Sockls.Memory, err = memory(ours, sink, median(walls(r.Sockls.Samples))); err != nil {
		return err
	}
	r.Peer.Memory, err = memory(peer, sink, median(walls(r.Peer.Samples)))
	return err
}

// peerOf is the program that sockls is measured against.
func peerOf(w work) []string {
	if w.Peer[0] != bareDump {
		return w.Peer
	}
	self, err := os.Executable()
	if err != nil {
		return w.Peer // which is not there
	}
	return []string{self, modeDump}
}

// rounds is how many rounds to run when one takes about as long as pair.
func rounds(asked int, pair time.Duration) int {
	switch {
	case asked > 0:
		return asked
	case pair < quickRound:
		return quickRounds
	default:
		return max(1, min(usualRounds, int(workBudget/pair)))
	}
}

// newSink makes the file the programs write to.
func newSink() (*os.File, error) {
	fd, err := unix.MemfdCreate("bench", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	return os.NewFile(uintptr(fd), "memfd"), nil
}

// empty takes back what the last run wrote; the offset is shared with it.
func empty(sink *os.File) error {
	if err := sink.Truncate(0); err != nil {
		return fmt.Errorf("truncate sink: %w", err)
	}
	if _, err := sink.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("seek sink: %w", err)
	}
	return nil
}

// run runs a program once and measures it.
func run(c command, sink *os.File) (sample, error) {
	argv := c.argv
	if err := empty(sink); err != nil {
		return sample{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), runLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	complaints, err := newSink()
	if err != nil {
		return sample{}, err
	}
	defer complaints.Close()
	// Files, so that no goroutine of this process copies while the program
	// is being measured.
	cmd.Stdout, cmd.Stderr = sink, complaints
	start := time.Now()
	err = cmd.Run()
	wall := time.Since(start)
	if ctx.Err() != nil {
		return sample{}, fmt.Errorf("%s: not done after %v", argv, runLimit)
	}
	switch state := cmd.ProcessState; {
	case state == nil:
		return sample{}, fmt.Errorf("%s: %w", argv, err)
	case state.ExitCode() != c.exit:
		text, _ := io.ReadAll(io.NewSectionReader(complaints, 0, 300))
		return sample{}, fmt.Errorf("%s: %s: %q", argv, state, text)
	}
	return sample{Wall: wall, CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

// checkRows compares the lines in the sink, less one for the header, with the
// rows that must be there; 0 is no demand.
func checkRows(argv []string, sink *os.File, want int) error {
	if want == 0 {
		return nil
	}
	if _, err := sink.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("seek sink: %w", err)
	}
	lines := 0
	for block := make([]byte, 64<<10); ; {
		n, err := sink.Read(block)
		lines += bytes.Count(block[:n], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read sink: %w", err)
		}
	}
	if lines-1 != want {
		return fmt.Errorf("%s: printed %d rows, not %d", argv, lines-1, want)
	}
	return nil
}
