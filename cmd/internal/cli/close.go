package cli

import (
	"github.com/spf13/cobra"

	"github.com/sockls/sockls/cmd/internal/streams"
)

// closeOptions are the flags of close.
type closeOptions struct{ manners }

// newCloseCmd makes the command that destroys sockets.
func newCloseCmd(s streams.Streams, runF func(*closeOptions) error) *cobra.Command {
	o := &closeOptions{manners{streams: s}}
	cmd := &cobra.Command{
		Use:   "close [flags] FILTER",
		Short: "Destroy sockets without asking their processes, TIME_WAIT included",
		Long: `close destroys the sockets that the listing shows for the same flags and filter:
a connection is reset, one in TIME_WAIT or not accepted yet is forgotten, and the
program that has the socket gets ECONNABORTED. It is for TCP and UDP, and takes
root. Each socket is named to the kernel by its cookie, so that no other is hit.

A listener or UDP socket that is destroyed this way keeps its port until its
process closes it: the listener merely stops listening, and the UDP socket goes on
receiving. To free a port, use sockls kill. A TCP socket that is bound and does not
listen cannot be destroyed.

It shows what it will do and asks.

Exit code: 0 all were destroyed, or gone by then, 1 nothing matched or some were
not destroyed, 2 wrong usage or failure.`,
		Example: `  sockls close 'state time-wait and sport = :8080'
  sockls close 'dst 192.0.2.7' --yes
  sockls close -t 'process curl' --dry-run`,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.words = words
			if runF != nil {
				return runF(o)
			}
			return closeRun(cmd.Context(), o)
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	f := cmd.Flags()
	f.SortFlags = false
	o.manners.flags(f)
	o.selection.flags(f)
	return cmd
}
