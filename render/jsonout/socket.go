package jsonout

import (
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// AppendSocket appends s as one JSON object. Owners tells whether processes
// were asked for, which the socket itself cannot tell.
func AppendSocket(dst []byte, s *socket.Socket, owners bool) []byte {
	return append(appendSocket(append(dst, '{'), s, owners), '}')
}

// appendSocket appends the keys of s to an object that is open.
func appendSocket(dst []byte, s *socket.Socket, owners bool) []byte {
	dst = appendName(dst, "proto", s.Proto.String())
	dst = appendName(dst, "family", s.Family.String())
	dst = appendName(dst, "type", s.Type.String())
	dst = appendName(dst, "state", s.State.String())
	dst = AppendEndpoint(dst, "local", s, &s.Local)
	dst = AppendEndpoint(dst, "remote", s, &s.Remote)
	dst = appendTextOrNull(dst, "device", s.Device)
	dst = appendKey(dst, "v6only")
	if s.Family != socket.IPv6 || s.V6Only == socket.Unknown {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendBool(dst, s.V6Only == socket.Yes)
	}
	dst = appendQueue(dst, "recv_q", s, s.RecvQ)
	dst = appendQueue(dst, "send_q", s, s.SendQ)
	dst = appendUID(dst, s.UID, s.HasUID)
	dst = appendTextOrNull(dst, "user", s.User)
	dst = appendNumber(dst, "inode", s.Inode)
	if s.Cookie == 0 {
		dst = append(appendKey(dst, "cookie"), "null"...)
	} else {
		dst = appendNumber(dst, "cookie", s.Cookie)
	}
	dst = appendNetNS(appendKey(dst, "netns"), s.NetNS)
	return appendDetails(appendOwners(dst, s, owners), s)
}

// appendQueue appends the length of a queue, null where it is not known.
func appendQueue(dst []byte, key string, s *socket.Socket, length uint32) []byte {
	if s.NoQueues {
		return append(appendKey(dst, key), "null"...)
	}
	return appendNumber(dst, key, uint64(length))
}

func appendNetNS(dst []byte, ns *socket.NetNS) []byte {
	if ns == nil {
		return append(dst, "null"...)
	}
	dst = appendNumber(append(dst, '{'), "inode", ns.Inode)
	dst = appendTextOrNull(dst, "name", ns.Name)
	return append(dst, '}')
}

func appendOwners(dst []byte, s *socket.Socket, owners bool) []byte {
	dst = appendKey(dst, "processes")
	if !owners && len(s.Processes) == 0 {
		dst = append(dst, "null"...)
	} else {
		dst = append(dst, '[')
		for i := range s.Processes {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendHolder(dst, &s.Processes[i])
		}
		dst = append(dst, ']')
	}
	if len(s.Processes) > 0 || s.NoProcess == socket.ReasonNone {
		return append(appendKey(dst, "no_process"), "null"...)
	}
	return appendName(dst, "no_process", s.NoProcess.String())
}

func appendHolder(dst []byte, h *socket.Holder) []byte {
	p := h.Process
	dst = append(dst, `{"pid":`...)
	dst = strconv.AppendInt(dst, int64(p.PID), 10)
	if h.TID != 0 {
		dst = strconv.AppendInt(appendKey(dst, "tid"), int64(h.TID), 10)
	}
	if h.FD < 0 {
		dst = append(appendKey(dst, "fd"), "null"...)
	} else {
		dst = strconv.AppendInt(appendKey(dst, "fd"), int64(h.FD), 10)
	}
	dst = appendText(dst, "name", p.Name)
	dst = appendTextOrNull(dst, "command", p.Command)
	dst = appendTextOrNull(dst, "exe", p.Exe)
	dst = appendUID(dst, p.UID, p.HasUID)
	dst = appendTextOrNull(dst, "user", p.User)
	dst = appendTime(appendKey(dst, "started"), p.Started)
	if p.Context != "" {
		dst = appendText(dst, "context", p.Context)
	}
	return append(appendBelonging(dst, p), '}')
}

// appendName appends one of the contract's own words, which need no escapes.
func appendName(dst []byte, key, name string) []byte {
	dst = append(appendKey(dst, key), '"')
	dst = append(dst, name...)
	return append(dst, '"')
}

func appendUID(dst []byte, uid uint32, known bool) []byte {
	if !known {
		return append(appendKey(dst, "uid"), "null"...)
	}
	return appendNumber(dst, "uid", uint64(uid))
}

// appendTime appends a time in RFC 3339 with nanoseconds, UTC.
func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = t.UTC().AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"')
}
