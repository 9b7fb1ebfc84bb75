package portable

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// parseFstat reads what OpenBSD's fstat prints of internet sockets, among all other
// files: user, command, pid, descriptor, the family, the protocol, to root the
// address of the kernel's block, and the ends with an arrow between them.
func parseFstat(out []byte, bad *malformed) []Row {
	form := regexp.MustCompile(`^(\S+) +(.*\S) +(\d+) +(\d+)\*? +internet(6?) +(?:stream|dgram) +(tcp|udp)(?: +(0x[0-9a-f]+))? +(\S+)(?: +(?:-->|<--|<->|<-->) +(\S+))?`)
	var rows []Row
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\r\n ")
		m := form.FindStringSubmatch(line)
		if m == nil {
			if internet := strings.Contains(line, " internet"); internet && (strings.Contains(line, " tcp ") || strings.Contains(line, " udp ")) {
				bad.line(line)
			}
			continue
		}
		row := Row{User: m[1], Name: m[2], Family: socket.IPv4}
		row.Proto, _, _, _ = protocolOf(m[6])
		if m[5] != "" {
			row.Family = socket.IPv6
		}
		pid, pidErr := strconv.ParseInt(m[3], 10, 32)
		fd, fdErr := strconv.ParseInt(m[4], 10, 32)
		row.PID, row.FD = int32(pid), int32(fd)
		if m[7] != "0x0" {
			row.Object = m[7]
		}
		var err, remoteErr error
		row.Local, err = parseLocal(m[8], ':', row.Family)
		if m[9] != "" {
			row.Remote, remoteErr = parseRemote(m[9], ':', row.Family)
		}
		if pidErr != nil || pid == 0 || fdErr != nil || err != nil || remoteErr != nil {
			bad.line(line)
			continue
		}
		if row.Proto == socket.UDP {
			row.State, _ = stateOf("", row.Proto, !row.Remote.IsZero()) // it has no word to fail at
		}
		rows = append(rows, row.settled())
	}
	return rows
}
