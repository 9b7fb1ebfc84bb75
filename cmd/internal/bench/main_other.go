//go:build !linux

package main

import (
	"fmt"
	"os"
)

// The peers and the namespaces exist on Linux only. Elsewhere the program
// still builds, so that cross-building the whole module stays one command.
func main() {
	fmt.Fprintln(os.Stderr, "bench: needs Linux")
	os.Exit(2)
}
