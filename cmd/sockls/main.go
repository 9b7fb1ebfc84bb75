// Command sockls lists the sockets of this machine and who holds them.
package main

import (
	"context"
	"os"

	"github.com/sockls/sockls/cmd/internal/cli"
	"github.com/sockls/sockls/cmd/internal/streams"
)

func main() {
	os.Exit(cli.Main(context.Background(), streams.System(), os.Args[1:]))
}
