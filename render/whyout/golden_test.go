package whyout

import (
	"bytes"
	"testing"

	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
)

// TestGolden explains every cause, as a reader gets it on a terminal.
func TestGolden(t *testing.T) {
	for _, s := range rendertest.Situations() {
		t.Run(s.Name, func(t *testing.T) {
			var out bytes.Buffer
			a := why.Explain(s.Situation)
			if err := Write(&out, &a, Options{Width: 80, Now: rendertest.Time}); err != nil {
				t.Fatal(err)
			}
			rendertest.Golden(t, "why/"+s.Name+".txt", out.Bytes())
		})
	}
}

// TestGoldenForms is one answer in other forms.
func TestGoldenForms(t *testing.T) {
	forms := []struct {
		name, situation string
		options         Options
	}{
		{"form-narrow", "inherited", Options{Width: 40}},
		{"form-pipe", "inherited", Options{}},
		{"form-color", "inherited", Options{Width: 80, Palette: text.Basic()}},
		{"form-color-free", "other-namespace", Options{Width: 80, Palette: text.Basic()}},
	}
	for _, tt := range forms {
		t.Run(tt.name, func(t *testing.T) {
			for _, s := range rendertest.Situations() {
				if s.Name != tt.situation {
					continue
				}
				var out bytes.Buffer
				a := why.Explain(s.Situation)
				tt.options.Now = rendertest.Time
				if err := Write(&out, &a, tt.options); err != nil {
					t.Fatal(err)
				}
				rendertest.Golden(t, "why/"+tt.name+".txt", out.Bytes())
			}
		})
	}
}
