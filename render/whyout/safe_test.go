package whyout

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/collector/workload"
	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
)

// poison puts one text wherever a situation has text that others chose.
func poison(s *why.Situation, bad string) {
	for _, list := range [][]*socket.Socket{s.Sockets, s.Elsewhere} {
		for _, x := range list {
			x.User = bad
			if x.NetNS != nil {
				x.NetNS.Name = bad
			}
			for i := range x.Processes {
				p := x.Processes[i].Process
				p.Name, p.Command, p.Exe, p.User, p.Dir = bad, bad, bad, bad, bad
				for j := range p.Parents {
					p.Parents[j].Name = bad
				}
				if w := p.Workload; w != nil {
					if w.Unit != "" {
						w.Unit = bad + ".service"
					}
					w.Cgroup = bad
					for _, c := range []*socket.Container{w.Container, proxied(w)} {
						if c != nil {
							c.ID, c.Name, c.Pod = bad, bad, ""
						}
					}
				}
			}
		}
	}
	for i := range s.Machine.Links {
		s.Machine.Links[i].Name = bad
	}
	for i := range s.Machine.KernelPorts {
		s.Machine.KernelPorts[i] = machine.KernelPort{
			Proto: s.Machine.KernelPorts[i].Proto, Port: s.Machine.KernelPorts[i].Port, Kind: bad, Link: bad,
		}
	}
	for i := range s.Forwards {
		f := &s.Forwards[i]
		f.Where, f.Comment = "ip nat "+bad, bad
	}
	for i := range s.Units {
		s.Units[i].Name, s.Units[i].Service = bad, bad
	}
}

func proxied(w *socket.Workload) *socket.Container {
	if w.Proxy == nil {
		return nil
	}
	return w.Proxy.Container
}

// checkCommand fails when a shell would make anything but words of a command.
func checkCommand(t *testing.T, bad, command string) {
	t.Helper()
	quoted := false
	for _, r := range command {
		switch {
		case r == '\'':
			quoted = !quoted
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(" ._-@:,=/", r):
		case quoted && strings.ContainsRune("[]%", r):
		default:
			t.Fatalf("%q in command %q", r, command)
		}
	}
	if quoted {
		t.Fatalf("open quotes in command %q", command)
	}
	for _, word := range strings.Fields(command) {
		if strings.HasPrefix(bad, "-") && word == bad {
			t.Fatalf("%q is taken for an option in %q", bad, command)
		}
	}
}

func checkPoisoned(t *testing.T, bad string) {
	t.Helper()
	for _, s := range rendertest.Situations() {
		poison(&s.Situation, bad)
		a := why.Explain(s.Situation)
		for _, r := range a.Reasons {
			// The kinds of interfaces are the kernel's words.
			if len(bad) > 20 && r.Rule != why.RuleKernel && strings.Contains(r.Text, bad) {
				t.Fatalf("%s: text %q has a name in it", s.Name, r.Text)
			}
			for _, m := range r.Remedies {
				checkCommand(t, bad, m.Command)
			}
		}
		for _, width := range []int{0, 80, 40, 1} {
			var out bytes.Buffer
			if err := Write(&out, &a, Options{Width: width, Now: rendertest.Time}); err != nil {
				t.Fatal(err)
			}
			if err := Brief(&out, []why.Answer{a}, Options{Width: width}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if !utf8.ValidString(line) {
					t.Fatalf("%s: not valid UTF-8: %q", s.Name, line)
				}
				if i := strings.IndexFunc(line, func(r rune) bool { return !text.Visible(r) }); i >= 0 {
					t.Fatalf("%s: shows something hidden at %d: %q", s.Name, i, line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Fatalf("%s: blanks at the end of %q", s.Name, line)
				}
			}
		}
	}
}

var hostile = []string{
	"", "-", "--help", "a b", "x;reboot", "$(reboot)", "`reboot`", "a\nb", "\x1b[2J", "\u202ename", "\xff\xfe",
	"nginx[12] listens", "tcp 80 is free", "'", "\"", "\\", "a\u0301", "データベース", "../..", "*",
	"a-name-that-no-sentence-of-ours-has", "%s%n",
}

func TestHostileNames(t *testing.T) {
	for _, bad := range hostile {
		checkPoisoned(t, bad)
	}
}

func FuzzHostileNames(f *testing.F) {
	for _, bad := range hostile {
		f.Add(bad)
	}
	f.Fuzz(checkPoisoned)
}

// TestWidth: nothing is wider than the terminal but a command line, which stands
// alone.
func TestWidth(t *testing.T) {
	for _, s := range rendertest.Situations() {
		a := why.Explain(s.Situation)
		commands := make(map[string]bool)
		for _, r := range a.Reasons {
			for _, m := range r.Remedies {
				commands[m.Command] = true
			}
		}
		for _, width := range []int{80, 60} {
			var out bytes.Buffer
			if err := Write(&out, &a, Options{Width: width, Now: rendertest.Time}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if text.Width([]byte(line)) > width && !commands[strings.TrimSpace(line)] {
					t.Errorf("%s is wider than %d: %q", s.Name, width, line)
				}
			}
		}
	}
}

// TestUserUnits: a user's service manager has units of its own.
func TestUserUnits(t *testing.T) {
	for _, s := range rendertest.Situations() {
		if s.Name != "socket-unit" {
			continue
		}
		p := s.Sockets[0].Processes[0].Process
		p.PID = 77
		s.Units = append([]workload.SocketUnit(nil), s.Units...)
		if r := why.Explain(s.Situation).Reasons[0]; r.Unit != nil {
			t.Errorf("a unit of the system is given to a user's manager: %v", r.Unit)
		}
		for i := range s.Units {
			s.Units[i].User = true
		}
		r := why.Explain(s.Situation).Reasons[0]
		if r.Unit == nil || r.Remedies[0].Command != "systemctl --user stop ssh.socket ssh.service" {
			t.Errorf("unit %v, command %q", r.Unit, r.Remedies[0].Command)
		}
	}
}
