//go:build linux

package collector

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/descriptor"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// extras are the details that no table tells, and what they are asked with.
type extras struct {
	cgroups   cgroups
	inspector descriptor.Inspector
	// unasked counts the sockets whose holders' descriptors were refused.
	unasked int
	why     error // the first of their reasons
}

func newExtras(proc procfs.FS) extras {
	return extras{cgroups: cgroups{proc: proc}, inspector: descriptor.Inspector{FS: proc}}
}

func (e *extras) close() {
	e.cgroups.close()
	e.inspector.Close()
}

// detail adds to a row what no table tells. The details of a row that streams
// are good until the next one, and so are these.
func (c *collection) detail(s *socket.Socket) {
	want := c.query.Details
	if want.Has(socket.DetailCgroupPath) && s.Details != nil && s.Details.Extended != nil {
		s.Details.Extended.CgroupPath = c.extras.cgroups.path(s.Details.Extended.CgroupID)
	}
	if want.Has(socket.DetailReuse) && s.Proto.HasPorts() && len(s.Processes) > 0 {
		c.extras.askReuse(s)
	}
}

// askReuse asks a socket through the first of its holders that lets it.
func (e *extras) askReuse(s *socket.Socket) {
	var refused error
	for _, h := range s.Processes {
		reuse, v6only, err := e.inspector.Reuse(h.Process.PID, h.TID, h.FD, s.Inode)
		if err == nil {
			if s.Details == nil {
				s.Details = &socket.Details{}
			}
			s.Details.Reuse = &reuse
			if s.V6Only == socket.Unknown {
				s.V6Only = v6only
			}
			return
		}
		if refused == nil && !errors.Is(err, descriptor.ErrGone) {
			refused = err
		}
	}
	if refused != nil {
		e.unasked++
		if e.why == nil {
			e.why = refused
		}
	}
}

// detailNotices says which details are missing, and why.
func (c *collection) detailNotices() []socket.Notice {
	var all []socket.Notice
	want := c.query.Details
	if lost := lostDetails(want); len(lost) > 0 && c.poor != 0 {
		all = append(all, socket.Notice{
			Code:    "details-unavailable",
			Message: "/proc/net does not tell " + strings.Join(lost, ", ") + ", so they are missing for " + protoList(c.poor),
		})
	}
	if lost := lostDetails(want &^ strayDetails); len(lost) > 0 && c.found > 0 {
		all = append(all, socket.Notice{
			Code: "details-unavailable", Count: c.found,
			Message: count(c.found, "socket") + " in no table, found by a descriptor, which does not tell " + strings.Join(lost, ", "),
		})
	}
	if want.Has(socket.DetailContext) && c.contextless {
		all = append(all, socket.Notice{
			Code:    "no-security-contexts",
			Message: "no process has a security context (no SELinux, AppArmor or Smack here)",
		})
	}
	if want.Has(socket.DetailMark) && c.client != nil && !c.netAdmin() {
		all = append(all, socket.Notice{
			Code:    "marks-hidden",
			Message: "the kernel shows marks only to root (CAP_NET_ADMIN)",
			Hint:    "run as root to see them",
		})
	}
	if want.Has(socket.DetailCgroupPath) && c.extras.cgroups.err != nil {
		all = append(all, socket.Notice{
			Code:    "cgroups-unavailable",
			Message: "paths of cgroups are not known: no cgroup v2 hierarchy could be opened: " + c.extras.cgroups.err.Error(),
		})
	}
	return append(all, c.extras.unaskedNotice()...)
}

// unaskedNotice is about the sockets whose holders did not let them be asked.
func (e *extras) unaskedNotice() []socket.Notice {
	if e.unasked == 0 {
		return nil
	}
	return []socket.Notice{{
		Code: "options-hidden", Count: e.unasked,
		Message: "SO_REUSEADDR and SO_REUSEPORT could not be asked of " + count(e.unasked, "socket") + ": " + e.why.Error(),
		Hint:    "run as root to see them",
	}}
}

func protoList(set socket.ProtoSet) string {
	var names []string
	for _, p := range socket.Protos() {
		if set.Has(p) {
			names = append(names, p.String())
		}
	}
	return strings.Join(names, ", ")
}

// lostDetails names those that /proc/net does not tell.
func lostDetails(want socket.Detail) (names []string) {
	for _, d := range []struct {
		detail socket.Detail
		name   string
	}{
		{socket.DetailExtended, "what was shut down"},
		{socket.DetailMark, "marks"},
		{socket.DetailExtended | socket.DetailCgroupPath, "cgroups"},
		{socket.DetailAutobound, "who chose a port"},
		{socket.DetailTimer, "timers"},
		{socket.DetailMemory, "memory"},
		{socket.DetailTCPInfo, "tcp_info"},
		{socket.DetailTOS, "type of service"},
		{socket.DetailIPFlags, "IP options"},
	} {
		if want.Has(d.detail) {
			names = append(names, d.name)
		}
	}
	return names
}

// withheld are the details that the kernel keeps to itself before this user.
func (s *session) withheld(want socket.Detail) socket.Detail {
	if want.Has(socket.DetailMark) && !s.netAdmin() {
		return socket.DetailMark
	}
	return 0
}

// netAdmin reports whether this user has CAP_NET_ADMIN over the network
// namespace that is looked into, as netlink_net_capable judges it: the
// capability counts in the user namespace that owns the network namespace,
// which can only be opened from there or from one above.
func (s *session) netAdmin() bool {
	if s.admin == socket.Unknown {
		s.admin = socket.No
		_ = s.proc.Inside(func() error { // who may not go there has no capability there
			s.admin = socket.TriOf(hasNetAdmin(s.proc.Dir() + "/thread-self/ns/net"))
			return nil
		})
	}
	return s.admin == socket.Yes
}

func hasNetAdmin(namespace string) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil || sets[0].Effective&(1<<unix.CAP_NET_ADMIN) == 0 {
		return false
	}
	fd, err := unix.Open(namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return true // there are no namespaces, or none to look at
	}
	defer unix.Close(fd)
	user, err := unix.IoctlRetInt(fd, unix.NS_GET_USERNS)
	if err == nil {
		_ = unix.Close(user) // a namespace has nothing to lose
	}
	return !errors.Is(err, unix.EPERM)
}

// tcpInfoTail says how a kernel ends its struct tcp_info.
func tcpInfoTail(release string) sockdiag.TCPInfoTail {
	switch {
	case atLeast(release, 7, 0):
		return sockdiag.TailPacked
	case atLeast(release, 6, 18):
		return sockdiag.TailApart
	}
	return sockdiag.TailUnknown
}
