package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/sockls/sockls/cmd/internal/cli"
)

var firstEdition = edition{version: "v1.2.3", date: "2026-05-01"}

// generated are the files by path.
func generated(t *testing.T) map[string]string {
	t.Helper()
	files, err := generate(firstEdition)
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]string)
	for _, f := range files {
		texts[filepath.ToSlash(f.path)] = string(f.text)
	}
	return texts
}

// TestPages wants a page for each command and topic, with each of its flags, and all
// of it in the reference.
func TestPages(t *testing.T) {
	files := generated(t)
	root := cli.Reference()
	for _, c := range append(root.Commands(), root) {
		name := strings.ReplaceAll(c.CommandPath(), " ", "-")
		if c.Name() == "completion" {
			continue
		}
		path := fmt.Sprintf("man/%s.%d", name, sectionOf(c))
		text, ok := files[path]
		if !ok {
			t.Errorf("no page %s", path)
			continue
		}
		if !strings.HasPrefix(text, `.TH "`+escaped(strings.ToUpper(name))) || !strings.Contains(text, `"2026\-05\-01" "sockls v1.2.3"`) {
			t.Errorf("%s begins with %.80s", path, text)
		}
		if !c.Runnable() {
			continue
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !strings.Contains(text, bold("--"+f.Name)) {
				t.Errorf("%s lacks --%s", path, f.Name)
			}
			if !f.Hidden && !strings.Contains(files["reference.md"], "--"+f.Name) {
				t.Errorf("the reference lacks --%s", f.Name)
			}
		})
	}
	for _, want := range []string{"EXIT STATUS", "EXAMPLES", "SEE ALSO"} {
		if !strings.Contains(files["man/sockls-why.1"], want) {
			t.Errorf("sockls-why(1) lacks %s", want)
		}
	}
}

// TestSame wants the same bytes each time.
func TestSame(t *testing.T) {
	if d := cmp.Diff(generated(t), generated(t)); d != "" {
		t.Error(d)
	}
}

func TestBlocks(t *testing.T) {
	text := `One that goes
on.

Terms:
  a B  c          what these are
                  and more
  d               another

  just
    lines

Exit code: 0 fine,
1 not.`
	want := []block{
		{text: "One that goes on."},
		{text: "Terms:"},
		{terms: []term{{"a B  c", "what these are and more"}, {"d", "another"}}},
		{lines: []string{"just", "  lines"}},
	}
	got, exit := blocks(text)
	if d := cmp.Diff(want, got, cmp.AllowUnexported(block{}, term{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if exit != "0 fine, 1 not." {
		t.Errorf("exit code %q", exit)
	}
}

func TestEscaped(t *testing.T) {
	for text, want := range map[string]string{
		".fi": `\&.fi`, "'br": `\(aqbr`, `\n`: `\(rsn`, "-l": `\-l`, "a~b^c`d": `a\(tib\(hac\(gad`, "é": `\[u00E9]`, "a.b": "a.b",
	} {
		if got := escaped(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got, want := plain("*a_b* <c> [d]"), `\*a\_b\* \<c\> \[d\]`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestGroff has groff read each page, which complains about what it does not know.
func TestGroff(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("there is no groff")
	}
	for path, text := range generated(t) {
		if !strings.HasPrefix(path, "man/") {
			continue
		}
		cmd := exec.Command(groff, "-man", "-ww", "-Tutf8", "-z")
		cmd.Stdin = strings.NewReader(text)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		// Lines that cannot be filled evenly are no mistake.
		if err := cmd.Run(); err != nil || strings.Contains(strings.ReplaceAll(errs.String(), "can't break line", ""), "warning") {
			t.Errorf("%s: %v\n%s", path, err, errs.String())
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, firstEdition); err != nil {
		t.Fatal(err)
	}
	for path, want := range generated(t) {
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil || string(got) != want {
			t.Errorf("%s: %v, %d bytes of %d", path, err, len(got), len(want))
		}
	}
}
