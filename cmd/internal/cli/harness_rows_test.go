//go:build linux

package cli_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// object is a decoded JSON object; numbers stay text.
type object = map[string]any

// cmdRows prints every key of every row but these, which it checks instead:
//
//   - inode, cookie, pid, tid, fd and a port the kernel chose read "<inode web>"
//     where mksock has reported them under the label web, and "<n>" or
//     "<cookie>" where it has not. A pid of mksock itself has the name of its
//     scene.
//   - no two rows may have the same cookie;
//   - the namespace reads "<netns web>";
//   - command, exe and started of a process have to be there and are left out.
//
// Keys come in the order of the contract.
func cmdRows(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("rows cannot be negated")
	}
	th := theatreOf(ts)
	sorted := len(args) > 0 && args[0] == "-sort"
	if sorted {
		args = args[1:]
	}
	rows, err := decodeRows(th.last)
	if err != nil {
		ts.Fatalf("rows: %v", err)
	}
	cookies := map[string]bool{}
	var lines []string
	for _, row := range rows {
		if cookie, ok := row["cookie"].(json.Number); ok {
			if cookies[cookie.String()] {
				ts.Fatalf("rows: cookie %s is there twice", cookie)
			}
			cookies[cookie.String()] = true
		}
		if err := th.normalise(row); err != nil {
			ts.Fatalf("rows: %v", err)
		}
		if selected(row, args) {
			lines = append(lines, string(appendValue(nil, row)))
		}
	}
	if sorted {
		slices.Sort(lines)
	}
	for _, line := range lines {
		fmt.Fprintln(ts.Stdout(), line)
	}
	if lines == nil {
		// Without a write the output of the program before would remain.
		fmt.Fprint(ts.Stdout(), "")
	}
}

func cmdNotices(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: notices")
	}
	document, err := decodeObject(theatreOf(ts).last)
	if err != nil {
		ts.Fatalf("notices: %v", err)
	}
	fmt.Fprint(ts.Stdout(), "")
	for _, n := range document["notices"].([]any) {
		notice := n.(object)
		fmt.Fprintln(ts.Stdout(), notice["code"], string(appendValue(nil, notice["count"])))
		if message, ok := notice["message"].(string); !ok || message == "" {
			ts.Fatalf("notices: %v has no message", notice["code"])
		}
	}
}

// normalise replaces what no script can know.
func (th *theatre) normalise(row object) error {
	row["inode"] = th.inode(row["inode"])
	row["cookie"] = th.cookie(row["cookie"])
	if netns, ok := row["netns"].(object); ok {
		netns["inode"] = th.netns(netns["inode"])
	}
	for _, key := range []string{"local", "remote"} {
		end, ok := row[key].(object)
		if !ok {
			continue
		}
		for _, number := range []string{"port", "portid"} {
			if port, ok := end[number]; ok {
				end[number] = th.port(port)
			}
		}
		if inode, ok := end["inode"]; ok {
			end["inode"] = th.inode(inode)
		}
	}
	processes, _ := row["processes"].([]any)
	for _, p := range processes {
		if err := th.normaliseHolder(p.(object)); err != nil {
			return err
		}
	}
	return nil
}

func (th *theatre) normaliseHolder(p object) error {
	for _, key := range []string{"command", "exe", "started"} {
		value, ok := p[key]
		_, isText := value.(string)
		if !ok || value != nil && !isText {
			return fmt.Errorf("%s of process %v is %v", key, p["pid"], value)
		}
		delete(p, key)
		delete(p, key+"_base64")
	}
	pid, tid, fd := number(p["pid"]), number(p["tid"]), number(p["fd"])
	for _, h := range th.held {
		if h.pid == pid && h.fd == fd && h.tid == tid {
			p["fd"] = placeholder("fd", h.label)
		}
		if h.pid == pid {
			p["pid"] = placeholder("pid", h.label)
		}
		if tid != 0 && h.tid == tid {
			p["tid"] = placeholder("tid", h.label)
		}
	}
	for name, sc := range th.scenes {
		if sc.cmd.Process.Pid == pid {
			p["pid"] = placeholder("pid", name)
		}
	}
	return nil
}

func placeholder(what, label string) string { return "<" + what + " " + label + ">" }

func number(v any) int {
	n, ok := v.(json.Number)
	if !ok {
		return 0
	}
	i, err := strconv.Atoi(n.String())
	if err != nil {
		return -1
	}
	return i
}

// known is the placeholder of the first report that says v, or v.
func (th *theatre) known(what string, v any, of func(held) uint64) any {
	n, ok := v.(json.Number)
	if !ok || n.String() == "0" {
		return v
	}
	for _, h := range th.held {
		if n.String() == strconv.FormatUint(of(h), 10) {
			return placeholder(what, h.label)
		}
	}
	return v
}

func (th *theatre) inode(v any) any {
	known := th.known("inode", v, func(h held) uint64 { return h.inode })
	if n, ok := known.(json.Number); ok && n.String() != "0" {
		return "<n>"
	}
	return known
}

func (th *theatre) cookie(v any) any {
	known := th.known("cookie", v, func(h held) uint64 { return h.cookie })
	if _, ok := known.(json.Number); ok {
		return "<cookie>"
	}
	return known
}

func (th *theatre) port(v any) any {
	return th.known("port", v, func(h held) uint64 {
		if !h.ephemeral {
			return 0
		}
		return uint64(h.port)
	})
}

// netns names the first scene of a namespace.
func (th *theatre) netns(v any) any {
	for _, name := range th.order {
		if n, ok := v.(json.Number); ok && n.String() == strconv.FormatUint(th.scenes[name].netns, 10) {
			return placeholder("netns", name)
		}
	}
	return v
}

// selected reports whether every KEY=VALUE holds; a dot leads into an object.
func selected(row object, pairs []string) bool {
	for _, pair := range pairs {
		path, want, _ := strings.Cut(pair, "=")
		var v any = row
		for key := range strings.SplitSeq(path, ".") {
			o, _ := v.(object)
			v = o[key]
		}
		if text, ok := v.(string); ok && text == want {
			continue
		}
		if string(appendValue(nil, v)) != want {
			return false
		}
	}
	return true
}
