package jsonout

import (
	"io"
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// Ending is what was done, or was to be done, to free ports or to destroy
// sockets.
type Ending struct {
	Head
	Action string // "kill" or "close"
	// Plan is what is to be done, nil for nothing.
	Plan *Plan
	// DryRun is set when nothing was done.
	DryRun    bool
	Done      bool // all of what was wanted
	Sockets   []*socket.Socket
	Processes []EndedProcess
	Ports     []FreedPort
	// Destroyed are as many as Sockets, or none.
	Destroyed []Destroyed
}

// Plan is what a command is about to do, or would do.
type Plan struct {
	Text string // a sentence
	// Signal goes to the processes, and Then to what holds on after Timeout; ""
	// for none.
	Signal, Then string
	Timeout      time.Duration
	PIDs         []int
}

// EndedProcess is a process and what became of it. An empty result is that of
// one to which nothing was done.
type EndedProcess struct {
	PID     int
	Result  string
	Signals []string
	Error   string
	Advice  *why.Remedy
}

// FreedPort is a place that was to be freed.
type FreedPort struct {
	Socket *socket.Socket
	Free   bool
	Text   string
	// By holds it now, nil where none does.
	By *socket.Socket
	// Wait is how long a program without SO_REUSEADDR has to wait until it can
	// bind, 0 where that is now or not known.
	Wait time.Duration
}

// Destroyed is what became of a socket.
type Destroyed struct {
	Result string
	Error  string
	Remark string
}

// WriteEnding writes the document.
func WriteEnding(w io.Writer, e *Ending) error {
	dst := append(appendHead(nil, &e.Head), ",\n  \"action\": \""+e.Action+"\",\n  \"dry_run\": "...)
	dst = strconv.AppendBool(dst, e.DryRun)
	dst = append(dst, ",\n  \"done\": "...)
	dst = strconv.AppendBool(dst, e.Done)
	dst = appendPlan(append(dst, ",\n  \"plan\": "...), e)
	dst = append(dst, ",\n  \"sockets\": "...)
	dst = appendArray(dst, len(e.Sockets), func(dst []byte, i int) []byte {
		dst = appendSocket(append(dst, '{'), e.Sockets[i], true)
		if i < len(e.Destroyed) {
			d := &e.Destroyed[i]
			dst = appendTextOrNull(dst, "result", d.Result)
			dst = appendTextOrNull(dst, "error", d.Error)
			dst = appendTextOrNull(dst, "remark", d.Remark)
		}
		return append(dst, '}')
	})
	if e.Action == "kill" {
		dst = append(dst, ",\n  \"processes\": "...)
		dst = appendArray(dst, len(e.Processes), func(dst []byte, i int) []byte {
			return appendEnded(dst, &e.Processes[i])
		})
		dst = append(dst, ",\n  \"ports\": "...)
		dst = appendArray(dst, len(e.Ports), func(dst []byte, i int) []byte {
			return appendFreed(dst, &e.Ports[i])
		})
	}
	dst = appendNotices(dst, e.Notices)
	_, err := w.Write(append(dst, "\n}\n"...))
	return err
}

// appendPlan appends a sentence, and of kill what a script needs of it.
func appendPlan(dst []byte, e *Ending) []byte {
	p := e.Plan
	if p == nil {
		return append(dst, "null"...)
	}
	dst = appendText(append(dst, '{'), "text", p.Text)
	if e.Action == "kill" {
		dst = appendTextOrNull(dst, "signal", p.Signal)
		dst = appendNumber(dst, "timeout_ms", uint64(p.Timeout/time.Millisecond))
		dst = appendTextOrNull(dst, "then", p.Then)
		dst = appendList(dst, "pids", len(p.PIDs), func(dst []byte, i int) []byte {
			return strconv.AppendInt(dst, int64(p.PIDs[i]), 10)
		})
	}
	return append(dst, '}')
}

func appendEnded(dst []byte, p *EndedProcess) []byte {
	dst = appendNumber(append(dst, '{'), "pid", uint64(p.PID))
	dst = appendTextOrNull(dst, "result", p.Result)
	dst = appendList(dst, "signals", len(p.Signals), func(dst []byte, i int) []byte {
		return appendString(dst, p.Signals[i])
	})
	dst = appendTextOrNull(dst, "error", p.Error)
	dst = appendKey(dst, "advice")
	if p.Advice == nil {
		return append(dst, "null}"...)
	}
	dst = appendText(append(dst, '{'), "text", p.Advice.Text)
	return append(appendTextOrNull(dst, "command", p.Advice.Command), '}', '}')
}

func appendFreed(dst []byte, p *FreedPort) []byte {
	dst = appendName(append(dst, '{'), "proto", p.Socket.Proto.String())
	dst = AppendEndpoint(dst, "local", p.Socket, &p.Socket.Local)
	dst = appendTextOrNull(dst, "device", p.Socket.Device)
	dst = appendFlag(dst, "free", p.Free)
	dst = appendText(dst, "text", p.Text)
	dst = appendKey(dst, "wait_s")
	if p.Wait == 0 {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendInt(dst, int64((p.Wait+time.Second-1)/time.Second), 10)
	}
	dst = appendKey(dst, "held_by")
	if p.By == nil {
		return append(dst, "null}"...)
	}
	return append(AppendSocket(dst, p.By, true), '}')
}
