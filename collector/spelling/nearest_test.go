package spelling

import "testing"

func TestNearest(t *testing.T) {
	valid := []string{"proto", "state", "recv-q", "send-q", "local", "remote", "local-port", "pid", "fd"}
	tests := []struct{ word, want string }{
		{"prot", "proto"},
		{"sate", "state"},
		{"tsate", "state"},
		{"recvq", "recv-q"},
		{"Local", "local"},
		{"localport", "local-port"},
		{"dip", ""},
		{"pdi", "pid"},
		{"x", ""},
		{"", ""},
		{"quantum", ""},
		{"loc", "local"},
		{"foo", ""},
		{"PID", "pid"},
		{"lcoal-p", "local-port"},
		{"remo", "remote"},
	}
	for _, tt := range tests {
		if got := Nearest(tt.word, valid); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}

// TestSure: where any word may be meant as it stands, only a slip counts.
func TestSure(t *testing.T) {
	t.Parallel()
	valid := []string{"process", "sport", "port", "rtt"}
	for word, want := range map[string]string{
		"proccess": "process", "sprot": "sport", "prot": "port", "rt": "", "rtx": "",
		"nginx": "", "": "", "PROCES": "process", "processprocessprocessprocessproces": "",
	} {
		if got := Sure(word, 4, valid); got != want {
			t.Errorf("Sure(%q) = %q, want %q", word, got, want)
		}
	}
}
