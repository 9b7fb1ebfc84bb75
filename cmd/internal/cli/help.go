package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/render/field"
)

// topics are pages of help that belong to no command. Those that come from a
// registry are put together when somebody reads them.
func topics() []*cobra.Command {
	columns := &cobra.Command{Use: "columns", Short: "Everything that can be a column, a sort key or an operand of a filter"}
	usual := columns.HelpFunc()
	columns.SetHelpFunc(func(c *cobra.Command, args []string) {
		c.Long = allColumns()
		usual(c, args)
	})
	return []*cobra.Command{
		{Use: "filter", Short: "The language of filters", Long: filterHelp},
		columns,
	}
}

// columnList lists columns with their help.
func columnList(b *strings.Builder, columns []field.Field) {
	width := 0
	for _, f := range columns {
		width = max(width, len(f.Name))
	}
	for _, f := range columns {
		fmt.Fprintf(b, "  %-*s  %s\n", width, f.Name, f.Help)
	}
}

// basicColumns lists those that every kind of socket can have.
func basicColumns() string {
	var b strings.Builder
	columnList(&b, field.Basic())
	return strings.TrimRight(b.String(), "\n")
}

// allColumns lists all, below the flags that ask for many of them at once.
func allColumns() string {
	var b strings.Builder
	b.WriteString("Names that --columns, --sort and filters take. A line beneath a row and the JSON\nhave them too.\n\nBasic\n")
	columnList(&b, field.Basic())
	for _, set := range field.Sets() {
		name := "--" + set.Flag
		if set.Letter != "" {
			name = "-" + set.Letter + ", " + name
		}
		fmt.Fprintf(&b, "\n%s: %s\n", name, set.Help)
		columnList(&b, set.All())
	}
	return strings.TrimRight(b.String(), "\n")
}

const filterHelp = `A filter says which sockets to show. It stands behind the flags, in quotes where
the shell would take a character for itself, or in a file (-F FILE). Whatever ss
understands is understood; precedence is not, and, or; two predicates side by
side are joined by and.

Without -l, -a or a state the sockets are those that ss shows, connected ones, as
long as ss has all the predicates. With any other, sockets in every state are meant.

Shorthand:
  :8080  8080  8000-8100  80,443    port of either end
  10.0.0.5  10/8  [::1]:443         address of either end
  nginx  'ng*'                      name of a process that holds the socket
  /run/x.sock  @abstract            unix address
  tcp  listening                    protocol, state

Ends:
  sport OP PORT  dport  port        local, remote, either; = != < <= > >= or eq ne lt
                                    le gt ge; numbers, services, ranges, lists
  src HOST  dst  host               address[/length][:port], host name, [IPv6], *,
                                    unix:GLOB, link:PROTOCOL:DEVICE, netlink:NAME:ID,
                                    vsock:CID:PORT
  local SCOPE  remote SCOPE         loopback, private, public, wildcard
  range RANGE                       of the local port: well-known, registered, dynamic
  autobound                         the kernel chose the local port

Sockets:
  state STATE  exclude STATE        a state, or all connected synchronized bucket big
  proto NAME  dev NAME  cgroup PATH  fwmark VALUE[/MASK]
  any name of "sockls help columns" rtt > 50ms, retrans > 0, recv-q > 1MB, uid = 33,
                                    congestion = bbr, v6only

Processes:
  pid N  process NAME  command TEXT  exe PATH  user NAME
                                    exact, with * and ? a pattern, ~ a regular expression

Joined by: and & &&   or | ||   not !   ( )

--explain-filter shows how a filter is read and what of it the kernel does.`
