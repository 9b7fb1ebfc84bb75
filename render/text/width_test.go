package text

import "testing"

func TestWidthAndTruncate(t *testing.T) {
	tests := []struct {
		in    string
		width int
		cut   int
		want  string
	}{
		{"", 0, 5, ""},
		{"nginx", 5, 5, "nginx"},
		{"nginx", 5, 4, "ngi…"},
		{"nginx", 5, 1, "…"},
		{"nginx", 5, 0, ""},
		{"nginx", 5, -1, ""},
		{"a-long-ascii-text", 17, 9, "a-long-a…"},
		{"データ", 6, 6, "データ"},
		{"データ", 6, 5, "デー…"},
		{"データ", 6, 4, "デ…"},
		{"データ", 6, 1, "…"},
		{"e\u0301e\u0301e\u0301", 3, 2, "e\u0301…"},
		{"12345678é", 9, 9, "12345678é"},
	}
	for _, tt := range tests {
		if got := Width([]byte(tt.in)); got != tt.width {
			t.Errorf("Width(%q) = %d, want %d", tt.in, got, tt.width)
		}
		if got := string(Truncate(nil, []byte(tt.in), tt.cut)); got != tt.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", tt.in, tt.cut, got, tt.want)
		}
	}
}

func TestPalette(t *testing.T) {
	var none Palette
	if got := string(none.Append(nil, Listen, []byte("LISTEN"))); got != "LISTEN" {
		t.Errorf("zero palette wrote %q", got)
	}
	basic := Basic()
	if got := string(basic.Append(nil, Listen, []byte("LISTEN"))); got != "\x1b[32mLISTEN\x1b[0m" {
		t.Errorf("basic palette wrote %q", got)
	}
	if got := string(basic.Append(nil, Plain, []byte("x"))); got != "x" {
		t.Errorf("plain role wrote %q", got)
	}
}
