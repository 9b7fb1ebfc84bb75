package field

import (
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

func TestBelonging(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	of := func(w socket.Workload) socket.Process { return socket.Process{Workload: &w} }
	in := func(c socket.Container) socket.Process { return of(socket.Workload{Container: &c}) }
	tests := []struct {
		column string
		p      socket.Process
		want   string
	}{
		{"cwd", socket.Process{}, "-"},
		{"cwd", socket.Process{Dir: "/srv/www"}, "/srv/www"},
		{"cwd", socket.Process{Dir: "/a b\n"}, `"/a b\n"`},
		{"parents", socket.Process{}, "-"},
		{"parents", socket.Process{Parents: []socket.Ancestor{}}, "-"},
		{"parents", socket.Process{Parents: []socket.Ancestor{{PID: 7, Name: "sh"}, {PID: 1, Name: "systemd"}}}, "sh[7]/systemd[1]"},
		{"parents", socket.Process{Parents: []socket.Ancestor{{PID: 7, Name: "kworker/0:1"}, {PID: 2, Name: "a[1],b"}}}, `"kworker/0:1"[7]/"a[1],b"[2]`},
		{"unit", of(socket.Workload{}), "-"},
		{"unit", of(socket.Workload{Unit: "nginx.service"}), "nginx.service"},
		{"unit", of(socket.Workload{Unit: `a\x2db.scope`}), `"a\\x2db.scope"`},
		{"unit", of(socket.Workload{Unit: "x.service", Manager: 1000, HasManager: true}), "user@1000.service/x.service"},
		{"container", of(socket.Workload{}), "-"},
		{"container", in(socket.Container{Runtime: "docker", ID: id, Name: "web"}), "docker:web"},
		{"container", in(socket.Container{Runtime: "docker", ID: id}), "docker:0123456789ab"},
		{"container", in(socket.Container{ID: id}), "container:0123456789ab"},
		{"container", in(socket.Container{Pod: "uid"}), "container:pod-uid"},
		{"container", in(socket.Container{Runtime: "lxc", Name: "a,b"}), `"lxc:a,b"`},
		{"container", in(socket.Container{}), "container"},
		{"inner-pid", socket.Process{}, "-"},
		{"inner-pid", socket.Process{InnerPID: 1}, "1"},
	}
	for _, tt := range tests {
		f, ok := Lookup(tt.column)
		if !ok {
			t.Fatalf("there is no column %s", tt.column)
		}
		tt.p.PID = 5
		if got := string(f.Append(nil, holders(socket.Holder{Process: &tt.p}))); got != tt.want {
			t.Errorf("%s of %+v = %s, want %s", tt.column, tt.p, got, tt.want)
		}
		// Of two processes, the one that has nothing keeps its place.
		if tt.want != "-" {
			two := holders(socket.Holder{Process: &tt.p}, socket.Holder{Process: &socket.Process{PID: 6}})
			if got := string(f.Append(nil, two)); got != tt.want+`,""` {
				t.Errorf("%s of two = %s", tt.column, got)
			}
		}
	}
}
