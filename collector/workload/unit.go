package workload

import (
	"strconv"
	"strings"
)

// unitOf finds the unit of the service manager in the names of a path, as
// systemd itself does: slices are skipped, and the first name that is none has
// to be a unit's. What is below that is the unit's own affair, but for the
// manager of a user, whose units lie below "user@UID.service". In the group of a
// container there may be another systemd, whose units are not this machine's:
// they never come first, so they are never found.
func unitOf(names []string) (unit string, manager uint32, hasManager bool) {
	names = skipSlices(names)
	if len(names) == 0 {
		return "", 0, false
	}
	unit = unescapeGroup(names[0])
	if !isUnit(unit) {
		return "", 0, false
	}
	uid, ok := userManager(unit)
	if !ok {
		return unit, 0, false
	}
	if inner := skipSlices(names[1:]); len(inner) > 0 {
		if name := unescapeGroup(inner[0]); isUnit(name) {
			return name, uid, true
		}
	}
	return unit, 0, false
}

func skipSlices(names []string) []string {
	for len(names) > 0 && strings.HasSuffix(names[0], ".slice") && isUnit(unescapeGroup(names[0])) {
		names = names[1:]
	}
	return names
}

// unescapeGroup removes the "_" that systemd puts in front of a name that could
// be one of the kernel's own files ("_tasks", "_cgroup.x").
func unescapeGroup(name string) string { return strings.TrimPrefix(name, "_") }

// isUnit reports whether a name is a possible one of a unit that has processes.
func isUnit(name string) bool {
	const longest = 255 // UNIT_NAME_MAX
	dot := strings.LastIndexByte(name, '.')
	if dot < 1 || len(name) > longest || name[0] == '@' {
		return false
	}
	for i := range len(name) {
		if !unitByte(name[i]) {
			return false
		}
	}
	switch name[dot:] {
	case ".service", ".scope", ".slice", ".socket", ".mount", ".swap":
		return true
	}
	return false
}

// unitByte reports whether a byte may stand in the name of a unit: all others
// are escaped (systemd.unit(5), "String escaping for inclusion in unit names").
func unitByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte(`:-_.\@`, c) >= 0
}

// userManager reads "user@UID.service".
func userManager(unit string) (uid uint32, ok bool) {
	number, found := strings.CutPrefix(unit, "user@")
	if !found {
		return 0, false
	}
	if number, found = strings.CutSuffix(number, ".service"); !found {
		return 0, false
	}
	n, err := strconv.ParseUint(number, 10, 32)
	return uint32(n), err == nil && strconv.FormatUint(n, 10) == number
}

// unescapeUnit undoes the escapes of a part of a unit's name: "-" stands for
// "/", and \xNN for any other byte that may not stand there.
func unescapeUnit(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '-':
			b.WriteByte('/')
		case s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x':
			n, err := strconv.ParseUint(s[i+2:i+4], 16, 8)
			if err != nil {
				return s
			}
			b.WriteByte(byte(n))
			i += 3
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
