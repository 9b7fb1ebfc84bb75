package portable

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// parseProcArgs reads what macOS tells of how a process was started: the number of
// arguments, the path of the program, zeros, and the arguments each ended by one.
// What follows is the environment, which nobody has asked for. A process can
// overwrite all of it.
func parseProcArgs(raw []byte) (exe, command string, ok bool) {
	const word = 4
	if len(raw) < word {
		return "", "", false
	}
	n := int32(binary.LittleEndian.Uint32(raw)) // every Mac that is left is little-endian
	path, rest, found := bytes.Cut(raw[word:], []byte{0})
	if !found || n < 0 {
		return "", "", false
	}
	rest = bytes.TrimLeft(rest, "\x00")
	var args []string
	for ; n > 0 && len(rest) > 0; n-- {
		var arg []byte
		arg, rest, _ = bytes.Cut(rest, []byte{0})
		args = append(args, string(arg))
	}
	return string(path), strings.Join(args, " "), true
}
