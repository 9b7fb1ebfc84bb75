package tui

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sockls/sockls/render/text"
)

// TestWrap: nothing is lost, no line is too wide, and megabytes take no time.
func TestWrap(t *testing.T) {
	long := strings.Repeat("argument データ e\u0301e\u0301 ", 5_000)
	zalgo := "a" + strings.Repeat("\u0301", 10_000) + " b"
	for _, all := range []string{"", "a", "two words", "データベース", "12345678 9", "e\u0301e\u0301e\u0301", long, zalgo} {
		for _, width := range []int{1, 2, 3, 8, 40} {
			start := time.Now()
			var joined strings.Builder
			lines := wrap(labelled{"label", all}, width)
			for i, l := range lines {
				if n := text.Width([]byte(l.text)); n > max(2, width) || n > width && utf8.RuneCountInString(l.text) > 2 {
					t.Fatalf("width %d: %q has %d columns", width, l.text, n)
				}
				if (l.label != "") != (i == 0) {
					t.Fatalf("width %d: label %q before line %d", width, l.label, i)
				}
				joined.WriteString(l.text)
			}
			if strings.ReplaceAll(joined.String(), " ", "") != strings.ReplaceAll(all, " ", "") {
				t.Fatalf("width %d: %.40q is not what it was", width, all)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("width %d: %v", width, took)
			}
		}
	}
}
