package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// wine is a Windows of the test's own: the program and a holder of sockets, built
// for it, in a directory that goes with the test. It has to live in namespaces of
// its own, so that what it starts ends with them.
type wine struct {
	t        *testing.T
	dir, exe string
	env      []string
}

// wineTools are the programs that it takes. Debian has wine64 in a directory that
// is in nobody's path.
var wineTools = [...]string{"wine64", "x86_64-w64-mingw32-dlltool", "x86_64-w64-mingw32-as", "x86_64-w64-mingw32-ld", "go"}

// wineTool finds a program.
func wineTool(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil && name == "wine64" {
		return exec.LookPath("/usr/lib/wine/wine64")
	}
	return path, err
}

// remove removes a directory in which something that is about to end may write.
func remove(t *testing.T, dir string) {
	var err error
	for range 50 {
		if err = os.RemoveAll(dir); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error(err)
}

// on is the same wine for a part of the test.
func (w *wine) on(t *testing.T) *wine {
	part := *w
	part.t = t
	return &part
}

// needsWine skips a test where there is none, unless that is all that is to be
// tested (SOCKLS_WINE).
func needsWine(t *testing.T) {
	t.Helper()
	skip := t.Skipf
	if os.Getenv("SOCKLS_WINE") != "" {
		skip = t.Fatalf
	}
	if runtime.GOARCH != "amd64" {
		skip("wine runs programs of this machine's processor, and the test builds them for amd64")
	}
	if testing.Short() {
		skip("setting up wine takes some seconds")
	}
	for _, name := range wineTools {
		if _, err := wineTool(name); err != nil {
			skip("the Windows program cannot be run: %v (make wine installs what it takes)", err)
		}
	}
}

// newWine sets one up.
func newWine(t *testing.T) *wine {
	t.Helper()
	dir, err := os.MkdirTemp("", "sockls-wine-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, dir) })
	w := &wine{t: t, dir: dir}
	prefix := filepath.Join(w.dir, "prefix")
	w.env = append(os.Environ(),
		"WINEPREFIX="+prefix, "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree=;mshtml=", "DISPLAY=", "WAYLAND_DISPLAY=", "HOME="+w.dir)
	w.exe = filepath.Join(w.dir, "sockls.exe")
	w.build(w.exe, "../../sockls")
	w.build(filepath.Join(w.dir, "holder.exe"), "./testdata/wine/holder")
	w.serve()
	// What the first program starts beside itself, and what stays, has its output.
	log, err := os.Create(filepath.Join(w.dir, "boot.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	boot := w.command("wineboot.exe", "--init")
	boot.Stdout, boot.Stderr = log, log
	if err := boot.Run(); err != nil {
		said, _ := os.ReadFile(log.Name()) // that it failed is told in any case
		t.Fatalf("set up wine: %v\n%s", err, said)
	}
	w.forward(filepath.Join(prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll"))
	return w
}

// serve starts what all programs of one wine share, and ends it with the test.
func (w *wine) serve() {
	w.t.Helper()
	server := exec.Command(filepath.Join(filepath.Dir(w.path("wine64")), "wineserver"), "-f", "-p")
	server.Env = w.env
	if err := server.Start(); err != nil {
		w.t.Fatalf("start wine: %v", err)
	}
	w.t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt) // it ends what it serves
		_ = server.Wait()
	})
}

func (w *wine) path(tool string) string {
	w.t.Helper()
	path, err := wineTool(tool)
	if err != nil {
		w.t.Fatal(err)
	}
	return path
}

// build builds a package for Windows.
func (w *wine) build(to, pkg string) {
	w.t.Helper()
	w.builds("build", "-o", to, pkg)
}

// builds runs go for Windows.
func (w *wine) builds(args ...string) {
	w.t.Helper()
	cmd := exec.Command(w.path("go"), args...)
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("go %q: %v\n%s", args, err, out)
	}
}

// forward makes the library that Go programs have their random numbers from, and
// that this wine has not: its one function is another name of one that there is.
func (w *wine) forward(to string) {
	w.t.Helper()
	definition := "LIBRARY bcryptprimitives.dll\nEXPORTS\nProcessPrng = advapi32.SystemFunction036\n"
	in := func(name string) string { return filepath.Join(w.dir, name) }
	for name, text := range map[string]string{"forward.def": definition, "empty.s": ""} {
		if err := os.WriteFile(in(name), []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, step := range [...][]string{
		{"x86_64-w64-mingw32-as", "-o", in("empty.o"), in("empty.s")},
		{"x86_64-w64-mingw32-dlltool", "-m", "i386:x86-64", "-d", in("forward.def"), "-e", in("exports.o")},
		{"x86_64-w64-mingw32-ld", "-shared", "-e", "0", "-o", to, in("exports.o"), in("empty.o")},
	} {
		if out, err := exec.Command(w.path(step[0]), step[1:]...).CombinedOutput(); err != nil {
			w.t.Fatalf("%s: %v\n%s", step[0], err, out)
		}
	}
}

// command is one that runs in wine.
func (w *wine) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	w.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, w.path("wine64"), args...)
	cmd.Env, cmd.Dir = w.env, w.dir
	cmd.WaitDelay = 100 * time.Millisecond
	return cmd
}

// sockls runs the program and checks its exit code.
func (w *wine) sockls(code int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	cmd := w.command(append([]string{w.exe}, args...)...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	var exit *exec.ExitError
	// What it makes wine start, such as the desktop, keeps its output open.
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		w.t.Fatalf("sockls %q: %v", args, err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		w.t.Errorf("sockls %q: exit code %d, want %d\n%s%s", args, got, code, &out, &complaint)
	}
	return out.String(), complaint.String()
}

// wineHolder is a Windows program that holds sockets.
type wineHolder struct {
	t     *testing.T
	in    io.WriteCloser
	lines *bufio.Scanner
	pid   string
}

func (w *wine) holder() *wineHolder {
	w.t.Helper()
	cmd := w.command(filepath.Join(w.dir, "holder.exe"))
	in, err := cmd.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = in.Close() // it ends then, if it has not yet
		_ = cmd.Wait()
	})
	h := &wineHolder{t: w.t, in: in, lines: bufio.NewScanner(out)}
	h.pid = h.do("pid")
	return h
}

// do gives it a command, and returns the answer.
func (h *wineHolder) do(command string) string {
	h.t.Helper()
	if _, err := io.WriteString(h.in, command+"\n"); err != nil {
		h.t.Fatalf("%s: %v", command, err)
	}
	if !h.lines.Scan() {
		h.t.Fatalf("%s: no answer (%v)", command, h.lines.Err())
	}
	answer := strings.TrimSpace(h.lines.Text())
	if strings.HasPrefix(answer, "error ") {
		h.t.Fatalf("%s: %s", command, answer)
	}
	return answer
}
