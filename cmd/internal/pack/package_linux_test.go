package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestDeb makes a package, installs it into a root of its own, uses what is there,
// and removes it again.
func TestDeb(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and the tool that packs it")
	}
	for _, name := range []string{"dpkg", "dpkg-deb", "make"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("there is no %s", name)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: dpkg sets owners")
	}
	const module = "../../.."
	output := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = module
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s%s", name, args, err, out, errs.Bytes())
		}
		return string(out)
	}
	nfpm := exec.Command("go", "mod", "download", "github.com/goreleaser/nfpm/v2@v2.45.0")
	nfpm.Dir = t.TempDir()
	if out, err := nfpm.CombinedOutput(); err != nil {
		t.Skipf("nfpm cannot be had: %v: %s", err, out)
	}
	dist, root := t.TempDir(), t.TempDir()
	output("make", "deb", "DIST="+dist, "PACKAGED="+runtime.GOARCH)
	packages, err := filepath.Glob(filepath.Join(dist, "*.deb"))
	if err != nil || len(packages) != 1 {
		t.Fatalf("packages %q, %v", packages, err)
	}

	dpkg := func(args ...string) string {
		t.Helper()
		return output("dpkg", append([]string{"--root=" + root, "--log=/dev/null"}, args...)...)
	}
	if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg/updates"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dpkg("--install", packages[0])
	if got := dpkg("--status", "sockls"); !strings.Contains(got, "Status: install ok installed") {
		t.Errorf("status: %s", got)
	}
	program := filepath.Join(root, "usr/bin/sockls")
	if got := output(program, "--version"); !strings.HasPrefix(got, "sockls ") {
		t.Errorf("version: %q", got)
	}
	if got := output(program, "help", "exit-codes"); !strings.Contains(got, "sockls why") {
		t.Errorf("help: %q", got)
	}
	manuals(t, filepath.Join(root, "usr/share/man"))
	if bash, err := exec.LookPath("bash"); err == nil {
		script := filepath.Join(root, "usr/share/bash-completion/completions/sockls")
		if got := output(bash, "-c", `. "$1"; complete -p sockls`, "bash", script); !strings.Contains(got, "__start_sockls") {
			t.Errorf("completion: %q", got)
		}
	}

	dpkg("--purge", "sockls")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(path, filepath.Join(root, "var/lib/dpkg")) {
			t.Errorf("it leaves %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// manuals wants man to find the pages below dir.
func manuals(t *testing.T, dir string) {
	t.Helper()
	man, err := exec.LookPath("man")
	if err != nil {
		t.Log("there is no man, so nobody looks for the pages")
		return
	}
	for section, name := range map[string]string{"1": "sockls-why", "5": "sockls-config", "7": "sockls-filter"} {
		path, err := exec.Command(man, "-M", dir, "-w", section, name).Output()
		if err != nil || !strings.HasPrefix(string(path), dir) {
			t.Errorf("man %s %s: %q, %v", section, name, path, err)
			continue
		}
		cmd := exec.Command(man, "-l", strings.TrimSpace(string(path)))
		cmd.Env = append(os.Environ(), "MANPAGER=cat", "LC_ALL=C")
		page, err := cmd.Output()
		if err != nil || !strings.Contains(string(page), "DESCRIPTION") {
			t.Errorf("man -l %s: %v\n%s", path, err, page)
		}
	}
}
