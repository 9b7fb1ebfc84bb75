package cli

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/socket"
)

// hints complete by what is there at the moment. Whatever comes of that is typed
// for somebody into a shell, and many of the names are chosen by strangers: only
// those that mean nothing to any shell are offered. Nor may it keep anybody waiting:
// what is not there in time is not offered, and what fails is not either, for there
// is nowhere to say so.
type hints struct {
	// collector is that of this system, nil where its sockets are not those that
	// are asked about.
	collector func() (collector.Collector, error)
	// passwd is the file of users.
	passwd string
}

const (
	completionTime = 300 * time.Millisecond
	mostUsers      = 1000
)

// systemHints completes by this system.
func systemHints() *hints {
	return &hints{
		collector: func() (collector.Collector, error) { return collector.New(collector.Options{}) },
		passwd:    "/etc/passwd",
	}
}

// sockets are those that are there, with their holders.
func (h *hints) sockets(states socket.StateSet) []*socket.Socket {
	if h.collector == nil {
		return nil
	}
	c, err := h.collector()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	var rows []*socket.Socket
	q := collector.Query{
		Protos: socket.InetProtos, IPv4: true, IPv6: true, States: states, Details: socket.DetailOwners,
	}
	if _, err := collector.Gather(ctx, c, q, func(s *socket.Socket) { rows = append(rows, s) }); err != nil {
		return nil
	}
	return rows
}

// ports are those on which something listens, with who does.
func (h *hints) ports(typed string) ([]string, cobra.ShellCompDirective) {
	number, colon := strings.CutPrefix(typed, ":")
	head := ""
	if colon {
		head = ":"
	}
	holders := make(map[int]string)
	for _, s := range h.sockets(socket.ListeningStates) {
		if port := int(s.Local.Port); port != 0 && holders[port] == "" {
			holders[port] = s.Proto.String() + " " + holderName(s)
		}
	}
	return matching(head, number, described(holders)), cobra.ShellCompDirectiveNoFileComp
}

// pids are the processes that have sockets.
func (h *hints) pids(typed string) ([]string, cobra.ShellCompDirective) {
	names := make(map[int]string)
	for _, s := range h.sockets(completedStates) {
		for i := range s.Processes {
			p := s.Processes[i].Process
			names[p.PID] = safeName(p.Name)
		}
	}
	return matching("", typed, described(names)), cobra.ShellCompDirectiveNoFileComp
}

// names are those of the processes that have sockets.
func (h *hints) names(typed string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, s := range h.sockets(completedStates) {
		for i := range s.Processes {
			if name := s.Processes[i].Process.Name; pastable(name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return matching("", typed, slices.Compact(names)), cobra.ShellCompDirectiveNoFileComp
}

// users are those of the file. Others may come from a directory service, which is
// asked by nobody who is in a hurry.
func (h *hints) users(typed string) ([]string, cobra.ShellCompDirective) {
	f, err := os.Open(h.passwd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer f.Close()
	return matching("", typed, userNames(f)), cobra.ShellCompDirectiveNoFileComp
}

// userNames reads the names of /etc/passwd.
func userNames(r io.Reader) []string {
	var names []string
	for lines := bufio.NewScanner(r); len(names) < mostUsers && lines.Scan(); {
		if name, _, ok := strings.Cut(lines.Text(), ":"); ok && pastable(name) {
			names = append(names, name)
		}
	}
	return names
}

// interfaces are those of this network namespace.
func (h *hints) interfaces(typed string) ([]string, cobra.ShellCompDirective) {
	links, err := net.Interfaces()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for i := range links {
		if pastable(links[i].Name) {
			names = append(names, links[i].Name)
		}
	}
	return matching("", typed, names), cobra.ShellCompDirectiveNoFileComp
}

// namespaces are the network namespaces that have names. A path will do as well.
func (h *hints) namespaces(typed string) ([]string, cobra.ShellCompDirective) {
	all, _, err := netns.List(netns.Options{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var names []string
	for i := range all {
		if pastable(all[i].Name) {
			names = append(names, all[i].Name)
		}
	}
	return matching("", typed, names), cobra.ShellCompDirectiveDefault
}

// described are numbers in order, each with its description.
func described(numbers map[int]string) []string {
	var words []string
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		word := strconv.Itoa(n)
		if text := strings.TrimSpace(numbers[n]); text != "" {
			word += "\t" + text
		}
		words = append(words, word)
	}
	return words
}

// holderName is the name of who holds a socket, "" where nobody does or the name is
// not for a shell.
func holderName(s *socket.Socket) string {
	if len(s.Processes) == 0 {
		return ""
	}
	return safeName(s.Processes[0].Process.Name)
}

// safeName is a name that means nothing to a shell, or else "".
func safeName(name string) string {
	if !pastable(name) {
		return ""
	}
	return name
}
