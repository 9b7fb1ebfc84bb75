package mksock

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// programName is the name under which [Main] has to be started, and the comm
// of the process unless -name gives another.
const programName = "mksock"

// The first goroutine keeps the first thread: namespaces, names and seccomp
// filters belong to threads, /proc/PID shows those of the first one, children
// die with the thread that started them, and only the first thread can exit as
// a leader.
func init() { runtime.LockOSThread() }

// Main is the program. It must be called on the first goroutine and ends the
// process. Each argument is a spec, kind:address,option,option=value, with Go's
// escapes in address and values (\x2c is a comma). label=NAME names its
// sockets, the kind without punctuation is the default.
//
//	tcp-listen:ADDR mptcp-listen:ADDR       backlog=N
//	tcp-pair:ADDR mptcp-pair:ADDR           both ends; to=HOST from=ADDR keep (the listener too)
//	                                        shutdown=receive|send|both (of the accepted end)
//	                                        hangup (the client closes its end)
//	tcp-unaccepted:ADDR                     clients=N in a listener's queue; to from backlog
//	tcp-bound:ADDR tcp-unbound:4|6          neither listening nor connected
//	udp:ADDR udplite:ADDR udp-unbound:4|6
//	udp-connected:ADDR                      from=ADDR
//	raw:PROTOCOL                            v6 bind=HOST
//	ping:ADDR                               the port is the identifier
//	tcp-synsent:PORT tcp-established:PORT tcp-finwait1:PORT tcp-finwait2:PORT
//	tcp-closing:PORT tcp-closewait:PORT tcp-lastack:PORT
//	tcp-timewait:PORT tcp-orphan:PORT       192.0.2.1:PORT to 192.0.2.2:80, one end; close
//	tcp-synrecv:PORT                        and its listener; from 192.0.2.2:50000
//	unix-listen:NAME unix-bound:NAME unix-dgram:NAME unix-seqpacket:NAME
//	unix-deleted:NAME unix-pair
//	unix-connected:NAME                     type=stream|seqpacket; unix-pair type=dgram too
//	netlink:FAMILY                          groups=MASK port=ID
//	packet:all|ETHERTYPE                    device=NAME type=dgram
//	vsock-listen:PORT xdp:DEVICE
//
// The internet kinds take reuseaddr, reuseport, v6only, dual, device=NAME,
// keepalive, freebind, transparent, mark=N, priority=N, rcvbuf=N, sndbuf=N,
// tos=N, tclass=N and congestion=NAME. Accepted ends inherit all of them.
// Every kind takes count=N (that many of the same), and one or more ways to
// hold its first socket: fork=N, passed or passed=only, inflight, iouring,
// thread, leader-exit, away (in the network namespace of a thread).
func Main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mksock:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(args []string, in io.Reader, out io.Writer) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	program := -1
	if o.exec {
		if len(o.arguments) == 0 {
			return errors.New("nothing to run")
		}
		path, err := exec.LookPath(o.arguments[0])
		if err != nil {
			return fmt.Errorf("find program: %w", err)
		}
		if program, err = openProgram(path); err != nil {
			return err
		}
	}
	if (o.netns || o.join != "") && !o.inside {
		if err := enter(o.join); err != nil {
			return err
		}
		if !o.exec {
			return again(args)
		}
	}
	if o.exec {
		return o.runProgram(program)
	}
	return o.holdSockets(in, out)
}

// again starts the program anew from the thread that has entered a namespace,
// so that all its threads are in there.
func again(args []string) error {
	argv := append([]string{programName, "-inside"}, args...)
	return fmt.Errorf("start again: %w", syscall.Exec("/proc/self/exe", argv, os.Environ()))
}

func (o *options) runProgram(program int) error {
	if o.hide != "" {
		if err := cover(o.hide); err != nil {
			return err
		}
	}
	if err := becomeUser(o.uid); err != nil {
		return err
	}
	if o.seccomp != "" {
		if err := refuse(o.seccomp); err != nil {
			return err
		}
	}
	return become(program, o.arguments)
}

func becomeUser(uid string) error {
	n, given, err := optionalNumber(uid)
	if err != nil || !given {
		return err
	}
	return dropTo(n)
}

func (o *options) holdSockets(in io.Reader, out io.Writer) error {
	if err := rename(o.name); err != nil {
		return err
	}
	w := &world{own: o.netns}
	if o.netns {
		if err := linkUp("lo"); err != nil {
			return err
		}
	}
	for _, link := range o.links {
		if _, err := w.addLink(link); err != nil {
			return err
		}
	}
	if err := becomeUser(o.uid); err != nil {
		return err
	}
	f := &family{name: o.name}
	held, err := o.collect(w, f)
	if err != nil {
		f.end()
		return err
	}
	if err := becomeUser(o.uidAfter); err != nil {
		return err
	}
	return o.wait(f, held, in, out)
}

// wait reports and stays until in ends.
func (o *options) wait(f *family, held []holding, in io.Reader, out io.Writer) error {
	for _, h := range held {
		if err := h.print(out); err != nil {
			return err
		}
	}
	stay := func() error {
		if _, err := fmt.Fprintln(out, ready); err != nil {
			return fmt.Errorf("report: %w", err)
		}
		_, err := io.Copy(io.Discard, in)
		f.end()
		return err
	}
	if !o.leaderExit {
		return stay()
	}
	return outlive(stay)
}
