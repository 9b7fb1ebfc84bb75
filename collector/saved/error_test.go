package saved

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

const oneRow = `{"proto":"tcp","family":"ipv4","type":"stream","state":"LISTEN","local":{"address":"127.0.0.1","port":80},"inode":1}`

const documentHead = `{
  "schema": "sockls/v1",
  "host": "box",
  "time": "2026-05-04T11:12:11Z",
  "source": {"kernel":"6.18.4","tables":["sock_diag"],"owners":"none"},
  "notices": [],
  "sockets": [
`

// readAll reads a whole file and returns how many rows came and what went wrong.
func readAll(t testing.TB, file string) (int, error) {
	t.Helper()
	rows, _, err := collect(t, []byte(file), everything)
	return len(rows), err
}

// TestErrors: a fault names its place, the rows before it are there.
func TestErrors(t *testing.T) {
	tests := []struct {
		name string
		file string
		rows int
		want string
	}{
		{"empty", "", 0, "file: byte 0: an empty file: " + ErrForeign.Error()},
		{"blank", " \n\n", 0, "file: line 3, column 1: the file ends too early (0 sockets read)"},
		{"PNG", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x04\x00", 0, `file: byte 0: it begins with "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x04\x00": ` + ErrForeign.Error()},
		{"text", "Netid State Recv-Q Send-Q", 0, `file: byte 0: it begins with "Netid State Recv-Q S": ` + ErrForeign.Error()},
		{"list", "[" + oneRow + "]", 0, `file: byte 0: it begins with "[{\"proto\":\"tcp\",\"fam": ` + ErrForeign.Error()},
		{"other object", `{"name":"x","version":"1.0"}`, 0, `file: line 1, column 1: an object with neither "schema" nor "proto": ` + ErrForeign.Error()},
		{"package.json", `{"name":"x","type":"module"}`, 0, `file: line 1, column 20: socket 1: "type": unknown type "module": ` + ErrForeign.Error()},
		{"sarif", `{"schema":"https://x","runs":[]}`, 0, `file: line 1, column 11: "schema": unknown schema "https://x"; this program reads "sockls/v1"`},
		{"no schema", `{"sockets":[` + oneRow + `]}`, 0, `file: line 1, column 130: a document without "schema": ` + ErrForeign.Error()},
		{"no sockets", `{"schema":"sockls/v1"}`, 0, `file: line 1, column 22: a document without "sockets": ` + ErrForeign.Error()},
		{"null byte", "{\x00}", 0, `file: line 1, column 2: expected text, not '\x00'`},

		{"unknown state", documentHead + oneRow + ",\n" + strings.Replace(oneRow, "LISTEN", "FOO", 1) + "]}", 1, `file: line 9, column 56: socket 2: "state": unknown state "FOO"`},
		{"unknown protocol", oneRow + "\n" + strings.Replace(oneRow, `"tcp"`, `"smc"`, 1), 1, `file: line 2, column 10: socket 2: "proto": unknown protocol "smc"`},
		{"long word", strings.Replace(oneRow, "LISTEN", strings.Repeat("é", 100), 1), 0, `file: line 1, column 56: socket 1: "state": unknown state "` + strings.Repeat("é", 20) + `"…`},
		{"no proto", oneRow + "\n{\"state\":\"LISTEN\"}", 1, `file: line 2, column 1: socket 2: there is no "proto"`},
		{"wrong type", oneRow + "\n" + `{"proto":"tcp","recv_q":"1"}`, 1, `file: line 2, column 25: socket 2: "recv_q": expected a number, not text`},
		{"negative", `{"proto":"tcp","recv_q":-1}`, 0, `file: line 1, column 25: socket 1: "recv_q": a number that is not from 0 to 4294967295`},
		{"too large", `{"proto":"tcp","inode":18446744073709551616}`, 0, `file: line 1, column 24: socket 1: "inode": a number that is too large`},
		{"fraction", `{"proto":"tcp","recv_q":1.5}`, 0, `file: line 1, column 25: socket 1: "recv_q": expected a whole number`},
		{"leading zero", `{"proto":"tcp","recv_q":01}`, 0, `file: line 1, column 25: socket 1: "recv_q": a number that begins with 0`},
		{"port", `{"proto":"tcp","local":{"address":"::","port":65536}}`, 0, `file: line 1, column 1: socket 1: port 65536 is above 65535`},
		{"address", `{"proto":"tcp","local":{"address":"::1%eth0","port":1}}`, 0, `file: line 1, column 35: socket 1: "local": "address": "::1%eth0" is not an address`},
		{"time", `{"proto":"tcp","time":"yesterday"}`, 0, `file: line 1, column 23: socket 1: "time": "yesterday" is not a time`},
		{"time of no year", `{"proto":"tcp","time":"0000-01-01T00:00:00+01:00"}`, 0, `file: line 1, column 23: socket 1: "time": "0000-01-01T00:00:00+01:00" is not a time`},
		{"base64", `{"proto":"tcp","device_base64":"#"}`, 0, `file: line 1, column 32: socket 1: "device_base64": not base64: illegal base64 data at input byte 0`},
		{"process", `{"proto":"tcp","processes":[{"pid":1,"fd":2},{"fd":3}]}`, 0, `file: line 1, column 46: socket 1: "processes": a process without "pid"`},
		{"reason", `{"proto":"tcp","no_process":"gone"}`, 0, `file: line 1, column 29: socket 1: "no_process": unknown reason "gone"`},
		{"detail", `{"proto":"tcp","timer":{"timer":"egg"}}`, 0, `file: line 1, column 33: socket 1: "timer": "timer": unknown word "egg"`},
		{"detail type", `{"proto":"tcp","tcp":{"rtt_us":true}}`, 0, `file: line 1, column 32: socket 1: "tcp": "rtt_us": expected a number, not true or false`},
		{"flag type", `{"proto":"tcp","tcp":{"sack":1}}`, 0, `file: line 1, column 30: socket 1: "tcp": "sack": expected true or false, not a number`},
		{"invalid UTF-8", `{"proto":"tcp","device":"` + "\xff" + `"}`, 0, `file: line 1, column 25: socket 1: "device": text that is not UTF-8`},
		{"half a pair", `{"proto":"tcp","device":"\ud800x"}`, 0, `file: line 1, column 25: socket 1: "device": half of a surrogate pair in text`},
		{"control", "{\"proto\":\"tcp\",\"device\":\"a\nb\"}", 0, `file: line 1, column 25: socket 1: "device": a control character in text`},
		{"escape", `{"proto":"tcp","device":"\x"}`, 0, `file: line 1, column 25: socket 1: "device": text has the unknown escape \"x"`},
		{"comma", `{"proto":"tcp" "inode":1}`, 0, `file: line 1, column 16: socket 1: expected ',' or '}', not '"'`},
		{"trailing comma", `{"proto":"tcp",}`, 0, `file: line 1, column 16: socket 1: expected text, not '}'`},
		{"depth", `{"proto":"tcp","x":` + strings.Repeat("[", 1_000_000), 0, `file: line 1, column 51: socket 1: "x": nested deeper than 32`},
		{"twice", `{"schema":"sockls/v1","schema":"sockls/v1"}`, 0, `file: line 1, column 23: "schema": it stands here twice`},
		{"more behind", documentHead + oneRow + "]}\n{}", 1, "file: line 9, column 1: something behind the end of the document"},
		{"not a row", oneRow + "\n[]", 1, "file: line 2, column 1: socket 2: expected an object, not a list"},

		{"truncated in a row", documentHead + oneRow + ",\n" + oneRow[:60], 1, "file: line 9, column 61: socket 2: \"state\": the file ends too early (1 socket read)"},
		{"truncated between rows", documentHead + oneRow + ",", 1, `file: line 8, column 118: socket 2: the file ends too early (1 socket read)`},
		{"truncated behind a row", documentHead + oneRow + "\n", 1, `file: line 9, column 1: "sockets": the file ends too early (1 socket read)`},
		{"truncated behind rows", documentHead + oneRow + "]", 1, "file: line 8, column 118: the file ends too early (1 socket read)"},
		{"truncated before rows", documentHead[:60], 0, `file: line 4, column 17: "time": the file ends too early (0 sockets read)`},
		{"truncated line", oneRow + "\n" + oneRow + "\n" + oneRow[:30], 2, "file: line 3, column 31: socket 3: the file ends too early (2 sockets read)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := readAll(t, tt.file)
			var fault *Error
			if !errors.As(err, &fault) {
				t.Fatalf("error %v is no *Error", err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if rows != tt.rows {
				t.Errorf("%d rows, want %d", rows, tt.rows)
			}
			if truncated := strings.HasPrefix(tt.name, "truncated") || tt.name == "blank"; errors.Is(err, ErrTruncated) != truncated {
				t.Errorf("errors.Is(%v, ErrTruncated) = %v", err, !truncated)
			}
		})
	}
}

// TestTruncatedAnywhere: no prefix of a document is taken for a document, and
// no prefix of lines for more than the lines in it.
func TestTruncatedAnywhere(t *testing.T) {
	t.Parallel()
	s := snapshot(newGenerator(7), 3, true)
	const step = 11
	file := strings.TrimRight(string(documentOf(t, s)), "\n")
	for n := 0; n < len(file); n += step {
		if _, err := readAll(t, file[:n]); err == nil {
			t.Fatalf("no error in the first %d of %d bytes", n, len(file))
		}
	}
	file = string(linesOf(t, s))
	for n := 1; n < len(file); n += step {
		rows, err := readAll(t, file[:n])
		// A line is as good without its end.
		whole := strings.HasSuffix(file[:n], "\n") || file[n] == '\n'
		if want := strings.Count(strings.TrimRight(file[:n], "\n"), "\n"); !whole && rows != want || whole && rows != want+1 {
			t.Fatalf("%d rows in the first %d bytes, want %d", rows, n, want)
		}
		if whole != (err == nil) {
			t.Fatalf("error %v in the first %d of %d bytes", err, n, len(file))
		}
	}
}

// TestReadErrors: what the reader says is not lost, and is not the file's fault.
func TestReadErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, file := range []string{"", documentHead + oneRow, oneRow + "\n", oneRow[:40], string(message(20, inetMessage(10, 80)))} {
		f, err := Open(io.MultiReader(strings.NewReader(file), iotest.ErrReader(broken)), "file")
		if err == nil {
			_, err = f.Collect(t.Context(), everything, drop)
		}
		if !errors.Is(err, broken) || errors.Is(err, ErrTruncated) || errors.Is(err, ErrForeign) {
			t.Errorf("after %q: %v, want %v", file, err, broken)
		}
	}
}

// TestSlowReader: where a read ends makes no difference.
func TestSlowReader(t *testing.T) {
	s := snapshot(newGenerator(11), 30, true)
	for name, file := range map[string][]byte{"document": documentOf(t, s), "lines": linesOf(t, s)} {
		f, err := Open(iotest.OneByteReader(bytes.NewReader(file)), "file")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if _, err := f.Collect(t.Context(), everything, func(*socket.Socket) error { n++; return nil }); err != nil || n != len(s.Sockets) {
			t.Errorf("%s: %d rows and %v", name, n, err)
		}
	}
}

// message is a netlink message, as the machine that runs the test writes it.
func message(kind uint16, payload []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(16+len(payload)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	return append(append(b, make([]byte, 10)...), payload...)
}

// inetMessage is the inet_diag_msg of an IPv4 socket.
func inetMessage(state uint8, port uint16) []byte {
	b := make([]byte, 72)
	b[0], b[1] = 2, state
	binary.BigEndian.PutUint16(b[4:], port)
	copy(b[8:], []byte{127, 0, 0, 1})
	binary.NativeEndian.PutUint32(b[44:], uint32(port))
	return b
}

// done ends an answer.
func done(errno int32) []byte {
	return message(3, binary.NativeEndian.AppendUint32(nil, uint32(errno)))
}
