package workload

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// socketSection is what is taken from the [Socket] sections of a unit's files.
type socketSection struct {
	listen   []listenLine
	v6only   socket.Tri
	protocol string
	service  string
	accept   bool
}

// listenLine is one Listen*= whose specifiers have not been replaced yet.
type listenLine struct{ kind, value string }

// read adds a file, as those of a unit are read one after the other: the unit
// itself, then its drop-ins. The syntax is that of systemd.syntax(7).
func (s *socketSection) read(text string) {
	const mostLines = 1 << 10
	inside := false
	for line := range logicalLines(text) {
		if strings.HasPrefix(line, "[") {
			inside = line == "[Socket]"
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !inside || !ok {
			continue
		}
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch key {
		case "ListenStream", "ListenDatagram", "ListenSequentialPacket", "ListenFIFO", "ListenNetlink",
			"ListenSpecial", "ListenMessageQueue", "ListenUSBFunction":
			switch {
			case value == "": // takes back what all of them have said so far
				s.listen = nil
			case len(s.listen) < mostLines:
				s.listen = append(s.listen, listenLine{key, value})
			}
		case "BindIPv6Only":
			switch value {
			case "both":
				s.v6only = socket.No
			case "ipv6-only":
				s.v6only = socket.Yes
			case "default", "":
				s.v6only = socket.Unknown
			}
		case "SocketProtocol":
			s.protocol = value
		case "Service":
			s.service = value
		case "Accept":
			if yes, ok := boolean(value); ok {
				s.accept = yes
			}
		}
	}
}

// logicalLines are the lines of a unit file that are neither empty nor comments.
// A line that ends with a backslash goes on in the next one, and comments in
// between are left out.
func logicalLines(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		pending := ""
		continued := false
		for line := range strings.SplitSeq(text, "\n") {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
				continue
			}
			if rest, ok := strings.CutSuffix(line, `\`); ok {
				pending += rest + " "
				continued = true
				continue
			}
			if continued {
				line = strings.TrimSpace(pending + line)
				pending, continued = "", false
			}
			if line != "" && !yield(line) {
				return
			}
		}
		if pending = strings.TrimSpace(pending); pending != "" {
			yield(pending)
		}
	}
}

func boolean(value string) (yes, ok bool) {
	switch strings.ToLower(value) {
	case "1", "yes", "y", "true", "t", "on":
		return true, true
	case "0", "no", "n", "false", "f", "off", "":
		return false, true
	}
	return false, false
}

// unit makes a unit of what its files say, and reports false for one that
// listens on no internet address.
func (s *socketSection) unit(name string, user bool) (SocketUnit, bool) {
	u := SocketUnit{Name: name, User: user}
	base := strings.TrimSuffix(name, ".socket")
	switch {
	case s.accept: // Service= may not be set then
		prefix, _, _ := strings.Cut(base, "@")
		u.Service = prefix + "@.service"
	case s.service != "":
		if service, ok := specifiers(s.service, name); ok {
			u.Service = service
		}
	default:
		u.Service = base + ".service"
	}
	for _, line := range s.listen {
		if l, ok := s.address(line, name); ok {
			u.Listen = append(u.Listen, l)
		}
	}
	return u, len(u.Listen) > 0
}

// address reads one Listen*= of an internet address, as systemd.socket(5) has
// it: a bare port, "IPv4:port" or "[IPv6]:port".
func (s *socketSection) address(line listenLine, unit string) (Listen, bool) {
	l := Listen{V6Only: s.v6only}
	switch {
	case line.kind == "ListenStream" && s.protocol == "":
		l.Proto = socket.TCP
	case line.kind == "ListenStream" && s.protocol == "mptcp":
		l.Proto = socket.MPTCP
	case line.kind == "ListenStream" && s.protocol == "sctp",
		line.kind == "ListenSequentialPacket" && (s.protocol == "" || s.protocol == "sctp"):
		l.Proto = socket.SCTP
	case line.kind == "ListenDatagram" && s.protocol == "":
		l.Proto = socket.UDP
	case line.kind == "ListenDatagram" && s.protocol == "udplite":
		l.Proto = socket.UDPLite
	default:
		return Listen{}, false
	}
	value, ok := specifiers(line.value, unit)
	if !ok {
		return Listen{}, false
	}
	if port, err := strconv.ParseUint(value, 10, 16); err == nil {
		l.Port = uint16(port)
		return l, port > 0
	}
	at, err := netip.ParseAddrPort(value)
	l.Addr, l.Port = at.Addr(), at.Port()
	return l, err == nil && l.Port > 0
}

// specifiers replaces those of systemd.unit(5) that a unit's own name tells. It
// reports false where there are others: what they stand for is not known here.
func specifiers(value, unit string) (string, bool) {
	if !strings.Contains(value, "%") {
		return value, true
	}
	full := strings.TrimSuffix(unit, ".socket")
	prefix, instance, _ := strings.Cut(full, "@")
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] != '%' {
			b.WriteByte(value[i])
			continue
		}
		if i++; i == len(value) {
			return "", false
		}
		switch value[i] {
		case 'i':
			b.WriteString(instance)
		case 'I':
			b.WriteString(unescapeUnit(instance))
		case 'p':
			b.WriteString(prefix)
		case 'P':
			b.WriteString(unescapeUnit(prefix))
		case 'n':
			b.WriteString(unit)
		case 'N':
			b.WriteString(full)
		case '%':
			b.WriteByte('%')
		default:
			// An address of an interface: "[fe80::1%eth0]:80" is written with
			// one sign, and "%e" is no specifier that systemd knows.
			if strings.IndexByte("abABCdDEfgGhHjJlLmMoqsStTuUvVwWyY", value[i]) >= 0 {
				return "", false
			}
			b.WriteByte('%')
			b.WriteByte(value[i])
		}
	}
	return b.String(), true
}
