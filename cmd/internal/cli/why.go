package cli

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector"
)

// The exit codes of why.
const (
	exitFree       = 0
	exitTaken      = 1
	exitCannotTell = 3
)

// whyOptions are the flags of why.
type whyOptions struct {
	streams streams.Streams
	words   []string

	tcp, udp, ipv4, ipv6 bool
	program
	reusePort   bool
	v6only      bool
	v6onlySaid  bool
	device      string
	probe, next bool
	json, quiet bool
	color       string
	// surveyor takes the place of this system in tests.
	surveyor collector.Surveyor
}

// newWhyCmd makes the command that explains why a port cannot be had.
func newWhyCmd(s streams.Streams, runF func(*whyOptions) error) *cobra.Command {
	o := &whyOptions{streams: s}
	cmd := &cobra.Command{
		Use:   "why [flags] [tcp|udp] [ADDRESS]:PORT",
		Short: "Tell who holds a port, and why bind() fails",
		Long: `why tells whether a program can bind a port, what stands in its way, who that
is, and what to do about it.

Without tcp or udp both are looked at; they are separate. Without an address the
wildcard is meant, in both families. The flags say how the program binds; without
them the answer is for a plain bind(), and it says which option would change it.
Ranges and lists of ports (8000-8010, 80,443) are answered with a line for each.

What no table tells, such as whether a connection in TIME_WAIT had SO_REUSEADDR,
is said to be unknown. --probe tries it.

port and who are other names of this command.

Exit code: 0 free, 1 taken or refused, 2 wrong usage or failure, 3 it cannot be told.`,
		Example: `  sockls why 8080                 who has it, for TCP and UDP
  sockls why tcp 127.0.0.1:8080 --reuseaddr
  sockls why 80 --uid www-data    may this user have it?
  sockls why 8000-8010            a line for each
  sockls why tcp --next 8000      the next port that is free
  sockls why :8080 --probe        really bind it for a moment
  sockls why 8080 --json`,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.words = words
			o.v6onlySaid = cmd.Flags().Changed("v6only")
			if runF != nil {
				return runF(o)
			}
			return whyRun(cmd.Context(), o)
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	o.flags(cmd.Flags())
	return cmd
}

func (o *whyOptions) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.BoolVarP(&o.tcp, "tcp", "t", false, "the same as the word tcp")
	f.BoolVarP(&o.udp, "udp", "u", false, "the same as the word udp")
	f.BoolVarP(&o.ipv4, "ipv4", "4", false, "without an address: that of all IPv4, 0.0.0.0")
	f.BoolVarP(&o.ipv6, "ipv6", "6", false, "without an address: that of all IPv6, [::]")
	o.program.flags(f, "the program sets SO_REUSEADDR", "the program runs as `USER`, a name or a number", "ask in another network namespace")
	f.BoolVar(&o.reusePort, "reuseport", false, "the program sets SO_REUSEPORT")
	f.BoolVar(&o.v6only, "v6only", false, "the program sets IPV6_V6ONLY (=false: clears it)")
	f.Func("device", "the program binds to interface `IF` (SO_BINDTODEVICE)", func(name string) error {
		if o.device = name; name == "" {
			return errors.New("the name is empty")
		}
		return nil
	})
	f.BoolVar(&o.probe, "probe", false, "settle it: bind the port for a moment, without listening, and close it")
	f.BoolVar(&o.next, "next", false, "print the next port from there, or the first in a range or list, that is free")
	f.BoolVarP(&o.json, "json", "j", false, "print all of it as JSON")
	f.StringVar(&o.color, "color", "auto", "colour the text: auto, always or never")
	f.BoolVar(&o.quiet, "quiet", false, "say nothing about what could not be seen")
}
