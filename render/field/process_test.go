package field

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

func holders(list ...socket.Holder) *socket.Socket { return &socket.Socket{Processes: list} }

func holder(pid, tid, fd int, name string) socket.Holder {
	return socket.Holder{Process: &socket.Process{PID: pid, Name: name}, TID: tid, FD: fd}
}

func TestProcess(t *testing.T) {
	tests := []struct {
		s    *socket.Socket
		want string
	}{
		{holders(), "-"},
		{&socket.Socket{NoProcess: socket.ReasonNotAccepted}, "(not accepted yet)"},
		{holders(holder(12, 0, 3, "nginx")), "nginx[12]"},
		{holders(holder(12, 0, 3, "nginx"), holder(12, 0, 4, "nginx")), "nginx[12]"},
		{holders(holder(12, 0, 3, "nginx"), holder(12, 15, 3, "nginx")), "nginx[12,12/15]"},
		{holders(holder(1, 0, 3, "systemd"), holder(400, 0, 3, "cupsd")), "systemd[1],cupsd[400]"},
		{holders(holder(1, 0, 3, "a"), holder(2, 0, 3, "b"), holder(3, 0, 3, "a"), holder(4, 0, 3, "b")), "a[1,3],b[2,4]"},
		{holders(holder(1, 0, 3, "nginx[12],sshd")), `"nginx[12],sshd"[1]`},
		{holders(holder(1, 0, 3, "")), `""[1]`},
	}
	f, _ := Lookup("process")
	for _, tt := range tests {
		if got := string(f.Append(nil, tt.s)); got != tt.want {
			t.Errorf("process = %s, want %s", got, tt.want)
		}
	}
}

func TestShortenList(t *testing.T) {
	tests := []struct {
		cell  string
		width int
		want  string
	}{
		{"nginx[12,13,14]", 15, "nginx[12,13,14]"},
		{"nginx[12,13,14]", 14, "nginx[12,13,…]"},
		{"nginx[12,13,14]", 13, "nginx[12,…]"},
		{"nginx[12,13,14]", 10, "ngi…[12,…]"},
		{"nginx[12,13,14]", 8, "n…[12,…]"},
		{"nginx[12,13,14]", 7, "nginx…"},
		{"nginx[12,13,14]", 6, "nginx…"},
		{"ab[1234]", 7, "ab…"},
		{"nginx[12,13],sshd[4]", 19, "nginx[12,13],…"},
		{"nginx[12,13],sshd[4]", 13, "nginx[12,…],…"},
		{"systemd-networkd[812]", 17, "systemd-net…[812]"},
		{"systemd[1],cupsd[400]", 12, "systemd[1],…"},
		{"systemd[1],cupsd[400]", 11, "syste…[1],…"},
		{`"a,b]"[1,23]`, 11, `"a,b]"[1,…]`},
		{`"a,b]"[1,23]`, 10, `"a,b…[1,…]`},
		{"(not accepted yet)", 10, "(not acce…"},
		{"12,13,14", 7, "12,13,…"},
		{"データベース[95]", 12, "データ…[95]"},
	}
	for _, tt := range tests {
		got := string(shortenList(nil, []byte(tt.cell), tt.width))
		if got != tt.want {
			t.Errorf("shortenList(%s, %d) = %s, want %s", tt.cell, tt.width, got, tt.want)
		}
		if w := text.Width([]byte(got)); w > tt.width {
			t.Errorf("%s is %d wide, more than %d", got, w, tt.width)
		}
	}
}

// readProcesses reads a process cell back by its grammar alone, as name and
// pid pairs. It knows nothing of how the cell was made, so what a hostile name
// could forge would show.
func readProcesses(cell string) ([]string, error) {
	var all []string
	for {
		name := ""
		if strings.HasPrefix(cell, `"`) {
			quoted, err := strconv.QuotedPrefix(cell)
			if err != nil {
				return nil, fmt.Errorf("read %q: %w", cell, err)
			}
			if name, err = strconv.Unquote(quoted); err != nil {
				return nil, fmt.Errorf("unquote %q: %w", quoted, err)
			}
			cell = cell[len(quoted):]
		} else {
			end := strings.IndexAny(cell, `[],"() `)
			if end <= 0 {
				return nil, fmt.Errorf("no name in %q", cell)
			}
			name, cell = cell[:end], cell[end:]
		}
		pids, rest, ok := strings.Cut(strings.TrimPrefix(cell, "["), "]")
		if !ok || cell[0] != '[' {
			return nil, fmt.Errorf("no pids in %q", cell)
		}
		for pid := range strings.SplitSeq(pids, ",") {
			if _, err := strconv.Atoi(pid); err != nil {
				return nil, err
			}
			all = append(all, name+"\x00"+pid)
		}
		if rest == "" {
			return all, nil
		}
		if rest[0] != ',' {
			return nil, fmt.Errorf("unexpected %q", rest)
		}
		cell = rest[1:]
	}
}

// FuzzProcess proves that no name can forge another process: the cell reads
// back to exactly the processes that it was made from.
func FuzzProcess(f *testing.F) {
	f.Add("nginx", "sshd")
	f.Add("nginx[12],sshd", "")
	f.Add(`"`, `\`)
	f.Add("\xff", "\u202e")
	f.Add("a\n", "a\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		s := holders(holder(1, 0, 3, a), holder(2, 0, 3, b), holder(2, 0, 4, b), holder(3, 0, 3, a))
		cell := string(appendProcesses(nil, s))
		want := []string{a + "\x001", a + "\x003", b + "\x002"}
		if a == b {
			want = []string{a + "\x001", a + "\x002", a + "\x003"}
		}
		got, err := readProcesses(cell)
		if err != nil {
			t.Fatalf("%s: %v", cell, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s reads back differently (-want +got):\n%s", cell, diff)
		}
		for width := 1; width < 40; width++ {
			cut := shortenList(nil, []byte(cell), width)
			if w := text.Width(cut); w > width {
				t.Fatalf("%s cut to %d is %d wide: %s", cell, width, w, cut)
			}
		}
	})
}
