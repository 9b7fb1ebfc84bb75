//go:build !linux

package netns

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
)

// unsupported is the answer of systems without network namespaces.
func unsupported() error {
	return fmt.Errorf("network namespaces: %w on %s", errors.ErrUnsupported, runtime.GOOS)
}

// Handle is an open namespace.
type Handle struct{}

// Open opens a namespace.
func Open(Namespace) (*Handle, error) { return nil, unsupported() }

// Close lets go of the namespace.
func (*Handle) Close() {}

// NetNS names the namespace that is open.
func (*Handle) NetNS() Namespace { return Namespace{} }

// Do runs f in the namespace.
func (*Handle) Do(func() error) error { return unsupported() }

// Do runs f in a namespace.
func Do(Namespace, func() error) error { return unsupported() }

// Addresses returns the addresses of a namespace.
func Addresses(Namespace) ([]netip.Addr, error) { return nil, unsupported() }

// List returns every network namespace that can be found.
func List(Options) ([]Namespace, Seen, error) { return nil, Seen{}, unsupported() }

// Resolve finds the namespace that somebody means.
func Resolve(string, Options) (Namespace, error) { return Namespace{}, unsupported() }
