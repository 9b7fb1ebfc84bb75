//go:build linux && (amd64 || arm64 || riscv64 || ppc64le || loong64 || mips64le)

package taskfile

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Walk is one walk over all tasks of the caller's pid namespace, in the order of
// their numbers.
type Walk struct {
	fd  int
	buf []byte
}

// bufferSize is twice what the kernel gives in one read (bpf_seq_read in
// kernel/bpf/bpf_iter.c), so that none is ever cut.
const bufferSize = 64 << 10

// Open makes a walk, which has not begun.
func (l Layout) Open() (*Walk, error) {
	program, err := load(l.program(), l.target)
	if err != nil {
		return nil, err
	}
	defer unix.Close(program)
	link, err := attach(program)
	if err != nil {
		return nil, err
	}
	defer unix.Close(link)
	fd, err := iterate(link)
	if err != nil {
		return nil, err
	}
	return &Walk{fd: fd, buf: make([]byte, bufferSize)}, nil
}

// Close lets the kernel forget the program.
func (w *Walk) Close() { unix.Close(w.fd) }

// Each calls visit with every record. The record is reused.
func (w *Walk) Each(ctx context.Context, visit func(*Record)) error {
	var record Record
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := unix.Read(w.fd, w.buf)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			continue // it has met a million files that it did not tell of
		case err != nil:
			return fmt.Errorf("read bpf iterator: %w", err)
		case n == 0:
			return nil
		case n%recordSize != 0:
			return fmt.Errorf("read bpf iterator: %d bytes are no whole records", n)
		}
		for rest := w.buf[:n]; len(rest) > 0; rest = rest[recordSize:] {
			record.decode(rest)
			visit(&record)
		}
	}
}
