package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/spelling"
)

// newRootCmd makes the program. Without a subcommand it lists sockets; runF
// takes the place of the listing in tests.
func newRootCmd(s streams.Streams, runF func(*listOptions) error) *cobra.Command {
	opts := &listOptions{streams: s}
	var showVersion bool
	cmd := &cobra.Command{
		Use:   "sockls [flags] [FILTER]",
		Short: "List the sockets of this machine and the processes that hold them",
		Long: `sockls lists the sockets of this machine and every process that holds them.

Without flags it shows connected internet sockets; -l shows what listens, -a
everything. A filter chooses among them: a port, an address, the name of a
process, or an expression as ss knows them (sockls help filter). What could not
be seen is said on standard error.

Exit code: 0 something matched, 1 nothing matched, 2 wrong usage or failure,
3 something could not be seen and --strict was given.`,
		Example: `  sockls -l               what listens, and who
  sockls -tulpn           the same for TCP and UDP, as fingers know it
  sockls -ta -4           every IPv4 TCP socket, bound and closing ones too
  sockls -lx              listening unix sockets
  sockls :8080            whatever has to do with port 8080
  sockls nginx            whatever processes of that name hold
  sockls -ti 'dport = :443 and rtt > 50ms'
  sockls -l --json        everything that is known, for scripts
  sockls -a --columns +inode,fd --sort -recv-q`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return configure(cmd, s)
		},
		RunE: func(cmd *cobra.Command, words []string) error {
			if showVersion {
				return printVersion(s)
			}
			opts.words = words
			opts.saves = cmd.Flags().Changed("save")
			if runF != nil {
				return runF(opts)
			}
			return listRun(cmd.Context(), opts)
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	help := cmd.HelpFunc()
	cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
		if c == cmd { // put together only when somebody reads it
			c.Long += "\n\nColumns (all of them: sockls help columns):\n" + basicColumns()
		}
		help(c, args)
	})
	f := cmd.Flags()
	f.SortFlags = false
	opts.flags(f)
	// Not cobra's own: its template would link reflection into the whole program,
	// a sixth of its size.
	f.BoolVarP(&showVersion, "version", "V", false, "print the version")
	f.BoolP("help", "h", false, "print this help")
	cmd.PersistentFlags().Bool("no-config", false, "do without the config file (sockls help config)")
	cmd.AddCommand(newWhyCmd(s, nil), newKillCmd(s, nil), newCloseCmd(s, nil), newWaitCmd(s, nil), newWatchCmd(s, nil), newVersionCmd(s))
	cmd.AddCommand(topics()...)
	return cmd
}

// unknownCommand refuses a first word that is nearly a command: as a filter it
// would be the name of a process, and find nothing.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || !isProcessName(args[0]) {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	if near := spelling.Nearest(args[0], names); near != "" {
		return fmt.Errorf("unknown command %q, did you mean %q? (for a process of that name: sockls process %s)", args[0], near, args[0])
	}
	return nil
}

// isProcessName reports whether a word is one that a filter has no meaning for
// but as the name of a process.
func isProcessName(word string) bool {
	f, err := filter.Parse(word, filter.Options{})
	return err == nil && strings.HasPrefix(f.Expr.String(), "process ")
}
