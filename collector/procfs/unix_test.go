package procfs

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

func unixRow(typ socket.Type, state socket.State, inode uint64, name string) socket.Socket {
	return socket.Socket{
		Local: socket.Endpoint{Name: name}, Inode: inode,
		Proto: socket.Unix, Family: socket.FamilyUnix, Type: typ, State: state,
	}
}

func TestUnixTree(t *testing.T) {
	t.Parallel()
	var got []socket.Socket
	trust, err := hostTree(t).Unix(gather(&got))
	if err != nil {
		t.Fatal(err)
	}
	want := []socket.Socket{
		unixRow(socket.Stream, socket.SynSent, 0, "/run/app.sock"),
		unixRow(socket.Stream, socket.Listen, 690363, "/run/app.sock"),
		unixRow(socket.Dgram, socket.Unconn, 690365, "\x00abs@in"),
		unixRow(socket.Stream, socket.Established, 690364, ""),
		unixRow(socket.Seqpacket, socket.Close, 690366, "/run/a path with spaces "),
		unixRow(socket.Dgram, socket.Unconn, 17, "\x0000001"),
		unixRow(socket.Stream, socket.Close, 0, ""),
	}
	if diff := diffRows(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(UnixTrust{Forgeable: 5}, trust); diff != "" {
		t.Errorf("trust (-want +got):\n%s", diff)
	}
}

func TestUnixHostile(t *testing.T) {
	t.Parallel()
	var got []socket.Socket
	trust, err := unpack(t, "hostile").Unix(gather(&got))
	want := []socket.Socket{
		unixRow(socket.Stream, socket.Listen, 1, "/tmp/two\nlines"),
		unixRow(socket.Dgram, socket.Unconn, 2, "/tmp/ends with newlines\n\n"),
		unixRow(socket.Stream, socket.Listen, 3, "/tmp/x"),
		unixRow(socket.Stream, socket.Listen, 4, "/run/docker.sock"),
		unixRow(socket.Stream, socket.Established, 5, ""),
		unixRow(socket.Stream, socket.Close, 6, "/tmp/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"),
	}
	if diff := diffRows(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(UnixTrust{Continued: 3, Forgeable: 4}, trust); diff != "" {
		t.Errorf("trust (-want +got):\n%s", diff)
	}
	var malformed *MalformedError
	if !errors.As(err, &malformed) {
		t.Fatalf("error %v, want a MalformedError", err)
	}
	wantErr := MalformedError{Table: "net/unix", Lines: 4, First: `"stray line with no name before it"`}
	if diff := cmp.Diff(wantErr, *malformed); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

// TestUnixRow covers what is a row and what is a piece of a name.
func TestUnixRow(t *testing.T) {
	t.Parallel()
	const good = "00000000c1b89a4e: 00000002 00000000 00010000 0001 01 690363"
	tests := []struct {
		name, line string
		ok         bool
		path       string
	}{
		{"no name", good, true, ""},
		{"empty name", good + " ", true, ""},
		{"blank name", good + "  ", true, " "},
		{"kernel of 32 bits", good[8:], true, ""},
		{"no random numbers yet", "(____ptrval____)" + good[16:] + " /x", true, "/x"},
		{"padded inode", strings.Replace(good, "690363", "   17", 1) + " /x", true, "/x"},
		{"invalid UTF-8 and controls", good + " /\xff\x1b[31m\r\t", true, "/\xff\x1b[31m\r\t"},
		{"longest name", good + " /" + strings.Repeat("a", 107), true, "/" + strings.Repeat("a", 107)},
		{"name beyond the longest", good + " /" + strings.Repeat("a", 108), false, ""},
		{"pointer of odd length", "0" + good, false, ""},
		{"pointer that is a word", "qqqqqqqqc1b89a4e" + good[16:], false, ""},
		{"tabs", strings.ReplaceAll(good, " ", "\t"), false, ""},
		{"two spaces", strings.Replace(good, ": ", ":  ", 1), false, ""},
		{"no inode", strings.TrimSuffix(good, "690363"), false, ""},
		{"name runs into the inode", good + "/x", false, ""},
		{"unknown type", strings.Replace(good, " 0001 ", " 0004 ", 1), false, ""},
		{"unknown state", strings.Replace(good, " 01 ", " 05 ", 1), false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []socket.Socket
			_, err := ParseUnix(strings.NewReader(withHeader(tt.line)), gather(&got))
			if (err == nil) != tt.ok || (len(got) == 1) != tt.ok {
				t.Fatalf("%d rows, error %v", len(got), err)
			}
			if tt.ok && got[0].Local.Name != tt.path {
				t.Errorf("name %q, want %q", got[0].Local.Name, tt.path)
			}
		})
	}
}

func FuzzParseUnix(f *testing.F) {
	for _, name := range []string{"little-endian", "hostile"} {
		f.Add(file(f, name, "net/unix"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows := 0
		trust, err := ParseUnix(strings.NewReader(text), func(s *socket.Socket) error {
			rows++
			if len(s.Local.Name) > maxUnixName {
				t.Errorf("name of %d bytes", len(s.Local.Name))
			}
			if strings.HasPrefix(s.Local.Name, "@") {
				t.Errorf("abstract name %q", s.Local.Name)
			}
			return nil
		})
		lines := rows + trust.Continued
		var malformed *MalformedError
		if errors.As(err, &malformed) {
			lines += malformed.Lines
		}
		// Every line but the header is a row, a piece of one, or malformed.
		want := strings.Count(text, "\n")
		if text == "" || strings.HasSuffix(text, "\n") {
			want--
		}
		if want = max(want, 0); lines != want {
			t.Errorf("%d lines accounted for, of %d", lines, want)
		}
		if trust.Forgeable >= max(rows, 1) {
			t.Errorf("%d of %d rows forgeable, but the first never is", trust.Forgeable, rows)
		}
	})
}
