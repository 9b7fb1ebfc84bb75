package jsonout

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/whyout"
)

// Head is what a document about ports says beside its answers.
type Head struct {
	Host string
	Time time.Time
	// NetNS is the network namespace that was asked about, nil where not known.
	NetNS   *socket.NetNS
	Notices []socket.Notice
}

// Why writes one answer as a document. Each reason stands on a line of its own,
// as the sockets of a listing do.
func Why(w io.Writer, h Head, a *why.Answer) error {
	dst := append(appendHead(nil, &h), ",\n  \"bind\": "...)
	dst = appendBind(dst, &a.Bind)
	dst = append(dst, ",\n  \"summary\": "...)
	dst = appendString(dst, whyout.Summary(a))
	dst = append(dst, ",\n  \"free\": "...)
	dst = strconv.AppendBool(dst, a.Verdict == why.Free)
	dst = append(dst, ",\n  \"verdict\": \""+a.Verdict.String()+"\",\n  \"errno\": "...)
	dst = appendErrno(dst, a)
	dst = append(dst, ",\n  \"tried\": "...)
	dst = strconv.AppendBool(dst, a.Tried)
	dst = append(dst, ",\n  \"reasons\": "...)
	dst = appendArray(dst, len(a.Reasons), func(dst []byte, i int) []byte {
		return appendReason(dst, &a.Reasons[i])
	})
	dst = append(dst, ",\n  \"changes\": "...)
	dst = appendArray(dst, len(a.Changes), func(dst []byte, i int) []byte {
		return appendChange(dst, &a.Changes[i])
	})
	dst = appendNotices(dst, h.Notices)
	_, err := w.Write(append(dst, "\n}\n"...))
	return err
}

// Whys writes several answers as a document, each on a line of its own. Its
// "free" is true when all of them are.
func Whys(w io.Writer, h Head, answers []why.Answer) error {
	out := bufio.NewWriterSize(w, bufferSize)
	free := !slices.ContainsFunc(answers, func(a why.Answer) bool { return a.Verdict != why.Free })
	dst := append(appendHead(nil, &h), ",\n  \"free\": "...)
	dst = append(strconv.AppendBool(dst, free), ",\n  \"answers\": "...)
	for i := range answers {
		dst = appendAnswer(append(dst, separator(i)...), &answers[i])
		// The writer keeps its first error, and Flush reports it.
		if _, err := out.Write(dst); err != nil {
			return err
		}
		dst = dst[:0]
	}
	dst = appendNotices(append(dst, closing(len(answers))...), h.Notices)
	if _, err := out.Write(append(dst, "\n}\n"...)); err != nil {
		return err
	}
	return out.Flush()
}

func appendHead(dst []byte, h *Head) []byte {
	dst = append(dst, "{\n  \"schema\": \""+Schema+"\",\n  "...)
	dst = appendTop(dst, "host", h.Host)
	dst = append(dst, ",\n  \"time\": "...)
	dst = appendTime(dst, h.Time)
	return appendNetNS(append(dst, ",\n  \"netns\": "...), h.NetNS)
}

func appendNotices(dst []byte, notices []socket.Notice) []byte {
	dst = append(dst, ",\n  \"notices\": "...)
	return appendArray(dst, len(notices), func(dst []byte, i int) []byte {
		return appendNotice(dst, &notices[i])
	})
}

// appendAnswer appends an answer as one object.
func appendAnswer(dst []byte, a *why.Answer) []byte {
	dst = appendBind(append(dst, `{"bind":`...), &a.Bind)
	dst = appendName(dst, "summary", whyout.Summary(a))
	dst = appendFlag(dst, "free", a.Verdict == why.Free)
	dst = appendName(dst, "verdict", a.Verdict.String())
	dst = appendErrno(appendKey(dst, "errno"), a)
	dst = appendFlag(dst, "tried", a.Tried)
	dst = appendList(dst, "reasons", len(a.Reasons), func(dst []byte, i int) []byte {
		return appendReason(dst, &a.Reasons[i])
	})
	dst = appendList(dst, "changes", len(a.Changes), func(dst []byte, i int) []byte {
		return appendChange(dst, &a.Changes[i])
	})
	return append(dst, '}')
}

func appendErrno(dst []byte, a *why.Answer) []byte {
	if a.Errno == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, a.Errno)
}

func appendBind(dst []byte, b *why.Bind) []byte {
	dst = appendName(append(dst, '{'), "proto", b.Proto.String())
	dst = AppendAddress(dst, b.Addr)
	dst = appendNumber(dst, "port", uint64(b.Port))
	dst = append(appendKey(dst, "options"), '{')
	dst = appendFlag(dst, "reuseaddr", b.ReuseAddr)
	dst = appendFlag(dst, "reuseport", b.ReusePort)
	dst = appendTri(dst, "v6only", b.V6Only)
	dst = appendUID(dst, b.UID, b.UID != why.NoUID)
	dst = appendTextOrNull(dst, "user", b.User)
	dst = appendTri(dst, "privileged", b.Privileged)
	dst = appendTextOrNull(dst, "device", b.Device)
	return append(dst, '}', '}')
}

func appendReason(dst []byte, r *why.Reason) []byte {
	dst = appendName(append(dst, '{'), "rule", string(r.Rule))
	if r.Overlap == why.OverlapNone {
		dst = append(appendKey(dst, "overlap"), "null"...)
	} else {
		dst = appendName(dst, "overlap", string(r.Overlap))
	}
	dst = appendTri(dst, "blocking", r.Blocking)
	dst = appendKey(dst, "socket")
	if r.Socket == nil {
		dst = append(dst, "null"...)
	} else {
		dst = AppendSocket(dst, r.Socket, true)
	}
	dst = appendList(dst, "others", len(r.Others), func(dst []byte, i int) []byte {
		return AppendSocket(dst, r.Others[i], true)
	})
	dst = appendText(dst, "text", r.Text)
	dst = appendList(dst, "remedies", len(r.Remedies), func(dst []byte, i int) []byte {
		dst = appendText(append(dst, '{'), "text", r.Remedies[i].Text)
		return append(appendTextOrNull(dst, "command", r.Remedies[i].Command), '}')
	})
	dst = appendForward(appendKey(dst, "forward"), r.Forward)
	if k := r.Kernel; k != nil {
		dst = appendTextOrNull(append(appendKey(dst, "kernel"), '{'), "kind", k.Kind)
		dst = append(appendTextOrNull(dst, "link", k.Link), '}')
	}
	if len(r.HTTP) > 0 {
		dst = appendList(dst, "http", len(r.HTTP), func(dst []byte, i int) []byte { return appendHTTPQueue(dst, &r.HTTP[i]) })
	}
	if u := r.Unit; u != nil {
		dst = appendText(append(appendKey(dst, "socket_unit"), '{'), "name", u.Name)
		dst = appendTextOrNull(dst, "service", u.Service)
		dst = append(appendFlag(dst, "user", u.User), '}')
	}
	return append(dst, '}')
}

// appendHTTPQueue appends what is registered with http.sys of Windows.
func appendHTTPQueue(dst []byte, q *machine.HTTPQueue) []byte {
	dst = appendText(append(dst, '{'), "queue", q.Name)
	dst = appendList(dst, "processes", len(q.PIDs), func(dst []byte, i int) []byte {
		name := ""
		if i < len(q.Programs) {
			name = q.Programs[i]
		}
		dst = appendNumber(append(dst, '{'), "pid", uint64(q.PIDs[i]))
		return append(appendTextOrNull(dst, "name", name), '}')
	})
	dst = appendList(dst, "services", len(q.Services), func(dst []byte, i int) []byte {
		return append(appendText(append(dst, '{'), "name", q.Services[i]), '}')
	})
	dst = appendList(dst, "urls", len(q.URLs), func(dst []byte, i int) []byte {
		return append(appendText(append(dst, '{'), "url", q.URLs[i].Text), '}')
	})
	return append(dst, '}')
}

func appendChange(dst []byte, c *why.Change) []byte {
	dst = appendText(append(dst, '{'), "option", c.Option)
	dst = appendBind(appendKey(dst, "bind"), &c.Bind)
	return append(appendName(dst, "verdict", c.Verdict.String()), '}')
}

// appendForward appends a rule that changes destinations, null for none.
func appendForward(dst []byte, f *machine.Forward) []byte {
	if f == nil {
		return append(dst, "null"...)
	}
	dst = appendText(append(dst, '{'), "source", f.Source)
	dst = appendTextOrNull(dst, "where", f.Where)
	dst = appendTextOrNull(dst, "comment", f.Comment)
	if f.Proto == socket.ProtoUnknown {
		dst = append(appendKey(dst, "proto"), "null"...)
	} else {
		dst = appendName(dst, "proto", f.Proto.String())
	}
	if f.Family == socket.FamilyUnspec {
		dst = append(appendKey(dst, "family"), "null"...)
	} else {
		dst = appendName(dst, "family", f.Family.String())
	}
	dst = appendList(dst, "to", len(f.To), func(dst []byte, i int) []byte { return appendString(dst, f.To[i].String()) })
	dst = appendList(dst, "not_to", len(f.NotTo), func(dst []byte, i int) []byte { return appendString(dst, f.NotTo[i].String()) })
	dst = appendFlag(dst, "local", f.Local)
	dst = appendList(dst, "ports", len(f.Ports), func(dst []byte, i int) []byte { return appendString(dst, f.Ports[i].String()) })
	dst = appendTextOrNull(dst, "interface", f.Interface)
	dst = appendFlag(dst, "incoming", f.Incoming)
	dst = appendFlag(dst, "outgoing", f.Outgoing)
	dst = appendFlag(dst, "partial", f.Partial)
	targets := f.Targets
	if len(targets) == 0 && !f.Elsewhere {
		targets = append(targets, f.Target)
	}
	dst = appendList(dst, "targets", len(targets), func(dst []byte, i int) []byte {
		dst = AppendAddress(append(dst, '{'), targets[i].Addr())
		if targets[i].Port() == 0 {
			return append(appendKey(dst, "port"), "null}"...)
		}
		return append(appendNumber(dst, "port", uint64(targets[i].Port())), '}')
	})
	return append(dst, '}')
}

func appendFlag(dst []byte, key string, on bool) []byte {
	return strconv.AppendBool(appendKey(dst, key), on)
}

// appendTri appends a boolean, or null where it is not known.
func appendTri(dst []byte, key string, t socket.Tri) []byte {
	if t == socket.Unknown {
		return append(appendKey(dst, key), "null"...)
	}
	return appendFlag(dst, key, t == socket.Yes)
}

// appendList appends n elements in one line.
func appendList(dst []byte, key string, n int, element func(dst []byte, i int) []byte) []byte {
	dst = append(appendKey(dst, key), '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = element(dst, i)
	}
	return append(dst, ']')
}
