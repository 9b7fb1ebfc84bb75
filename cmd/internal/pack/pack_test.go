package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// moduleAt copies what a build reads to another directory, without what git knows.
func moduleAt(t *testing.T, dir string) string {
	t.Helper()
	const module = "../../.."
	err := filepath.WalkDir(module, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(module, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, name)
		switch {
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "bin", "dist"}, d.Name())):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case !d.Type().IsRegular() || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestReproducible builds twice, in different places, and wants the same bytes.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program four times")
	}
	targets := []string{"linux/amd64", "windows/amd64"}
	t.Setenv("SOURCE_DATE_EPOCH", "1777618800")
	sums := func(at string) (string, string) {
		p := packer{source: moduleAt(t, filepath.Join(t.TempDir(), at)), out: filepath.Join(t.TempDir(), "out")}
		if err := p.run(context.Background(), targets); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(p.out, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		program, err := os.ReadFile(filepath.Join(p.out, "linux_amd64", "sockls"))
		if err != nil || bytes.Contains(program, []byte(p.source)) {
			t.Errorf("the program tells where it was built, or is not there: %v", err)
		}
		return p.out, string(text)
	}
	dir, first := sums("here")
	_, second := sums("some/where/else")
	if first != second {
		t.Errorf("two builds differ:\n%s%s", first, second)
	}
	want := []string{
		"LICENSE", "README.md", "CHANGELOG.md", "reference.md", "man/sockls.1", "man/sockls-why.1", "man/sockls-filter.7",
		"completions/sockls.bash", "completions/_sockls", "completions/sockls.fish", "completions/sockls.ps1",
	}
	lines := strings.Split(strings.TrimSpace(first), "\n")
	if len(lines) != len(targets) {
		t.Fatalf("%d checksums: %s", len(lines), first)
	}
	for i, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		archive, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(archive)); got != sum {
			t.Errorf("%s: checksum %s, want %s", name, got, sum)
		}
		program := []string{"sockls", "sockls.exe"}[i]
		names := contents(t, name, archive)
		for _, w := range append(want, program) {
			if !slices.Contains(names, strings.TrimSuffix(strings.TrimSuffix(name, ".tar.gz"), ".zip")+"/"+w) {
				t.Errorf("%s lacks %s: %q", name, w, names)
			}
		}
	}
}

// contents are the names of an archive's files, all of which have the time of the
// source and modes that do not depend on who has packed them.
func contents(t *testing.T, name string, archive []byte) []string {
	t.Helper()
	var names []string
	check := func(file string, mode fs.FileMode, modified time.Time) {
		names = append(names, file)
		want := fs.FileMode(0o644)
		if base := filepath.Base(file); base == "sockls" || base == "sockls.exe" {
			want = 0o755
		}
		if mode.Perm() != want || modified.Unix() != 1777618800 {
			t.Errorf("%s: mode %v, time %v", file, mode, modified)
		}
	}
	if strings.HasSuffix(name, ".zip") {
		r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.File {
			check(f.Name, f.Mode(), f.Modified)
		}
		return names
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(unpacked); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		check(h.Name, fs.FileMode(h.Mode), h.ModTime)
	}
}

func TestTargets(t *testing.T) {
	for _, word := range []string{"", "linux", "linux/", "/amd64", "../x", "linux/amd64/v3"} {
		if got, err := parseTarget(word); err == nil {
			t.Errorf("%q: %v", word, got)
		}
	}
}

// TestClear wants nothing removed that was not made here.
func TestClear(t *testing.T) {
	dir := t.TempDir()
	p := packer{out: dir}
	if err := p.clear(); err != nil { // empty
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "old"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.clear(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "old")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("old: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, marker)); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(dir, "mine")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.clear(); err == nil {
		t.Error("cleared a directory of somebody else")
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
}

// TestEdition reads the version of what git has stamped, in a repository of its own.
func TestEdition(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("there is no git")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.org/x\n\ngo 1.26.0\n", "main.go": "package main\n\nfunc main() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_DATE=2026-05-01T07:00:00Z", "GIT_COMMITTER_DATE=2026-05-01T07:00:00Z",
			"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	command(git, "init", "-q")
	command(git, "add", ".")
	command(git, "commit", "-qm", "x")
	command(git, "tag", "v1.2.3")
	out := filepath.Join(t.TempDir(), "x")
	command("go", "build", "-buildvcs=true", "-o", out, ".")
	t.Setenv("SOURCE_DATE_EPOCH", "")
	e, err := editionOf(out)
	if err != nil {
		t.Fatal(err)
	}
	if e.version != "v1.2.3" || e.number() != "1.2.3" || !e.time.Equal(time.Date(2026, 5, 1, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", e)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1777618803")
	if e, err = editionOf(out); err != nil || e.time.Unix() != 1777618802 { // as a zip file has it
		t.Errorf("%+v, %v", e, err)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "soon")
	if e, err = editionOf(out); err == nil {
		t.Errorf("%+v", e)
	}
}
