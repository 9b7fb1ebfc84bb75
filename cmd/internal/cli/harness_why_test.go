//go:build linux

package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdWhy runs sockls why as in does, in a cgroup namespace whose root is the
// group that the tests run in: whatever unit or container that is, the sockets
// belong to none. It prints the answer as explained does.
func cmdWhy(ts *testscript.TestScript, neg bool, args []string) {
	at := slices.IndexFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") })
	if neg || at < 0 {
		ts.Fatalf("usage: why [-code=N] [-uid=N] [-seccomp=LIST] [-hide=DIR] NAME argument…")
	}
	command := slices.Insert(slices.Clone(args), at+1, "sockls", "why")
	enact(ts, false, []string{"unshare", "--cgroup", "mksock"}, command)
	explained(ts)
}

// cmdExplained prints the last answer of why, for people to read and without
// what no script can know, which it checks instead:
//
//   - a pid reads as the name of its scene, or as a label where mksock forked;
//     a descriptor as "<label>"; a namespace and a port that the kernel chose
//     likewise. What mksock has not reported stays as it is.
//   - parents end with "<test>", which has to be this process;
//   - "started <lately>" is a time within the last minutes, and <60> a number of
//     seconds of which the kernel counts down from 60;
//   - the directory of the script is $WORK.
//
// Text is folded at 80 columns. Of JSON there is a line for each answer, each
// reason and each change; host, time and what rows leaves out are left out.
func cmdExplained(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: explained")
	}
	explained(ts)
}

func explained(ts *testscript.TestScript) {
	th := theatreOf(ts)
	fmt.Fprint(ts.Stderr(), ts.ReadFile("stderr")) // for the script to look at
	work := ts.MkAbs(".")
	if !bytes.HasPrefix(th.last, []byte("{")) {
		out, err := th.explainText(string(th.last), work)
		if err != nil {
			ts.Fatalf("explained: %v", err)
		}
		for line := range strings.Lines(out) {
			fmt.Fprint(ts.Stdout(), fold(line))
		}
		return
	}
	lines, err := th.explainJSON(th.last, work)
	if err != nil {
		ts.Fatalf("explained: %v", err)
	}
	fmt.Fprintln(ts.Stdout(), strings.Join(lines, "\n"))
}

// cmdBinds asks the kernel itself: a bind, and a listen where the kind is
// tcp-listen, either works or fails with the error that is named.
func cmdBinds(ts *testscript.TestScript, neg bool, args []string) {
	errnos := map[string]syscall.Errno{
		"EADDRINUSE": syscall.EADDRINUSE, "EACCES": syscall.EACCES,
		"EADDRNOTAVAIL": syscall.EADDRNOTAVAIL, "ENODEV": syscall.ENODEV, "EINVAL": syscall.EINVAL,
	}
	var want syscall.Errno
	var command []string
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if name, ok := strings.CutPrefix(args[0], "-errno="); !ok {
			command = append(command, args[0])
		} else if want, ok = errnos[name]; !ok {
			ts.Fatalf("binds: unknown error %s", name)
		}
		args = args[1:]
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: binds [-errno=NAME] [-uid=N] NAME SPEC")
	}
	command = append(command, "-join="+netnsFile(ts, theatreOf(ts), args[0]), args[1])
	cmd := exec.Command("mksock", command...) // without input it ends at once
	cmd.Dir = ts.MkAbs(".")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		ts.Fatalf("binds: %v", err)
	case want == 0 && err != nil:
		ts.Fatalf("binds: want success, got %s", out)
	case want != 0 && err == nil:
		ts.Fatalf("binds: want %v, and it worked", want)
	case want != 0 && !strings.HasSuffix(strings.TrimSpace(string(out)), ": "+want.Error()):
		ts.Fatalf("binds: want %v, got %s", want, out)
	}
}

// actor names a process: one that mksock forked by its label, others by their
// scene.
func (th *theatre) actor(pid int) (name string, ok bool) {
	for name, sc := range th.scenes {
		if sc.cmd.Process.Pid == pid {
			return name, true
		}
	}
	for _, h := range th.held {
		if h.pid == pid && pid != 0 {
			return h.label, true
		}
	}
	return "", false
}

// explainText replaces in a text what no script can know.
func (th *theatre) explainText(text, work string) (string, error) {
	var failure error
	replace := func(pattern string, with func(m []string) string) {
		re := regexp.MustCompile(pattern)
		text = re.ReplaceAllStringFunc(text, func(s string) string { return with(re.FindStringSubmatch(s)) })
	}
	text = strings.ReplaceAll(text, work, "$WORK")
	replace(`(?m)^( +parents +)(.*)$`, func(m []string) string {
		chain, err := th.parents(strings.Split(m[2], " < "))
		failure = errors.Join(failure, err)
		return m[1] + strings.Join(chain, " < ")
	})
	replace(`started (\S+) \((?:\d+min)?(?:\d+s)? ago\)`, func(m []string) string {
		failure = errors.Join(failure, lately(m[1]))
		return "started <lately>"
	})
	replace(`\[(\d+)\] fd (\d+(?:,\d+)*)`, func(m []string) string {
		fds := strings.Split(m[2], ",")
		for i := range fds {
			fds[i] = th.descriptor(m[1], fds[i])
		}
		return "[" + m[1] + "] fd " + strings.Join(fds, ",")
	})
	replace(`net:\[(\d+)\]`, func(m []string) string {
		return fmt.Sprintf("net:[%v]", th.netns(json.Number(m[1])))
	})
	replace(`(\[|/proc/|kill )(\d+(?: \d+)*)\b`, func(m []string) string {
		pids := strings.Split(m[2], " ")
		for i := range pids {
			pids[i] = th.process(pids[i])
		}
		return m[1] + strings.Join(pids, " ")
	})
	replace(`(-> \S+:)(\d+)\b`, func(m []string) string {
		return fmt.Sprintf("%s%v", m[1], th.port(json.Number(m[2])))
	})
	replace(`\b([3-5]\d|60)( s left| more seconds| seconds\.)`, func(m []string) string {
		return "<60>" + m[2]
	})
	return text, failure
}

// parents are those that mksock made, and then this process.
func (th *theatre) parents(chain []string) ([]string, error) {
	for i, p := range chain {
		name, rest, _ := strings.Cut(p, "[")
		pid, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
		if err != nil {
			return nil, fmt.Errorf("parent %q: %w", p, err)
		}
		if actor, ok := th.actor(pid); ok {
			chain[i] = name + "[" + actor + "]"
			continue
		}
		if pid != os.Getpid() {
			return nil, fmt.Errorf("parent %q is neither of a scene nor the test", p)
		}
		return append(chain[:i], "<test>"), nil
	}
	return chain, nil
}

func (th *theatre) descriptor(pid, fd string) string {
	for _, h := range th.held {
		if (strconv.Itoa(h.pid) == pid || strconv.Itoa(h.inner) == pid) && strconv.Itoa(h.fd) == fd {
			return "<" + h.label + ">"
		}
	}
	return fd
}

// process names a process in place of its number.
func (th *theatre) process(pid string) string {
	n, err := strconv.Atoi(pid)
	if err != nil {
		return pid
	}
	if actor, ok := th.actor(n); ok {
		return actor
	}
	return pid
}

// lately checks the time at which something started for the test.
func lately(stamp string) error {
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return err
	}
	if age := time.Since(at); age < -2*time.Second || age > 10*time.Minute {
		return fmt.Errorf("started %v ago", age)
	}
	return nil
}

// fold breaks a line at 80 columns, and lets what follows stand beneath.
func fold(line string) string {
	const width, inner = 80, 9
	var out strings.Builder
	indent := len(line) - len(strings.TrimLeft(line, " "))
	switch {
	case regexp.MustCompile(`^ {11}(command|program|directory|parents|unit|container|forwards) `).MatchString(line):
		indent += len("directory ")
	case indent > 0 && indent < inner, len(line) > 1 && line[1] == '.':
		indent = inner
	}
	for len(line) > width+1 {
		at := strings.LastIndexByte(line[:width+1], ' ')
		if at <= indent {
			break
		}
		out.WriteString(line[:at] + "\n")
		line = strings.Repeat(" ", indent) + line[at+1:]
	}
	out.WriteString(line)
	return out.String()
}

// explainJSON gives a line for each part of the answers of a document.
func (th *theatre) explainJSON(data []byte, work string) ([]string, error) {
	document, err := decodeObject(data)
	if err != nil {
		return nil, err
	}
	if document["schema"] != "sockls/v1" {
		return nil, fmt.Errorf("schema is %v", document["schema"])
	}
	if err := checkStamp(document); err != nil {
		return nil, err
	}
	if _, ok := document["notices"].([]any); !ok {
		return nil, fmt.Errorf("notices are %v", document["notices"])
	}
	if ns, ok := document["netns"].(object); !ok || number(ns["inode"]) == 0 {
		return nil, fmt.Errorf("netns is %v", document["netns"])
	}
	for _, key := range []string{"schema", "host", "time", "netns", "notices"} {
		delete(document, key)
	}
	answers := []any{document}
	var lines []string
	if several, ok := document["answers"].([]any); ok {
		delete(document, "answers")
		lines = append(lines, string(appendValue(nil, document)))
		answers = several
	}
	for _, a := range answers {
		answer := a.(object)
		parts := map[string][]any{}
		for _, key := range []string{"reasons", "changes"} {
			list, ok := answer[key].([]any)
			if !ok {
				return nil, fmt.Errorf("%s are %v", key, answer[key])
			}
			parts[key] = list
			delete(answer, key)
		}
		line, err := th.explainText(string(appendValue(nil, answer)), work)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
		for _, r := range parts["reasons"] {
			if err := th.normaliseReason(r.(object)); err != nil {
				return nil, err
			}
			line, err := th.explainText(string(appendValue(nil, r)), work)
			if err != nil {
				return nil, err
			}
			lines = append(lines, "reason "+line)
		}
		for _, c := range parts["changes"] {
			lines = append(lines, "change "+string(appendValue(nil, c)))
		}
	}
	return lines, nil
}

// normaliseReason treats the sockets of a reason as rows does.
func (th *theatre) normaliseReason(reason object) error {
	sockets, _ := reason["others"].([]any)
	if s, ok := reason["socket"].(object); ok {
		sockets = append(sockets, s)
	}
	for _, s := range sockets {
		row := s.(object)
		if timer, ok := row["timer"].(object); ok {
			if ms := number(timer["expires_ms"]); ms >= 30000 && ms <= 60000 {
				timer["expires_ms"] = "<60000>"
			}
		}
		processes, _ := row["processes"].([]any)
		for _, p := range processes {
			if err := th.normaliseParents(p.(object)); err != nil {
				return err
			}
		}
		if err := th.normalise(row); err != nil {
			return err
		}
	}
	return nil
}

func (th *theatre) normaliseParents(p object) error {
	list, _ := p["parents"].([]any)
	chain := make([]string, len(list))
	for i := range list {
		parent := list[i].(object)
		chain[i] = fmt.Sprintf("%v[%v]", parent["name"], parent["pid"])
	}
	chain, err := th.parents(chain)
	if err == nil {
		p["parents"] = strings.Join(chain, " < ")
	}
	return err
}
