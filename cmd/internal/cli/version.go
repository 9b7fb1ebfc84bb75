package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/cmd/internal/streams"
)

// build is what the program was built of. The go command writes it into the
// program, so nothing has to be passed to a build for it.
type build struct {
	version   string // "(devel)" where the source was not under version control
	commit    string
	time      string // of the commit
	changed   bool   // there were changes that were not committed
	toolchain string
}

// buildOf reads it. What is not known is empty.
func buildOf(info *debug.BuildInfo, ok bool) build {
	b := build{version: "(devel)", toolchain: runtime.Version()}
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.time":
			b.time = s.Value
		case "vcs.modified":
			b.changed = s.Value == "true"
		}
	}
	return b
}

// write prints all of it, one fact a line.
func (b *build) write(w io.Writer) error {
	text := "sockls " + b.version + "\n"
	if b.commit != "" {
		text += "commit " + b.commit
		if b.changed {
			text += " and changes that are not committed"
		}
		text += "\n"
	}
	if b.time != "" {
		text += "date   " + b.time + "\n"
	}
	text += "built  " + b.toolchain + " for " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
	_, err := io.WriteString(w, text)
	return err
}

func newVersionCmd(s streams.Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and the date it was built from",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := buildOf(debug.ReadBuildInfo())
			return b.write(s.Out)
		},
	}
}

// printVersion prints the version alone.
func printVersion(s streams.Streams) error {
	b := buildOf(debug.ReadBuildInfo())
	_, err := fmt.Fprintf(s.Out, "sockls %s\n", b.version)
	return err
}
