package rtnetlink

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// tree makes files below a new directory; a name that ends in a slash is a
// directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if name[len(name)-1] == '/' {
			must(t, os.MkdirAll(path, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return root
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plainSettings are those of a machine on which nobody changed one.
func plainSettings() map[string]string {
	return map[string]string{
		"sys/net/ipv4/ip_local_port_range":        "32768\t60999\n",
		"sys/net/ipv4/ip_local_reserved_ports":    "\n",
		"sys/net/ipv4/ip_unprivileged_port_start": "1024\n",
		"sys/net/ipv4/ip_nonlocal_bind":           "0\n",
		"sys/net/ipv4/tcp_l3mdev_accept":          "0\n",
		"sys/net/ipv4/udp_l3mdev_accept":          "0\n",
		"sys/net/ipv6/ip_nonlocal_bind":           "0\n",
		"sys/net/ipv6/bindv6only":                 "0\n",
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	number := func(n uint16) *uint16 { return &n }
	plain := func(change func(*machine.Machine)) machine.Machine {
		m := machine.Machine{
			UnprivilegedPorts: number(1024), Ephemeral: &machine.Ports{First: 32768, Last: 60999},
			NonlocalBind4: socket.No, NonlocalBind6: socket.No, IPv6: socket.Yes, V6Only: socket.No,
			AcceptL3TCP: socket.No, AcceptL3UDP: socket.No,
		}
		change(&m)
		return m
	}
	without6 := func(m *machine.Machine) {
		m.IPv6, m.NonlocalBind6, m.V6Only = socket.Unknown, socket.Unknown, socket.Unknown
	}
	tests := []struct {
		name    string
		change  map[string]string // "" removes the file
		sys     string
		want    machine.Machine
		unknown int
	}{
		{"plain", nil, "", plain(func(*machine.Machine) {}), 0},
		{
			"all changed",
			map[string]string{
				"ipv4/ip_local_port_range": "1024 2000\n", "ipv4/ip_local_reserved_ports": "8080,9000-9010\n",
				"ipv4/ip_unprivileged_port_start": "0\n", "ipv4/ip_nonlocal_bind": "1\n", "ipv6/ip_nonlocal_bind": "1\n",
				"ipv4/tcp_l3mdev_accept": "1\n", "ipv4/udp_l3mdev_accept": "1\n", "ipv6/bindv6only": "1\n",
			},
			"",
			machine.Machine{
				UnprivilegedPorts: number(0), Ephemeral: &machine.Ports{First: 1024, Last: 2000},
				Reserved:      []machine.Ports{{First: 8080, Last: 8080}, {First: 9000, Last: 9010}},
				NonlocalBind4: socket.Yes, NonlocalBind6: socket.Yes, IPv6: socket.Yes, V6Only: socket.Yes,
				AcceptL3TCP: socket.Yes, AcceptL3UDP: socket.Yes,
			},
			0,
		},
		{"before Linux 4.11", map[string]string{"ipv4/ip_unprivileged_port_start": ""}, "", plain(func(*machine.Machine) {}), 0},
		{
			"no VRFs",
			map[string]string{"ipv4/tcp_l3mdev_accept": "", "ipv4/udp_l3mdev_accept": ""},
			"",
			plain(func(m *machine.Machine) { m.AcceptL3TCP, m.AcceptL3UDP = socket.Yes, socket.Yes }), 0,
		},
		{
			"nonsense",
			map[string]string{"ipv4/ip_unprivileged_port_start": "x\n", "ipv4/ip_nonlocal_bind": "\n", "ipv4/ip_local_port_range": "2 1\n"},
			"",
			plain(func(m *machine.Machine) {
				m.UnprivilegedPorts, m.Ephemeral, m.NonlocalBind4 = nil, nil, socket.Unknown
			}), 3,
		},
		{"no IPv6", map[string]string{"ipv6": ""}, "module/ipv6/", plain(func(m *machine.Machine) { without6(m); m.IPv6 = socket.No }), 0},
		{"IPv6 not loaded, perhaps", map[string]string{"ipv6": ""}, "", plain(without6), 0},
		{"no settings at all", map[string]string{"ipv4": "", "ipv6": ""}, "module/ipv6/", machine.Machine{}, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, plainSettings())
			for name, content := range tt.change {
				path := filepath.Join(root, "sys/net", name)
				must(t, os.RemoveAll(path))
				if content != "" {
					must(t, os.WriteFile(path, []byte(content), 0o644))
				}
			}
			sys := t.TempDir()
			must(t, os.MkdirAll(filepath.Join(sys, tt.sys), 0o755))
			s := settings{proc: procfs.FS{Root: root}, sys: sys}
			var got machine.Machine
			s.read(&got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			notices := s.notices()
			if tt.unknown == 0 && len(notices) > 0 || tt.unknown > 0 && (len(notices) != 1 || notices[0].Count != tt.unknown) {
				t.Errorf("notices %+v", notices)
			}
		})
	}
}

func TestServices(t *testing.T) {
	t.Parallel()
	proc := tree(t, map[string]string{
		"fs/nfsd/portlist":       "tcp 2049\nudp 2049\nrdma 20049\ntcp none\n",
		"sys/fs/nfs/nlm_tcpport": "32803\n",
		"sys/fs/nfs/nlm_udpport": "0\n",
	})
	sys := tree(t, map[string]string{
		"module/nfs/parameters/callback_tcpport":                                 "2050\n",
		"class/ksmbd-control/stats":                                              "2 running 445 17\n",
		"kernel/config/target/iscsi/iqn.2003-01.org:x/tpgt_1/np/[::0]:3260/iser": "0\n",
		"kernel/config/target/iscsi/iqn.2003-01.org:x/tpgt_1/np/192.0.2.1:3261/": "",
		"kernel/config/target/iscsi/iqn.2003-01.org:x/tpgt_1/np/nonsense/":       "",
		"kernel/config/target/iscsi/discovery_auth/userid":                       "",
		"kernel/config/nvmet/ports/1/addr_trtype":                                "tcp\n",
		"kernel/config/nvmet/ports/1/addr_trsvcid":                               "4420\n",
		"kernel/config/nvmet/ports/1/subsystems/testnqn/":                        "",
		"kernel/config/nvmet/ports/2/addr_trtype":                                "tcp\n",
		"kernel/config/nvmet/ports/2/addr_trsvcid":                               "4421\n",
		"kernel/config/nvmet/ports/2/subsystems/":                                "",
		"kernel/config/nvmet/ports/3/addr_trtype":                                "rdma\n",
		"kernel/config/nvmet/ports/3/addr_trsvcid":                               "4422\n",
		"kernel/config/nvmet/ports/3/subsystems/testnqn/":                        "",
	})
	tcp := func(kind string, number uint16) machine.KernelPort {
		return machine.KernelPort{Proto: socket.TCP, Port: number, Kind: kind}
	}
	want := []machine.KernelPort{
		tcp("ksmbd", 445), tcp("nfsd", 2049), tcp("nfs-callback", 2050), tcp("iscsi", 3260), tcp("iscsi", 3261), tcp("nvmet", 4420), tcp("lockd", 32803),
		{Proto: socket.UDP, Port: 2049, Kind: "nfsd"},
	}
	got := services(proc, sys)
	slices.SortFunc(got, comparePorts)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := services(t.TempDir(), t.TempDir()); len(got) > 0 {
		t.Errorf("of nothing: %v", got)
	}
	must(t, os.WriteFile(filepath.Join(sys, "class/ksmbd-control/stats"), []byte("2 shutdown 445 17\n"), 0o644))
	if got := ksmbdPorts(filepath.Join(sys, "class/ksmbd-control/stats")); len(got) > 0 {
		t.Errorf("ksmbd that does not run: %v", got)
	}
}
