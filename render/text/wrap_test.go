package text

import "testing"

func TestAppendWrapped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in            string
		width, indent int
		want          string
	}{
		{"", 10, 2, ""},
		{"no width at all", 0, 2, "no width at all"},
		{"it fits here", 12, 2, "it fits here"},
		{"it fits here", 11, 2, "it fits\n  here"},
		{"  with an indent of its own", 12, 4, "  with an\n    indent\n    of its\n    own"},
		{"averylongword and others", 5, 1, "averylongword\n and\n others"},
		{"データ 名前", 9, 0, "データ\n名前"},
		{"two  blanks", 20, 0, "two  blanks"},
	} {
		if got := string(AppendWrapped(nil, []byte(tt.in), tt.width, tt.indent)); got != tt.want {
			t.Errorf("%q at %d: %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
	if got := string(AppendWrapped([]byte("kept "), []byte("a b"), 2, 0)); got != "kept a\nb" {
		t.Errorf("%q", got)
	}
}
