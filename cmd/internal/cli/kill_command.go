package cli

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// whyCommand is the command line that explains why the place of a socket cannot
// be bound, "" where a name in it is better not pasted.
func (k *killing) whyCommand(s *socket.Socket) string {
	netns, ok := k.netnsFlag()
	command := "sockls why" + netns
	if s.Device != "" {
		ok = ok && pastable(s.Device)
		command += " --device " + s.Device
	}
	if s.V6Only == socket.Yes {
		command += " --v6only"
	}
	if zone := s.Local.Addr.Zone(); zone != "" {
		ok = ok && pastable(zone)
	}
	if !ok {
		return ""
	}
	at := netip.AddrPortFrom(s.Local.Addr, uint16(s.Local.Port)).String()
	if s.Local.Addr.Is6() {
		at = "'" + at + "'" // brackets are a pattern to a shell
	}
	return command + " " + s.Proto.String() + " " + at
}

// netnsFlag is the flag that chooses the network namespace again, with a blank
// before it. It is not ok where that cannot be written, or where it is chosen by a
// process that is to be ended.
func (k *killing) netnsFlag() (flag string, ok bool) {
	if !k.choosesNetNS {
		return "", true
	}
	for _, v := range k.victims {
		pid := strconv.Itoa(v.PID)
		if k.netns == pid || strings.HasPrefix(k.netns, "/proc/"+pid+"/") {
			return "", false
		}
	}
	return " -N " + k.netns, pastable(k.netns)
}

// pastable reports whether a shell takes a word for what it is.
func pastable(word string) bool {
	if word == "" || word[0] == '-' {
		return false
	}
	return strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@:-") == ""
}
