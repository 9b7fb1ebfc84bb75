package jsonout

import (
	"bufio"
	"io"
	"strconv"

	"github.com/sockls/sockls/collector/socket"
)

// Schema names the contract that this package writes.
const Schema = "sockls/v1"

const bufferSize = 64 << 10

// Document writes the whole snapshot as one JSON document. The top is spread
// out for people; each notice and each socket stands on a line of its own, so
// that line tools work on it as well.
func Document(w io.Writer, snapshot *socket.Snapshot) error {
	out := bufio.NewWriterSize(w, bufferSize)
	line := append(AppendHead(nil, snapshot), "\"sockets\": "...)

	owners := HasOwners(&snapshot.Source)
	for i := range snapshot.Sockets {
		line = append(line, separator(i)...)
		line = AppendSocket(line, snapshot.Sockets[i], owners)
		// The writer keeps its first error, and Flush reports it.
		if _, err := out.Write(line); err != nil {
			return err
		}
		line = line[:0]
	}
	line = append(line, closing(len(snapshot.Sockets))...)
	line = append(line, "\n}\n"...)
	if _, err := out.Write(line); err != nil {
		return err
	}
	return out.Flush()
}

// AppendHead appends what stands above the sockets of a document, which is left
// open.
func AppendHead(dst []byte, snapshot *socket.Snapshot) []byte {
	dst = append(dst, "{\n  \"schema\": \""+Schema+"\",\n  "...)
	dst = appendTop(dst, "host", snapshot.Host)
	dst = append(dst, ",\n  \"time\": "...)
	dst = appendTime(dst, snapshot.Time)
	dst = append(dst, ",\n  \"source\": "...)
	dst = appendSource(dst, &snapshot.Source)
	dst = append(dst, ",\n  \"notices\": "...)
	dst = appendArray(dst, len(snapshot.Notices), func(dst []byte, i int) []byte {
		return appendNotice(dst, &snapshot.Notices[i])
	})
	return append(dst, ",\n  "...)
}

// HasOwners reports whether a source was asked for processes.
func HasOwners(s *socket.Source) bool { return s.Owners != "" && s.Owners != "none" }

// appendTop is appendText with the blank of the spread-out top.
func appendTop(dst []byte, key, s string) []byte {
	object := appendText([]byte{'{'}, key, s)
	colon := len(`{"":`) + len(key)
	dst = append(append(dst, object[1:colon]...), ' ')
	return append(dst, object[colon:]...)
}

func appendSource(dst []byte, s *socket.Source) []byte {
	dst = appendTextOrNull(append(dst, '{'), "kernel", s.Kernel)
	dst = append(appendKey(dst, "tables"), '[')
	for i, table := range s.Tables {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, table)
	}
	dst = append(dst, ']')
	dst = appendTextOrNull(dst, "owners", s.Owners)
	if s.OwnersReason != "" {
		dst = appendText(dst, "owners_reason", s.OwnersReason)
	}
	return append(dst, '}')
}

func appendNotice(dst []byte, n *socket.Notice) []byte {
	dst = appendText(append(dst, '{'), "code", n.Code)
	dst = appendKey(dst, "count")
	if n.Count == 0 {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendInt(dst, int64(n.Count), 10)
	}
	dst = appendText(dst, "message", n.Message)
	return append(appendTextOrNull(dst, "hint", n.Hint), '}')
}

// appendArray appends n elements, one a line.
func appendArray(dst []byte, n int, element func(dst []byte, i int) []byte) []byte {
	for i := range n {
		dst = element(append(dst, separator(i)...), i)
	}
	return append(dst, closing(n)...)
}

// separator goes before element i of an array, closing behind the last of n.
func separator(i int) string {
	if i == 0 {
		return "[\n    "
	}
	return ",\n    "
}

func closing(n int) string {
	if n == 0 {
		return "[]"
	}
	return "\n  ]"
}
