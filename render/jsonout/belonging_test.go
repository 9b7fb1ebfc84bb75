package jsonout

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// TestBelonging pins the keys, and that they are there only when asked for.
func TestBelonging(t *testing.T) {
	t.Parallel()
	web := &socket.Container{Runtime: "docker", ID: "0123", Name: "web", Pod: "uid"}
	tests := []struct {
		p    socket.Process
		want string
	}{
		{socket.Process{}, `{`},
		{socket.Process{Dir: "/srv/\xff"}, `{"cwd":"/srv/\\xff","cwd_base64":"L3Nydi//"`},
		{socket.Process{Parents: []socket.Ancestor{}}, `{"parents":[]`},
		{
			socket.Process{Parents: []socket.Ancestor{{PID: 7, Name: "a\"b"}, {PID: 1, Name: "init"}}},
			`{"parents":[{"pid":7,"name":"a\"b"},{"pid":1,"name":"init"}]`,
		},
		{socket.Process{InnerPID: 3}, `{"inner_pid":3`},
		{socket.Process{Workload: &socket.Workload{}}, `{"cgroup":null,"unit":null,"container":null`},
		{
			socket.Process{Workload: &socket.Workload{Cgroup: "/a", Unit: "a.service", HasManager: true, Container: web}},
			`{"cgroup":"/a","unit":"a.service","manager_uid":0,"container":{"runtime":"docker","id":"0123","name":"web","pod":"uid"}`,
		},
		{
			socket.Process{Workload: &socket.Workload{Cgroup: "/", Container: &socket.Container{}, Proxy: &socket.Proxy{
				Proto: socket.TCP, Host: netip.MustParseAddrPort("[fe80::1%eth0]:80"), Inside: netip.MustParseAddrPort("172.17.0.2:8080"), Container: web,
			}}},
			`{"cgroup":"/","unit":null,"container":{"runtime":null,"id":null,"name":null,"pod":null},"proxy":{"proto":"tcp",` +
				`"host":{"address":"fe80::1","zone":"eth0","port":80},"inside":{"address":"172.17.0.2","port":8080},` +
				`"container":{"runtime":"docker","id":"0123","name":"web","pod":"uid"}}`,
		},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, string(appendBelonging([]byte{'{'}, &tt.p))); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}
