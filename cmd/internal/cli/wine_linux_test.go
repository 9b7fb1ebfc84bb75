package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
)

// TestWine runs the Windows program for real, in a wine that has namespaces of its
// own. Its sockets are the kernel's of this machine, and wine names the process of
// those that have a descriptor in it, IPv6 ones excepted. What this proves is that
// the program reads the tables of Windows, finds facts of processes, binds by
// Winsock and ends processes there, not how Windows itself decides.
func TestWine(t *testing.T) {
	needsWine(t)
	if !nstest.Child(t, unix.CLONE_NEWPID) {
		return
	}
	w := newWine(t)
	stranger, err := net.Listen("tcp4", "127.0.0.1:7070") // of no process that wine knows
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	h := w.holder()
	h.do("listen tcp4 127.0.0.1:8080")
	client := h.do("dial tcp4 127.0.0.1:8080")
	h.do("accept 0")
	h.do("packet udp4 127.0.0.1:5353")
	h.do("listen tcp6 [::1]:9090")

	t.Run("list", func(t *testing.T) { w.on(t).lists(client) })
	t.Run("filter", func(t *testing.T) { w.on(t).filters(client) })
	t.Run("details", func(t *testing.T) { w.on(t).details(h) })
	t.Run("why", func(t *testing.T) { w.on(t).explains() })
	t.Run("watch", func(t *testing.T) { w.on(t).watches(h) })
	t.Run("wait", func(t *testing.T) { w.on(t).waits() })
	t.Run("nobody reads", func(t *testing.T) { w.on(t).unread() })
	t.Run("kill", func(t *testing.T) { w.on(t).kills() })
	t.Run("units", func(t *testing.T) { w.on(t).units() })
}

// wineRow is a socket of the JSON.
type wineRow struct {
	Proto, Family, State string
	Local, Remote        *struct {
		Address string
		Port    int
	}
	RecvQ     *int `json:"recv_q"`
	Processes []struct {
		PID                      int
		FD                       *int
		Name, Command, Exe, User string
		Started                  string
	}
	NoProcess string `json:"no_process"`
}

// String is a line of it.
func (r wineRow) String() string {
	end := func(at *struct {
		Address string
		Port    int
	},
	) string {
		if at == nil {
			return "-"
		}
		return net.JoinHostPort(at.Address, fmt.Sprint(at.Port))
	}
	who := r.NoProcess
	for _, p := range r.Processes {
		who += p.Name
	}
	return strings.Join([]string{r.Proto, r.State, end(r.Local), end(r.Remote), who}, " ")
}

// rows runs sockls with --json and reads what it prints.
func (w *wine) rows(args ...string) (tables []string, rows []wineRow) {
	w.t.Helper()
	out, _ := w.sockls(0, append(args, "--json")...)
	var document struct {
		Schema  string
		Source  struct{ Tables []string }
		Sockets []wineRow
	}
	if err := json.Unmarshal([]byte(out), &document); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	if document.Schema != "sockls/v1" {
		w.t.Errorf("schema %q", document.Schema)
	}
	return document.Source.Tables, document.Sockets
}

func (w *wine) wants(want []string, rows []wineRow) {
	w.t.Helper()
	var got []string
	for _, r := range rows {
		got = append(got, r.String())
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("(-want +got):\n%s", diff)
	}
}

func (w *wine) lists(client string) {
	tables, rows := w.rows("-a")
	if want := []string{"tcp4", "tcp6", "udp4", "udp6"}; !slices.Equal(tables, want) {
		w.t.Errorf("tables %v, want %v", tables, want)
	}
	w.wants([]string{
		"tcp LISTEN 127.0.0.1:7070 - unknown",
		"tcp LISTEN 127.0.0.1:8080 - holder.exe",
		"tcp ESTABLISHED " + client + " 127.0.0.1:8080 holder.exe",
		"tcp ESTABLISHED 127.0.0.1:8080 " + client + " unknown",
		"tcp LISTEN [::1]:9090 - unknown",
		"udp UNCONN 127.0.0.1:5353 - holder.exe",
	}, rows)
	for _, r := range rows {
		if r.RecvQ != nil {
			w.t.Errorf("%v has a queue of %d", r, *r.RecvQ)
		}
	}
	out, complaint := w.sockls(0, "-l", "-4", "--columns", "proto,local,process", "--no-header")
	if want := "tcp 127.0.0.1:7070 (unknown)\ntcp 127.0.0.1:8080 holder.exe[0]\nudp 127.0.0.1:5353 holder.exe[0]\n"; lean(out) != want || complaint != "" {
		w.t.Errorf("%q, %q", lean(out), complaint)
	}
}

// lean takes the blanks between columns out of a table, and the pids.
func lean(table string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(table, "\r\n", "\n")) {
		words := strings.Fields(line)
		for i, word := range words {
			if name, _, ok := strings.Cut(word, ".exe["); ok {
				words[i] = name + ".exe[0]"
			}
		}
		b.WriteString(strings.Join(words, " ") + "\n")
	}
	return b.String()
}

func (w *wine) filters(client string) {
	_, rows := w.rows("-a", "process holder.exe and port 8080")
	w.wants([]string{"tcp LISTEN 127.0.0.1:8080 - holder.exe", "tcp ESTABLISHED " + client + " 127.0.0.1:8080 holder.exe"}, rows)
	_, rows = w.rows("-u", "state all")
	w.wants([]string{"udp UNCONN 127.0.0.1:5353 - holder.exe"}, rows)
	_, rows = w.rows("-6l")
	w.wants([]string{"tcp LISTEN [::1]:9090 - unknown"}, rows)
	w.sockls(1, "-a", "sport = :1")
	if _, complaint := w.sockls(3, "-tln", "--strict", "--inet-sockopt"); !strings.Contains(complaint, "Windows does not tell IP options") {
		w.t.Error(complaint)
	}
}

// details are the facts of a process.
func (w *wine) details(h *wineHolder) {
	_, rows := w.rows("-u", "state all")
	if len(rows) != 1 || len(rows[0].Processes) != 1 {
		w.t.Fatalf("%v", rows)
	}
	p := rows[0].Processes[0]
	if fmt.Sprint(p.PID) != h.pid || p.FD != nil || !strings.HasSuffix(p.Exe, `\holder.exe`) || !strings.Contains(p.Command, "holder.exe") ||
		p.Started == "" || !strings.Contains(p.User, `\`) {
		w.t.Errorf("%+v", p)
	}
}

func (w *wine) explains() {
	out, _ := w.sockls(1, "why", "tcp", "127.0.0.1:8080")
	for _, want := range []string{"is taken: holder.exe[", "very address", "sockls kill -t :8080"} {
		if !strings.Contains(out, want) {
			w.t.Errorf("no %q in\n%s", want, out)
		}
	}
	// This netsh prints nothing, so what is kept from programs is not known.
	out, complaint := w.sockls(3, "why", "tcp", "127.0.0.1:8099")
	if !strings.Contains(out, "whether Windows keeps it from programs is not known") || !strings.Contains(complaint, "netsh") && !strings.Contains(complaint, "no table") {
		w.t.Errorf("%s%s", out, complaint)
	}
	w.sockls(0, "why", "tcp", "127.0.0.1:8099", "--probe")
	w.sockls(1, "why", "udp", "127.0.0.1:5353", "--probe")
	out, _ = w.sockls(1, "why", "tcp", "192.0.2.1:8099", "--probe", "--json")
	var answer struct{ Verdict, Errno string }
	if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.Errno != "EADDRNOTAVAIL" || answer.Verdict != "refused" {
		w.t.Errorf("%v\n%s", err, out)
	}
}

// watches sees a connection come and go.
func (w *wine) watches(h *wineHolder) {
	cmd := w.command(w.exe, "watch", "--jsonl", "--interval", "0.2", "--initial", "--for", "30", "--count", "4", "-t", "state established")
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	events := make(chan string, 8)
	go func() {
		defer close(events)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e struct {
				Event  string
				Socket wineRow
			}
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				events <- err.Error()
				continue
			}
			events <- e.Event + " " + e.Socket.String()
		}
	}()
	for range 2 {
		<-events // the connection that is there: it has begun
	}
	client := h.do("dial tcp4 127.0.0.1:8080")
	n := h.do("accept 0")
	got := map[string]bool{<-events: true, <-events: true}
	var at int
	if _, err := fmt.Sscan(n, &at); err != nil {
		w.t.Fatal(err)
	}
	h.do(fmt.Sprintf("close %d", at-1))
	h.do("close " + n)
	for e := range events {
		got[e] = true
	}
	if err := cmd.Wait(); err != nil {
		w.t.Errorf("watch: %v\n%s", err, &complaint)
	}
	want := map[string]bool{}
	for _, event := range []string{"open", "close"} {
		want[event+" tcp ESTABLISHED "+client+" 127.0.0.1:8080 holder.exe"] = true
		want[event+" tcp ESTABLISHED 127.0.0.1:8080 "+client+" unknown"] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("(-want +got):\n%s", diff)
	}
}

func (w *wine) waits() {
	if out, _ := w.sockls(0, "wait", "listening", "127.0.0.1:8080", "--timeout", "5"); !strings.Contains(out, "holder.exe[") {
		w.t.Error(out)
	}
	w.sockls(0, "wait", "free", "127.0.0.1:8099", "--timeout", "5")
	w.sockls(1, "wait", "listening", "127.0.0.1:8099", "--timeout", "0.5")
}

// unread writes where nobody reads, and has nothing to say of that.
func (w *wine) unread() {
	read, write, err := os.Pipe()
	if err != nil {
		w.t.Fatal(err)
	}
	defer write.Close()
	if err := read.Close(); err != nil {
		w.t.Fatal(err)
	}
	cmd := w.command(w.exe, "-a")
	var complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = write, &complaint
	if err := cmd.Run(); err == nil || complaint.Len() > 0 {
		w.t.Errorf("%v, %s", err, &complaint)
	}
}

// kills ends a process by its port, and not the one that talks to it.
func (w *wine) kills() {
	victim, client := w.holder(), w.holder()
	victim.do("listen tcp4 127.0.0.1:6060")
	client.do("dial tcp4 127.0.0.1:6060")
	if out, _ := w.sockls(0, "kill", "-t", ":6060", "--dry-run"); !strings.Contains(out, "holder.exe["+victim.pid+"]") || strings.Contains(out, "["+client.pid+"]") {
		w.t.Error(out)
	}
	out, complaint := w.sockls(0, "kill", "-t", ":6060", "--yes")
	if !strings.Contains(out, "holder.exe["+victim.pid+"]: ended") {
		w.t.Errorf("%s%s", out, complaint)
	}
	if client.do("pid") != client.pid {
		w.t.Error("the client has gone, too")
	}
	w.sockls(1, "kill", "-t", ":6060", "--yes")
	if _, complaint := w.sockls(2, "close", "-t", "sport = :8080", "--yes"); !strings.Contains(complaint, "Windows") {
		w.t.Error(complaint)
	}
}

// units runs the tests of a package as a Windows program.
func (w *wine) units() {
	program := filepath.Join(w.dir, "portable.test.exe")
	w.builds("test", "-c", "-o", program, "../../../collector/portable")
	dir, err := filepath.Abs("../../../collector/portable")
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := w.command(program, "-test.short")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		w.t.Errorf("%v\n%s", err, out)
	}
}
