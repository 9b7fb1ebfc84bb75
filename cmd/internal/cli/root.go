package cli

import (
	"github.com/spf13/cobra"

	"github.com/sockls/sockls/cmd/internal/streams"
)

// newRootCmd makes the program. Without a subcommand it lists sockets; runF
// takes the place of the listing in tests.
func newRootCmd(s streams.Streams, runF func(*listOptions) error) *cobra.Command {
	opts := &listOptions{streams: s}
	cmd := &cobra.Command{
		Use:   "sockls [flags]",
		Short: "List the sockets of this machine and the processes that hold them",
		Long: `sockls lists the sockets of this machine and every process that holds them.

Without flags it shows connected internet sockets; -l shows what listens, -a
everything. What could not be seen is said on standard error.`,
		Example: `  sockls -l               what listens, and who
  sockls -tulpn           the same for TCP and UDP, as fingers know it
  sockls -ta -4           every IPv4 TCP socket, bound and closing ones too
  sockls -lx              listening unix sockets
  sockls -l --json        everything that is known, for scripts
  sockls -a --columns +inode,fd --sort -recv-q`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			var names []string
			for _, c := range cmd.Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name())
				}
			}
			return unknownWord("command", "", args[0], names)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(opts)
			}
			return listRun(cmd.Context(), opts)
		},
	}
	cmd.SetVersionTemplate("sockls {{.Version}}\n")
	cmd.SetFlagErrorFunc(flagError)
	f := cmd.Flags()
	f.SortFlags = false
	opts.flags(f)
	f.BoolP("version", "V", false, "print the version")
	f.BoolP("help", "h", false, "print this help")
	cmd.AddCommand(newVersionCmd(s))
	return cmd
}
