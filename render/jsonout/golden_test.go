package jsonout

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/internal/rendertest"
)

func TestGolden(t *testing.T) {
	empty := &socket.Snapshot{Host: "box\xff", Time: rendertest.Time}
	tests := []struct {
		name     string
		snapshot *socket.Snapshot
	}{
		{"json-document.txt", rendertest.Snapshot()},
		{"json-empty.txt", empty},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := Document(&out, tt.snapshot); err != nil {
				t.Fatal(err)
			}
			if !json.Valid(out.Bytes()) {
				t.Error("not valid JSON")
			}
			rendertest.Golden(t, tt.name, out.Bytes())
		})
	}
}

func TestLinesGolden(t *testing.T) {
	var out bytes.Buffer
	lines := NewLines(&out, "box", rendertest.Time, false)
	rows := rendertest.Sockets()[2:7]
	for i := range rows {
		if err := lines.Row(rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.Close(); err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
		if !json.Valid(line) {
			t.Errorf("not valid JSON: %s", line)
		}
	}
	rendertest.Golden(t, "json-lines.txt", out.Bytes())
}

// TestContractKeys checks that a socket of any kind has every key of the
// contract, so that a script needs no test for presence.
func TestContractKeys(t *testing.T) {
	want := []string{
		"proto", "family", "type", "state", "local", "remote", "device", "v6only", "recv_q",
		"send_q", "uid", "user", "inode", "cookie", "netns", "processes", "no_process",
	}
	rows := rendertest.Sockets()
	for i := range rows {
		decoder := json.NewDecoder(bytes.NewReader(AppendSocket(nil, rows[i], true)))
		var got []string
		depth := 0
		for decoder.More() || depth > 0 {
			token, err := decoder.Token()
			if err != nil {
				t.Fatal(err)
			}
			switch token := token.(type) {
			case json.Delim:
				if token == '{' || token == '[' {
					depth++
				} else {
					depth--
				}
			case string:
				if depth == 1 {
					got = append(got, token)
					var value any
					if err := decoder.Decode(&value); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		var keys []string
		for _, key := range got {
			if key != "device_base64" && key != "user_base64" {
				keys = append(keys, key)
			}
		}
		if diff := cmp.Diff(want, keys); diff != "" {
			t.Errorf("keys of socket %d (-want +got):\n%s", i, diff)
		}
	}
}

// TestOwners tells apart nobody asked, none and some.
func TestOwners(t *testing.T) {
	tests := []struct {
		s      socket.Socket
		owners bool
		want   string
	}{
		{socket.Socket{}, false, `"processes":null,"no_process":null}`},
		{socket.Socket{}, true, `"processes":[],"no_process":null}`},
		{socket.Socket{NoProcess: socket.ReasonInFlight}, true, `"processes":[],"no_process":"in-flight"}`},
	}
	for _, tt := range tests {
		if got := AppendSocket(nil, &tt.s, tt.owners); !bytes.HasSuffix(got, []byte(tt.want)) {
			t.Errorf("%s does not end in %s", got, tt.want)
		}
	}
	for owners, want := range map[string]bool{"": false, "none": false, "proc": true} {
		if got := HasOwners(&socket.Source{Owners: owners}); got != want {
			t.Errorf("HasOwners(%q) = %t", owners, got)
		}
	}
}
