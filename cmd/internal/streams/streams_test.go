package streams

import "testing"

func TestColour(t *testing.T) {
	type env map[string]string
	tests := []struct {
		name     string
		terminal bool
		env      env
		want     bool
	}{
		{"terminal", true, env{"TERM": "xterm-256color"}, true},
		{"pipe", false, env{"TERM": "xterm-256color"}, false},
		{"NO_COLOR of any value", true, env{"TERM": "xterm", "NO_COLOR": "yes"}, false},
		{"empty NO_COLOR", true, env{"TERM": "xterm", "NO_COLOR": ""}, true},
		{"forced through a pipe", false, env{"CLICOLOR_FORCE": "1"}, true},
		{"not forced", false, env{"TERM": "xterm", "CLICOLOR_FORCE": "0"}, false},
		{"NO_COLOR beats force", true, env{"TERM": "xterm", "NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, false},
		{"dumb", true, env{"TERM": "dumb"}, false},
		{"forced on dumb", true, env{"TERM": "dumb", "CLICOLOR_FORCE": "1"}, true},
		{"no TERM", true, env{}, false},
		{"CLICOLOR=0", true, env{"TERM": "xterm", "CLICOLOR": "0"}, false},
	}
	if !(Streams{Terminal: true, Escapes: true, Env: func(string) string { return "" }}).Colour() {
		t.Error("a console of Windows, which has no TERM, is not coloured")
	}
	for _, tt := range tests {
		s := Streams{Terminal: tt.terminal, Env: func(name string) string { return tt.env[name] }}
		if got := s.Colour(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
