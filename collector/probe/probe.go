package probe

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/sockls/sockls/collector/why"
)

// ErrNotPossible says that this process cannot do what the program would: it may
// not become its user, or lacks a capability that the program has.
var ErrNotPossible = errors.New("not possible from this process")

// cannot tells what is not possible.
func cannot(what string, err error) error {
	return fmt.Errorf("probe: %s: %w (%w)", what, ErrNotPossible, err)
}

// Bind makes the socket, binds it and closes it, in the calling thread's network
// namespace. errno is what a program gets from socket, setsockopt or bind, such
// as "EADDRINUSE", and "" when all of them succeed. An error says that it could
// not be tried.
func Bind(b why.Bind) (errno string, err error) { return try(b, false) }

// Listen is Bind for a stream that listens, too. For other sockets it is Bind.
func Listen(b why.Bind) (errno string, err error) { return try(b, true) }

// refusal is an error that the program would get.
type refusal struct{ errno syscall.Errno }

func (r refusal) Error() string { return r.errno.Error() }
