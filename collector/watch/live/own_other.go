//go:build !linux

package live

// own is nothing: looks open no sockets here that are listed.
func own() map[uint64]bool { return nil }
