package jsonout

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// appendBelonging appends what a process belongs to. Each key is there only when
// it was asked for; an object without what it is about stands for nothing.
func appendBelonging(dst []byte, p *socket.Process) []byte {
	if p.Dir != "" {
		dst = appendText(dst, "cwd", p.Dir)
	}
	if p.Parents != nil {
		dst = append(appendKey(dst, "parents"), '[')
		for i, a := range p.Parents {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendNumber(append(dst, '{'), "pid", uint64(a.PID))
			dst = append(appendText(dst, "name", a.Name), '}')
		}
		dst = append(dst, ']')
	}
	if p.InnerPID != 0 {
		dst = appendNumber(dst, "inner_pid", uint64(p.InnerPID))
	}
	if p.Workload != nil {
		dst = appendWorkload(dst, p.Workload)
	}
	return dst
}

func appendWorkload(dst []byte, w *socket.Workload) []byte {
	dst = appendTextOrNull(dst, "cgroup", w.Cgroup)
	dst = appendTextOrNull(dst, "unit", w.Unit)
	if w.HasManager {
		dst = appendNumber(dst, "manager_uid", uint64(w.Manager))
	}
	dst = appendContainer(dst, w.Container)
	if w.Proxy == nil {
		return dst
	}
	dst = append(appendKey(dst, "proxy"), '{')
	dst = appendName(dst, "proto", w.Proxy.Proto.String())
	for _, end := range [...]struct {
		key string
		at  netip.AddrPort
	}{{"host", w.Proxy.Host}, {"inside", w.Proxy.Inside}} {
		dst = AppendAddress(append(appendKey(dst, end.key), '{'), end.at.Addr())
		dst = append(appendNumber(dst, "port", uint64(end.at.Port())), '}')
	}
	return append(appendContainer(dst, w.Proxy.Container), '}')
}

// appendContainer appends a container, or null for none.
func appendContainer(dst []byte, c *socket.Container) []byte {
	dst = appendKey(dst, "container")
	if c == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	dst = appendTextOrNull(dst, "runtime", c.Runtime)
	dst = appendTextOrNull(dst, "id", c.ID)
	dst = appendTextOrNull(dst, "name", c.Name)
	return append(appendTextOrNull(dst, "pod", c.Pod), '}')
}
