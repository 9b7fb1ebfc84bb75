package why_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/collector/workload"
)

func TestStop(t *testing.T) {
	t.Parallel()
	units := []workload.SocketUnit{{Name: "web.socket", Service: "web.service", Listen: []workload.Listen{{Proto: socket.TCP, Port: 80}}}}
	unit := func(name string) *socket.Workload { return &socket.Workload{Unit: name} }
	tests := []struct {
		name    string
		port    uint32
		process socket.Process
		command string
		ok      bool
	}{
		{"a service", 8080, socket.Process{PID: 9, Workload: unit("nginx.service")}, "systemctl stop nginx.service", true},
		{"a user's service", 8080, socket.Process{PID: 9, Workload: &socket.Workload{Unit: "dev.service", HasManager: true, Manager: 1000}}, "systemctl --user stop dev.service", true},
		{"a name that is not plain", 8080, socket.Process{PID: 9, Workload: unit("a$(x).service")}, "", true},
		{"a session", 8080, socket.Process{PID: 9, Workload: unit("session-3.scope")}, "", false},
		{"nothing known", 8080, socket.Process{PID: 9}, "", false},
		{"a container", 8080, socket.Process{PID: 9, Workload: &socket.Workload{Container: &socket.Container{Runtime: "docker", Name: "db"}}}, "docker stop db", true},
		{"the first process for a unit", 80, socket.Process{PID: 1, Name: "systemd"}, "systemctl stop web.socket", true},
		{"a service that was activated", 80, socket.Process{PID: 9, Workload: unit("web.service")}, "systemctl stop web.service", true},
		{"the manager for no known unit", 81, socket.Process{PID: 1, Name: "systemd"}, "systemctl list-sockets --all", true},
	}
	for _, tt := range tests {
		s := &socket.Socket{
			Proto: socket.TCP, State: socket.Listen, Local: socket.Endpoint{Port: tt.port},
			Processes: []socket.Holder{{Process: &tt.process}},
		}
		r, ok := why.Stop(s, &tt.process, units)
		if diff := cmp.Diff(tt.command, r.Command); diff != "" || ok != tt.ok || ok && r.Text == "" {
			t.Errorf("%s: %+v, %v", tt.name, r, ok)
		}
	}
}

func TestManager(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		p    socket.Process
		want bool
	}{
		{socket.Process{PID: 1, Name: "init"}, true},
		{socket.Process{PID: 900, Name: "systemd", Workload: &socket.Workload{Unit: "init.scope", HasManager: true}}, true},
		{socket.Process{PID: 900, Name: "systemd", Workload: &socket.Workload{Unit: "evil.service"}}, false},
		{socket.Process{PID: 900, Name: "systemd"}, false},
		{socket.Process{PID: 900, Name: "nginx", Workload: &socket.Workload{Unit: "init.scope"}}, false},
	} {
		if got := why.Manager(&tt.p); got != tt.want {
			t.Errorf("%+v: %v", tt.p, got)
		}
	}
}
