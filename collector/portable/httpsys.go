package portable

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/machine"
)

// parseHTTPQueues reads what "netsh http show servicestate view=requestq" prints:
// a heading underlined by dashes, and a paragraph for each request queue.
//
//	Request queue name: Request queue is unnamed.
//	    Version: 2.0
//	    Number of active processes attached: 1
//	    Processes:
//	        ID: 2688, image: C:\Windows\System32\svchost.exe
//	        Services: WinRM
//	    Registered URLs:
//	        HTTP://+:5985/WSMAN/
//
// Before Windows 10 1809 the processes are numbers alone, one a line. The words
// are in the language of the machine; what is relied on is that the name of a
// queue is not indented, that its processes come before its URLs, a number, a
// comma and a space behind the colon of a process, and that URLs are URLs. Queues without one
// are left out.
func parseHTTPQueues(text []byte) ([]machine.HTTPQueue, error) {
	var (
		all  []machine.HTTPQueue
		head = true
		now  machine.HTTPQueue
		at   = -1 // how far the line of a process is indented that was the last one
	)
	flush := func() {
		if len(now.URLs) > 0 {
			all = append(all, now)
		}
		now = machine.HTTPQueue{}
	}
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, " \t\r\n")
		word := bytes.TrimLeft(line, " \t")
		indent := len(line) - len(word)
		last := at
		at = -1
		switch pid, isProcess := processOf(word); {
		case head:
			head = !underline(bytes.Fields(line), 1)
		case len(word) == 0:
		case indent == 0:
			flush()
			_, name, _ := bytes.Cut(word, []byte(":"))
			now.Name = string(bytes.TrimSpace(name))
		case isProcess:
			if len(now.URLs) > 0 {
				flush() // the next queue, whose name was indented
			}
			now.PIDs = append(now.PIDs, pid)
			at = indent
		case indent == last:
			now.Services = append(now.Services, servicesOf(word)...)
		default:
			if u, ok := httpURLOf(word); ok {
				now.URLs = append(now.URLs, u)
			}
		}
	}
	flush()
	if head {
		return nil, errors.New("it has printed no state")
	}
	return all, nil
}

// processOf reads the line of a process: a pid, or "ID: pid, image: path".
func processOf(word []byte) (int, bool) {
	number := word
	if !digits(number) {
		_, value, ok := bytes.Cut(word, []byte(":"))
		number, _, _ = bytes.Cut(value, []byte(", "))
		number = bytes.TrimSpace(number)
		if !ok || !digits(number) || len(number) == len(bytes.TrimSpace(value)) {
			return 0, false
		}
	}
	pid, err := strconv.ParseInt(string(number), 10, 32)
	return int(pid), err == nil && pid > 0
}

// servicesOf reads the names of services behind the colon of a line.
func servicesOf(word []byte) (names []string) {
	_, value, _ := bytes.Cut(word, []byte(":"))
	for name := range bytes.SplitSeq(value, []byte(",")) {
		if name = bytes.TrimSpace(name); len(name) > 0 {
			names = append(names, string(name))
		}
	}
	return names
}

// httpURLOf reads a URL as http.sys knows it: HTTP://host:port/path or, where it
// is for one address, HTTP://host:port:address/path. Unlike in others, the port is
// always there, and the host may be + or *.
func httpURLOf(word []byte) (u machine.HTTPURL, ok bool) {
	scheme, rest, ok := strings.Cut(string(word), "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return u, false
	}
	place, _, ok := strings.Cut(rest, "/")
	if !ok {
		return u, false
	}
	host, tail := place, ""
	if end := strings.IndexByte(place, ']'); strings.HasPrefix(place, "[") && end > 0 {
		host, tail = place[:end+1], place[end+1:]
	} else if colon := strings.IndexByte(place, ':'); colon >= 0 {
		host, tail = place[:colon], place[colon:]
	}
	port, _, _ := strings.Cut(strings.TrimPrefix(tail, ":"), ":")
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" {
		return u, false
	}
	return machine.HTTPURL{Text: string(word), Host: host, Port: uint16(n)}, true
}
