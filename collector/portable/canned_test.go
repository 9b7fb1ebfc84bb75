package portable

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

var update = flag.Bool("update", false, "rewrite what recorded systems are wanted to show")

// canned is a Host that answers as somebody has written down.
type canned struct {
	programs map[string]string
	tables   map[Kind][]Raw
	facts    map[int32]Facts
	created  map[int32]time.Time
	denied   map[string]error
	links    []machine.Link

	mu    sync.Mutex
	runs  []string
	asked []int32 // about which facts were read
	// before is called before facts are read.
	before func(pid int32)
}

func (*canned) Release(context.Context) string { return "1.0" }

func (h *canned) Connections(_ context.Context, kind Kind) ([]Raw, error) {
	rows, ok := h.tables[kind]
	if !ok {
		return nil, ErrUnsupported
	}
	return rows, nil
}

func (h *canned) Created(_ context.Context, pid int32) (time.Time, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at, ok := h.created[pid]; ok {
		return at, nil
	}
	if _, ok := h.facts[pid]; ok || h.facts == nil {
		return time.Unix(int64(pid), 0), nil
	}
	return time.Time{}, ErrGone
}

func (h *canned) Process(_ context.Context, pid int32, _ socket.Detail) (Facts, error) {
	if h.before != nil {
		h.before(pid)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, pid)
	if f, ok := h.facts[pid]; ok || h.facts == nil {
		return f, nil
	}
	return Facts{}, ErrGone
}

func (h *canned) Links() ([]machine.Link, error) { return h.links, nil }

// Run answers from the section whose words are all among the arguments, the one
// with the most words first.
func (h *canned) Run(_ context.Context, p Program, args ...string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs = append(h.runs, p.Name+" "+strings.Join(args, " "))
	if err := h.denied[p.Name]; err != nil {
		return nil, err
	}
	names := slices.SortedFunc(maps.Keys(h.programs), func(a, b string) int {
		return len(strings.Fields(b)) - len(strings.Fields(a))
	})
	known := false
	for _, name := range names {
		words := strings.Fields(name)
		if words[0] != p.Name {
			continue
		}
		known = true
		// What only newer versions know has a section of its own.
		fresh := slices.ContainsFunc(args, func(a string) bool {
			return p.Name == "sockstat" && strings.Contains("-i -w -s", a) || p.Name == "netstat" && a == "-u"
		})
		if fresh && len(words) == 1 || slices.Contains(args, "-u") && !slices.Contains(words, "-u") {
			continue
		}
		if !slices.ContainsFunc(words[1:], func(w string) bool { return !slices.Contains(args, w) }) {
			return []byte(h.programs[name]), nil
		}
	}
	if !known {
		return nil, fmt.Errorf("%s: %w", p.Name, ErrAbsent)
	}
	return nil, &ProgramError{Name: p.Name, Said: "usage", Exit: 1, Err: errors.New("exit status 1")}
}

// load reads a recorded system.
func load(t testing.TB, path string) (*txtar.Archive, *system, *canned, bool) {
	t.Helper()
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h := &canned{programs: map[string]string{}}
	var s *system
	root := false
	for _, f := range a.Files {
		text := string(f.Data)
		switch f.Name {
		case "want":
		case "system":
			words := strings.Fields(text)
			root = words[1] == "root"
			for _, one := range []*system{
				macSystem(), freebsdSystem(), openbsdSystem(), netbsdSystem(), dragonflySystem(),
				solarisSystem("Solaris"), solarisSystem("illumos"), aixSystem(),
			} {
				if one.name == words[0] {
					s = one
				}
			}
		default:
			h.programs[f.Name] = strings.ReplaceAll(text, `\0`, "\x00")
		}
	}
	if s == nil {
		t.Fatalf("%s: no system", path)
	}
	return a, s, h, root
}

func everything() Query {
	return Query{
		Protos: socket.ProtoSetOf(socket.TCP, socket.UDP), IPv4: true, IPv6: true, States: socket.AllStates,
		Details: socket.DetailOwners | socket.DetailQueues,
	}
}

// TestSystems reads what each system prints.
func TestSystems(t *testing.T) {
	paths, err := filepath.Glob("testdata/systems/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, s, h, root := load(t, path)
			var got strings.Builder
			report, err := newCollector(s, h, root).Collect(t.Context(), everything(), func(s *socket.Socket) error {
				got.WriteString(line(s))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&got, "tables %s; owners %s\n", strings.Join(report.Source.Tables, ", "), report.Source.Owners)
			for _, n := range report.Notices {
				fmt.Fprintf(&got, "%s %d: %s\n", n.Code, n.Count, n.Message)
			}
			at := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
			if *update {
				a.Files[at].Data = []byte(got.String())
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(a.Files[at].Data), got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// line is a row with all that these systems can tell.
func line(s *socket.Socket) string {
	var b strings.Builder
	end := func(e socket.Endpoint) string {
		if e.IsZero() {
			return "-"
		}
		return fmt.Sprintf("%s:%d", e.Addr, e.Port)
	}
	fmt.Fprintf(&b, "%s %s %s %s %s", s.Proto, s.Family, s.State, end(s.Local), end(s.Remote))
	if s.NoQueues {
		b.WriteString(" ?/?")
	} else {
		fmt.Fprintf(&b, " %d/%d", s.RecvQ, s.SendQ)
	}
	switch s.V6Only {
	case socket.Yes:
		b.WriteString(" v6only")
	case socket.No:
		b.WriteString(" dual")
	}
	if s.HasUID || s.User != "" {
		fmt.Fprintf(&b, " user %s", s.User)
	}
	for _, h := range s.Processes {
		fmt.Fprintf(&b, " %q[%d]%d", h.Process.Name, h.Process.PID, h.FD)
	}
	if s.MoreHolders {
		b.WriteString(" …")
	}
	if s.NoProcess != socket.ReasonNone {
		fmt.Fprintf(&b, " (%s)", s.NoProcess)
	}
	if s.Cookie != 0 {
		fmt.Fprintf(&b, " #%x", s.Cookie)
	}
	b.WriteString("\n")
	return b.String()
}
