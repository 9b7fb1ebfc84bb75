package cli

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector/ending"
	"github.com/sockls/sockls/collector/socket"
)

// killTimeout is how long a process has to end after the signal.
const killTimeout = 5 * time.Second

// killOptions are the flags of kill.
type killOptions struct {
	manners
	signal  string
	timeout time.Duration
	// only is the socket that the screen points at, nil for those of the filter.
	only *socket.Socket
}

// newKillCmd makes the command that frees a port by ending who listens on it.
func newKillCmd(s streams.Streams, runF func(*killOptions) error) *cobra.Command {
	o := &killOptions{manners: manners{streams: s}}
	cmd := &cobra.Command{
		Use:   "kill [flags] FILTER",
		Short: "End the processes that listen on a port, and see to it that it is free",
		Long: `kill ends the processes that hold listeners which match the filter: listening
TCP sockets, and UDP sockets that take from anyone. A client that merely talks to
that port is left alone. With "state bound" in the filter it is also about TCP
sockets that hold a port and do not listen.

It shows what it will do and asks. Every process that holds such a socket gets
SIGTERM, and SIGKILL after the timeout if it holds it still. A process that has
closed the socket is left alone. Who is signalled is the process that was shown,
whatever has become of its number. The first process, service managers, and the
processes that sockls was started from are never signalled: then nothing is done.
What would start a process again is named beside it: the unit or container to stop
instead, or the process that has started it and lives.

In the end it binds the port for a moment, as a server would, with SO_REUSEADDR,
and says it is free only if that succeeds and nothing has taken it again within a
quarter of a second. It is free "for now" where what has started the process lives
on: a loop that sleeps for longer takes the port again later.

Exit code: 0 the port is free, 1 nothing matched or it is not free, 2 wrong usage,
refusal or failure, 130 interrupted (128 and the number of the signal).`,
		Example: `  sockls kill :8080
  sockls kill -t :8080 --yes
  sockls kill 'node and port 3000-3010' --dry-run
  sockls kill :8080 -s INT --timeout 30s
  sockls kill 'state bound and port 7000'`,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.words = words
			if runF != nil {
				return runF(o)
			}
			return killRun(cmd.Context(), o)
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.tcp, "tcp", "t", false, "TCP alone")
	f.BoolVarP(&o.udp, "udp", "u", false, "UDP alone")
	f.BoolVarP(&o.ipv4, "ipv4", "4", false, "IPv4 sockets alone")
	f.BoolVarP(&o.ipv6, "ipv6", "6", false, "IPv6 sockets alone")
	f.StringVarP(&o.signal, "signal", "s", "TERM", "send `SIGNAL`, a name or a number; SIGKILL follows only TERM, INT and QUIT")
	o.timeout = killTimeout
	f.Func("timeout", "the `TIME` that a process has to end after the signal, such as 500ms, 2m, or 30 for seconds (5s unless given)", o.setTimeout)
	o.flags(f)
	return cmd
}

// setTimeout takes what --timeout of wait takes.
func (o *killOptions) setTimeout(word string) error {
	d, err := parseTimeout(word)
	if err != nil {
		return errors.New("it is a time such as 500ms, 30s or 5m, or a number of seconds")
	}
	o.timeout = d
	return nil
}

// ending are the signals and the time of the flags.
func (o *killOptions) ending() (ending.Options, error) {
	sig, ok := ending.ParseSignal(o.signal)
	switch {
	case !ok:
		return ending.Options{}, fmt.Errorf("unknown signal %q", o.signal)
	case o.timeout <= 0:
		return ending.Options{}, errors.New("--timeout has to be more than nothing; -s KILL asks nobody")
	}
	asks := sig == syscall.SIGTERM || sig == syscall.SIGINT || sig == syscall.SIGQUIT
	return ending.Options{Signal: sig, Timeout: o.timeout, Kill: asks}, nil
}
