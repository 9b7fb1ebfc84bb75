package fact

import "github.com/sockls/sockls/collector/socket"

// extendedFacts are what ss -e and --cgroup tell beyond the facts of every row.
func extendedFacts() []Fact {
	all := []Fact{
		known("shutdown", Count, Extended, socket.DetailExtended, "", extended,
			func(e *socket.Extended) (*socket.Shutdown, *bool) { return &e.Shutdown, &e.HasShutdown }).
			named("directions closed by shutdown(2): none; receive; send; receive,send",
				[]string{"none", "receive", "send", "receive,send"}),
		known("mark", Hex, Extended, socket.DetailMark, "firewall mark (SO_MARK), which only CAP_NET_ADMIN may see", extended,
			func(e *socket.Extended) (*uint32, *bool) { return &e.Mark, &e.HasMark }),
		text(Extended, "cgroup", socket.DetailExtended|socket.DetailCgroupPath, "path of the cgroup v2 that the socket was made in",
			func(s *socket.Socket, create bool) *string {
				if e := extended(s, create); e != nil {
					return &e.CgroupPath
				}
				return nil
			}),
		number(Extended, "cgroup-id", Count, socket.DetailExtended, "id of that cgroup, the inode number of its directory",
			func(s *socket.Socket, create bool) *uint64 {
				if e := extended(s, create); e != nil {
					return &e.CgroupID
				}
				return nil
			}).without(0),
		tri(Extended, "autobound", socket.DetailAutobound, "whether the kernel chose the local port",
			func(s *socket.Socket, create bool) *socket.Tri {
				if e := extended(s, create); e != nil {
					return &e.Autobound
				}
				return nil
			}),
		known("md5-keys", Count, Extended, socket.DetailExtended,
			"how many TCP-MD5 keys the socket has, which only CAP_NET_ADMIN may see", extended,
			func(e *socket.Extended) (*uint32, *bool) { return &e.MD5Keys, &e.HasMD5Keys }),
	}
	all = append(all, unixFacts()...)
	all = append(all, netlinkFacts()...)
	all = append(all, packetFacts()...)
	return append(all, xdpFacts()...)
}

func extended(s *socket.Socket, create bool) *socket.Extended {
	d := details(s, create)
	if d == nil {
		return nil
	}
	if d.Extended == nil && create {
		d.Extended = &socket.Extended{}
	}
	return d.Extended
}

// ofFamily finds the specifics of a family.
func ofFamily[C any](in func(*socket.Extended) **C) func(s *socket.Socket, create bool) *C {
	return func(s *socket.Socket, create bool) *C {
		e := extended(s, create)
		if e == nil {
			return nil
		}
		c := in(e)
		if *c == nil && create {
			*c = new(C)
		}
		return *c
	}
}

// always is a fact that is told with the specifics it lives in.
func always[C any, T integer](
	name string, kind Kind, help string, in func(*socket.Socket, bool) *C, at func(*C) *T,
) Fact {
	return number(Extended, name, kind, socket.DetailExtended, help, func(s *socket.Socket, create bool) *T {
		if c := in(s, create); c != nil {
			return at(c)
		}
		return nil
	})
}

// named gives names to the values of a number.
func (f Fact) named(help string, names []string) Fact {
	number, set := f.Number, f.SetNumber
	f.Help, f.Kind, f.Number, f.SetNumber = help, Text, nil, nil
	f.Text = func(s *socket.Socket) (string, bool) {
		n, ok := number(s)
		if !ok || n >= int64(len(names)) {
			return "", false
		}
		return names[n], true
	}
	f.SetText = func(s *socket.Socket, t string) {
		for i, name := range names {
			if name == t {
				set(s, int64(i))
			}
		}
	}
	return f
}
