package cli

import (
	"os"

	"github.com/spf13/pflag"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/why"
)

// program is the one that wants a port, as flags describe it.
type program struct {
	reuseAddr bool
	uid       uint32
	asUser    bool             // --uid was given
	namespace *netns.Namespace // nil for the one that sockls is in
}

// flags are the ones of program; the texts are their help.
func (p *program) flags(f *pflag.FlagSet, reuseAddr, uid, netns string) {
	f.BoolVar(&p.reuseAddr, "reuseaddr", false, reuseAddr)
	f.Func("uid", uid, func(name string) (err error) {
		p.uid, err = userID(name)
		p.asUser = true
		return err
	})
	f.FuncP("netns", "N", netns+"; `NS` is its name, a process in it, or a path", func(spec string) (err error) {
		p.namespace, err = findNetNS(spec)
		return err
	})
}

// bind is what the program does, as far as the flags of program tell.
func (p *program) bind(s collector.Surveyor) why.Bind {
	uid := uint32(os.Geteuid())
	if p.asUser {
		uid = p.uid
	}
	return why.Bind{ReuseAddr: p.reuseAddr, UID: uid, User: userName(uid), Privileged: s.May(uid)}
}
