//go:build !unix

package cli

import "io"

// readerGone is not known here before the next event.
func readerGone(io.Writer) bool { return false }
