package portable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Program is a program of the system: the absolute paths it may have, the first
// that exists being run, and how long it may take. It is never searched for.
type Program struct {
	Name  string
	Paths []string
	Limit time.Duration
}

// ProgramError is a program that failed.
type ProgramError struct {
	Name string
	// Said is the first line of what it wrote on standard error: hostile text.
	Said string
	// Exit is its exit code, -1 where it was ended or did not start.
	Exit int
	// Cut is set where it printed more than is taken.
	Cut bool
	Err error
}

func (e *ProgramError) Error() string {
	switch {
	case e.Cut:
		return e.Name + " printed too much"
	case e.Said != "":
		return fmt.Sprintf("%s: %s (%v)", e.Name, e.Said, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Name, e.Err)
}

// Unwrap gives the reason.
func (e *ProgramError) Unwrap() error { return e.Err }

// The most that is taken of what a program prints: a million rows, and one line
// of complaint.
const (
	mostOutput    = 256 << 20
	mostComplaint = 4 << 10
	saidLimit     = 200
)

// runProgram runs a program in the C locale, with nothing on standard input and
// no environment but what systems need to find themselves.
func runProgram(ctx context.Context, p Program, args []string) ([]byte, error) {
	path, err := p.find()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	out, complaint := bounded{most: mostOutput}, bounded{most: mostComplaint}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = environment(os.Environ())
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = &out, &complaint
	cmd.WaitDelay = time.Second // for what it has started itself
	err = cmd.Run()
	if err == nil && !out.cut {
		return out.Bytes(), nil
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
		if errors.Is(cause, context.DeadlineExceeded) {
			err = fmt.Errorf("it took longer than %v: %w", p.Limit, cause)
		}
	}
	failure := &ProgramError{Name: p.Name, Exit: -1, Cut: out.cut, Said: firstLine(complaint.Bytes()), Err: err}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		failure.Exit = exit.ExitCode()
	}
	return out.Bytes(), failure
}

// find is the first of the paths that is a file to run.
func (p Program) find() (string, error) {
	for _, path := range p.Paths {
		info, err := os.Stat(path)
		switch {
		case err == nil && info.Mode().IsRegular():
			return path, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return "", fmt.Errorf("%s: %w", p.Name, ErrAbsent)
}

// environment is what a program is given of this one's.
func environment(all []string) []string {
	env := []string{"LC_ALL=C", "LANG=C", "TZ=UTC", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"}
	for _, entry := range all {
		name, _, _ := strings.Cut(entry, "=")
		switch strings.ToUpper(name) {
		case "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR":
			env = append(env, entry)
		}
	}
	return env
}

func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	return string(line[:min(len(line), saidLimit)])
}

// bounded keeps the beginning of what is written to it.
type bounded struct {
	bytes.Buffer
	most int
	cut  bool
}

// Write takes everything, so that the writer goes on to its end.
func (b *bounded) Write(p []byte) (int, error) {
	room := b.most - b.Len()
	if len(p) > room {
		b.cut = true
		b.Buffer.Write(p[:max(room, 0)])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}
