//go:build !windows

package cli

// serversReuse is set where a TCP server is expected to set SO_REUSEADDR, so that
// connections it has left behind are not in its way.
const serversReuse = true
