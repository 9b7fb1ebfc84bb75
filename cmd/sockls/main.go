// Command sockls lists the sockets of this machine and who holds them.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/sockls/sockls/cmd/internal/cli"
	"github.com/sockls/sockls/cmd/internal/streams"
)

func main() {
	// A run lasts milliseconds and makes next to no garbage: collecting it
	// before tens of megabytes would only walk the rows that are all in use.
	debug.SetGCPercent(800)
	os.Exit(cli.Main(context.Background(), streams.System(), os.Args[1:]))
}
