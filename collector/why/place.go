package why

import (
	"path"
	"strings"
)

// move makes remedies say where they are to be applied. A command line that would
// do something else where it is pasted is none.
func (p *Place) move(remedies []Remedy) {
	for i := range remedies {
		remedies[i].Command = p.there(remedies[i].Command)
	}
}

// there is a command line that does in the namespace what command does in that of
// a shell. Processes, units and containers are the same everywhere.
func (p *Place) there(command string) string {
	tool, _, _ := strings.Cut(strings.TrimPrefix(command, "sudo "), " ")
	switch tool {
	case "sockls":
		if !plain(p.Spec) {
			return ""
		}
		return command + " -N " + p.Spec
	case "ip", "nft", "iptables", "ip6tables", "ipvsadm", "sysctl":
		if !plainPath(p.Path) {
			return ""
		}
		return "nsenter --net=" + p.Path + " " + command
	}
	return command
}

// plainPath reports whether a path may stand in a command line.
func plainPath(file string) bool {
	if !path.IsAbs(file) {
		return false
	}
	for name := range strings.SplitSeq(file[1:], "/") {
		if !plain(name) {
			return false
		}
	}
	return true
}
