package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
)

// isCompletion reports whether a shell asks what could be typed next.
func isCompletion(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// suggestions are what can stand in one place, each with a description behind a
// tab, and the directive to the shell.
type suggestions func(typed string) ([]string, cobra.ShellCompDirective)

// complete teaches a command line what can be typed next. It is not done in every
// run: only a shell asks for it.
func complete(root *cobra.Command, h *hints) {
	flags := map[string]suggestions{
		"columns":  list("+", columnWords()),
		"sort":     list("-", append(columnWords(), "none\tthe kernel's order")),
		"query":    list("!", append(protoNames(), "all", "inet")),
		"color":    one("auto", "always", "never"),
		"family":   one("inet", "inet6", "unix", "link", "netlink", "vsock", "xdp", "tipc"),
		"summary":  one("counters"),
		"signal":   one("TERM", "INT", "QUIT", "HUP", "KILL", "USR1", "USR2"),
		"uid":      h.users,
		"device":   h.interfaces,
		"netns":    h.namespaces,
		"interval": one("500ms", "1s", "2s", "5s"), "watch": one("500ms", "1s", "2s", "5s"),
		"timeout": one("1s", "5s", "30s", "1m"), "for": one("10s", "1m", "10m"),
		"count": one(), "queue": one(),
	}
	for _, c := range append(root.Commands(), root) {
		for name, next := range flags {
			if c.Flags().Lookup(name) == nil {
				continue
			}
			err := c.RegisterFlagCompletionFunc(name, func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
				return next(typed)
			})
			if err != nil {
				panic(err) // the flag is there, and nobody else completes it
			}
		}
		if words := operands(c.Name()); words != nil {
			c.ValidArgsFunction = func(c *cobra.Command, before []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
				if f := c.Flags().Lookup("netns"); f != nil && f.Changed {
					return words(&hints{}, before)(typed) // the sockets here are not those there
				}
				return words(h, before)(typed)
			}
		}
	}
}

// operands completes the words behind the flags of a command, by those before.
func operands(command string) func(h *hints, before []string) suggestions {
	switch command {
	case "sockls", "watch", "kill", "close":
		return filterWords
	case "why":
		return func(h *hints, before []string) suggestions { return placeWords(h, before, nil) }
	case "wait":
		return func(h *hints, before []string) suggestions {
			return placeWords(h, before, []string{"listening\tsomething listens there", "free\ta program can bind it"})
		}
	}
	return nil
}

// placeWords completes [tcp|udp] PORT, behind one of the words that have to stand
// first if there are any.
func placeWords(h *hints, before, first []string) suggestions {
	if len(before) == 0 && first != nil {
		return one(first...)
	}
	protos := []string{"tcp", "udp"}
	if slices.ContainsFunc(before, func(w string) bool { return slices.Contains(protos, w) }) {
		protos = nil
	}
	return func(typed string) ([]string, cobra.ShellCompDirective) {
		ports, directive := h.ports(typed)
		return append(matching("", typed, protos), ports...), directive
	}
}

// filterWords completes a filter by the word that stands before.
func filterWords(h *hints, before []string) suggestions {
	words := filter.Words()
	switch previous(before) {
	case "state", "exclude":
		return list("", words.States)
	case "proto":
		return list("", words.Protos)
	case "family":
		return one(words.Families...)
	case "local", "remote", "scope":
		return one(words.Scopes...)
	case "range":
		return one(words.Ranges...)
	case "sport", "dport", "port", "local-port", "remote-port":
		return h.ports
	case "pid":
		return h.pids
	case "process":
		return h.names
	case "user", "process-user":
		return h.users
	case "dev":
		return h.interfaces
	}
	begin := slices.Concat(words.Keywords, words.Joints, words.States, words.Protos)
	slices.Sort(begin)
	begin = slices.Compact(begin)
	return func(typed string) ([]string, cobra.ShellCompDirective) {
		if typed == "" {
			return begin, cobra.ShellCompDirectiveNoFileComp // facts are too many to look through
		}
		if strings.HasPrefix(typed, "/") || strings.HasPrefix(typed, ".") {
			return nil, cobra.ShellCompDirectiveDefault // the path of a unix socket
		}
		ports, directive := h.ports(typed)
		found := matching("", typed, append(begin, words.Facts...))
		if !strings.HasPrefix(typed, ":") {
			ports, directive = h.names(typed) // without a colon too few are ports
		}
		return append(found, ports...), directive
	}
}

// previous is the word that decides what follows it; an operator between the two
// does not count.
func previous(before []string) string {
	for _, word := range slices.Backward(before) {
		switch word {
		case "=", "==", "!=", "<", "<=", ">", ">=", "eq", "ne", "lt", "le", "gt", "ge", "neq":
			continue
		}
		return strings.ToLower(word)
	}
	return ""
}

// one is for a single word.
func one(words ...string) suggestions {
	return func(typed string) ([]string, cobra.ShellCompDirective) {
		return matching("", typed, words), cobra.ShellCompDirectiveNoFileComp
	}
}

// list is for words with commas between them, each of which may have a sign.
func list(signs string, words []string) suggestions {
	return func(typed string) ([]string, cobra.ShellCompDirective) {
		head, last := "", typed
		if i := strings.LastIndexByte(typed, ','); i >= 0 {
			head, last = typed[:i+1], typed[i+1:]
		}
		if last != "" && strings.IndexByte(signs, last[0]) >= 0 {
			head, last = head+last[:1], last[1:]
		}
		return matching(head, last, words), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// matching are the words that begin with what is typed, with head in front.
func matching(head, typed string, words []string) []string {
	var found []string
	for _, w := range words {
		if strings.HasPrefix(w, typed) {
			found = append(found, head+w)
		}
	}
	return found
}

// columnWords are the columns with their help.
func columnWords() []string {
	var words []string
	for _, f := range field.All() {
		words = append(words, f.Name+"\t"+f.Help)
	}
	return words
}

// completedStates are those of sockets whose ports and processes are worth typing.
const completedStates = socket.ListeningStates | socket.ConnectedStates
