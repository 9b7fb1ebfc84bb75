//go:build linux && !(amd64 || arm64 || riscv64 || ppc64le || loong64 || mips64le)

package taskfile

import (
	"context"
	"errors"
)

// Walk is never made here: the program is one for machines of 64 bits whose
// lowest byte comes first.
type Walk struct{}

// Open reports that there is no program for this machine.
func (l Layout) Open() (*Walk, error) { return nil, errors.ErrUnsupported }

// Close does nothing.
func (w *Walk) Close() {}

// Each reports that there is no walk.
func (w *Walk) Each(context.Context, func(*Record)) error { return errors.ErrUnsupported }
