package saved

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockls/sockls/collector/socket"
)

// FuzzOpen: no file makes the reader panic, hang or take much more memory than
// there is in the file, and an error is one that names the file.
func FuzzOpen(f *testing.F) {
	s := snapshot(newGenerator(1), 4, true)
	f.Add(documentOf(f, s))
	f.Add(linesOf(f, s))
	f.Add(documentOf(f, busy(1, true)))
	f.Add([]byte(`{"sockets":[` + oneRow + `],"notices":[],"schema":"sockls/v1"}`))
	f.Add(slices.Concat(message(20, inetMessage(10, 80)), done(0), message(20, inetMessage(1, 81)), done(-2)))
	f.Add(message(20, append(inetMessage(10, 80), 8, 0, 15, 0, 1, 0, 0, 0, 20, 0, 1, 0)))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, report, err := collect(t, file, everything)
		var fault *Error
		switch {
		case err != nil && !errors.As(err, &fault):
			t.Fatalf("%v is no *Error", err)
		case err != nil:
			if text := err.Error(); !strings.HasPrefix(text, "file: ") || !utf8.ValidString(text) || len(text) > 1000 {
				t.Fatalf("odd message %q", text)
			}
			return
		}
		// What was read can be written, and is then read as the same.
		again := &socket.Snapshot{Host: report.Origin.Host, Time: report.Origin.Time, Sockets: rows, Report: report}
		if _, _, err := collect(t, documentOf(t, again), everything); err != nil {
			t.Fatalf("written again: %v", err)
		}
	})
}

// FuzzJSON: what the scanner takes for JSON is JSON, and texts mean the same to
// it as to the library, which forgives more.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `true`, `[false,null,1,-0,0.5,1e9,-1.5E-3]`, `{"a":{"b":[[],{}]},"c":"d"}`, `"\u0000\ud83d\ude00\n"`,
		`"\ud800"`, `01`, `1.`, `[1,]`, `{"a"}`, `{"a":1,}`, `"` + "\xff" + `"`, `-`, `"\x"`, " [ 1 , 2 ] ", `nul`, `1e`, `"é"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newScanner(bytes.NewReader(b))
		s.buf = make([]byte, 1) // to be filled again and again
		s.skip()
		ours := s.atEnd() && s.err == nil
		theirs := json.Valid(b)
		if ours && !theirs {
			t.Fatalf("%q is no JSON", b)
		}
		strict := utf8.Valid(b) && !bytes.Contains(b, []byte(`\u`)) && bytes.Count(b, []byte("["))+bytes.Count(b, []byte("{")) <= maxDepth
		if theirs && strict && !ours {
			t.Fatalf("%q is JSON, but: %v", b, s.err.err)
		}

		s = newScanner(bytes.NewReader(b))
		got := string(s.bytes())
		var want string
		if s.err == nil && s.atEnd() && s.err == nil {
			if err := json.Unmarshal(b, &want); err != nil || got != want {
				t.Fatalf("%q reads %q, want %q (%v)", b, got, want, err)
			}
		}
	})
}
