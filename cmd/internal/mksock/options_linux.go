package mksock

import (
	"flag"
	"fmt"
)

// options are the flags.
type options struct {
	netns, inside, exec bool
	join, hide, seccomp string
	name                string
	uid, uidAfter       string
	links               []string
	holder, receiver    string
	leaderExit          bool
	arguments           []string
}

func parseOptions(args []string) (*options, error) {
	o := &options{name: programName}
	f := flag.NewFlagSet(programName, flag.ContinueOnError)
	f.BoolVar(&o.netns, "netns", false, "work in a new network namespace")
	f.StringVar(&o.join, "join", "", "work in the network namespace of `file`")
	f.BoolVar(&o.inside, "inside", false, "already in the namespace (internal)")
	f.BoolVar(&o.exec, "exec", false, "run the program in the arguments")
	f.StringVar(&o.hide, "hide", "", "cover a `directory`")
	f.StringVar(&o.seccomp, "seccomp", "", "refuse the system calls in `list`")
	f.Func("name", "process `name`", func(s string) (err error) {
		o.name, err = unescape(s)
		return err
	})
	f.StringVar(&o.uid, "uid", "", "become `user` before making sockets")
	f.StringVar(&o.uidAfter, "uid-after", "", "become `user` after making sockets")
	f.Func("link", "add an interface: `name,address…`", func(s string) error {
		o.links = append(o.links, s)
		return nil
	})
	f.StringVar(&o.holder, "holder", "", "report descriptor 3 under `label` (internal)")
	f.StringVar(&o.receiver, "receiver", "", "receive a socket through descriptor 3 (internal)")
	f.BoolVar(&o.leaderExit, "leader-exit", false, "end the first thread when ready (internal)")
	if err := f.Parse(args); err != nil {
		return nil, fmt.Errorf("parse flags: %w", err)
	}
	o.arguments = f.Args()
	return o, nil
}
