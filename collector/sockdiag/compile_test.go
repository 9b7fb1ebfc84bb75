package sockdiag

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

func parseFilter(t testing.TB, text string) filter.Expr {
	t.Helper()
	f, err := filter.Parse(text, filter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f.Expr
}

// lifted is a condition as the compiler gets it, for TCP connections.
func lifted(e filter.Expr, ops opset) filter.Expr {
	l := lifter{ops: ops, index: testIfIndex}
	return l.lift(filter.Rewrite(e, about{proto: socket.TCP, ipv4: true, ipv6: true, state: socket.Established}.known))
}

// TestPrograms spells programs out as the structures of the uapi header.
func TestPrograms(t *testing.T) {
	t.Parallel()
	ins := func(code, yes uint8, no uint16, operand ...any) []byte { // struct inet_diag_bc_op
		return pack(code, yes, no, pack(operand...))
	}
	port := func(n uint16) []byte { return pack(uint8(0), uint8(0), n) }
	host := func(family, bits uint8, addr ...byte) []byte { // struct inet_diag_hostcond
		return pack(family, bits, uint16(0), int32(-1), addr)
	}
	const (
		jmp, sge, sle, dge, dle, auto = 1, 2, 3, 4, 5, 6
		scond, dcond, dev, mark       = 7, 8, 9, 10
		seq, deq, cgroup              = 11, 12, 13
	)
	tests := []struct {
		text string
		ops  opset
		want [][]byte
	}{
		{"sport = 80", allOps, [][]byte{ins(seq, 8, 12, port(80))}},
		{"dport = 80", allOps, [][]byte{ins(deq, 8, 12, port(80))}},
		{"sport = 80", allOps &^ opPortEqual, [][]byte{ins(sge, 8, 20, port(80)), ins(sle, 8, 12, port(80))}},
		{"sport >= 1024", allOps, [][]byte{ins(sge, 8, 12, port(1024))}},
		{"dport < 1024", allOps, [][]byte{ins(dle, 8, 12, port(1023))}},
		{"dport != 80", allOps, [][]byte{
			ins(dle, 8, 12, port(79)), ins(jmp, 4, 12), ins(dge, 8, 12, port(81)),
		}},
		{"dport = 8000-8100", allOps, [][]byte{ins(dge, 8, 20, port(8000)), ins(dle, 8, 12, port(8100))}},
		{"src 127.0.0.0/8", allOps, [][]byte{ins(scond, 16, 20, host(2, 8, 127, 0, 0, 0))}},
		{"dst ::1", allOps, [][]byte{ins(dcond, 28, 32, host(10, 128, append(make([]byte, 15), 1)...))}},
		{"not dst 10.0.0.0/8", allOps, [][]byte{ins(dcond, 16, 20, host(2, 8, 10, 0, 0, 0)), ins(jmp, 4, 8)}},
		{"dev = eth2", allOps, [][]byte{ins(dev, 8, 12, uint32(2))}},
		{"fwmark = 1/0x3", allOps, [][]byte{ins(mark, 12, 16, uint32(1), uint32(3))}},
		{"autobound", allOps, [][]byte{ins(auto, 4, 8)}},
		{"not autobound", allOps, [][]byte{ins(auto, 4, 8), ins(jmp, 4, 8)}},
		{"family ipv6", allOps, [][]byte{ins(scond, 28, 32, host(10, 0, make([]byte, 16)...))}},
		{"sport = 1 and dport = 2", allOps, [][]byte{ins(seq, 8, 20, port(1)), ins(deq, 8, 12, port(2))}},
		{"sport = 1 or dport = 2", allOps, [][]byte{ins(seq, 8, 12, port(1)), ins(jmp, 4, 12), ins(deq, 8, 12, port(2))}},
		{"not (sport = 1 or dev = eth1) and dport = 2", allOps, [][]byte{
			ins(seq, 8, 12, port(0)), ins(jmp, 4, 12), ins(sge, 8, 32, port(2)),
			ins(dev, 8, 12, uint32(1)), ins(jmp, 4, 16), ins(deq, 8, 12, port(2)),
		}},
		// What the kernel does not know is true, negated or not.
		{"sport = 1 and inode = 5", allOps, [][]byte{ins(seq, 8, 12, port(1))}},
		{"sport = 1 and not inode = 5", allOps, [][]byte{ins(seq, 8, 12, port(1))}},
		{"sport = 1 or not inode = 5", allOps, nil},
		{"sport = 1 and not (dport = 2 and not inode = 5)", allOps, [][]byte{ins(seq, 8, 12, port(1))}},
		{"sport = 1 and not src [fe80::1%eth1]", allOps, [][]byte{ins(seq, 8, 12, port(1))}},
		{"sport = 1 and dev = gone", allOps, [][]byte{ins(seq, 8, 12, port(1))}},
		{"sport = 1 and fwmark = 1", allOps &^ opMark, [][]byte{ins(seq, 8, 12, port(1))}},
		{"sport = 1 and not dev = eth1", allOps &^ opDevice, [][]byte{ins(seq, 8, 12, port(1))}},
		{"sport = 1", 0, nil},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s/%x", tt.text, tt.ops), func(t *testing.T) {
			t.Parallel()
			program, _ := compile(lifted(parseFilter(t, tt.text), tt.ops), tt.ops)
			if diff := cmp.Diff(bytes.Join(tt.want, nil), program); diff != "" && len(tt.want)+len(program) > 0 {
				t.Errorf("program (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("cgroup", func(t *testing.T) {
		t.Parallel()
		program, used := compile(lifted(filter.Cgroup{Path: "/a", ID: 1 << 40}, allOps), allOps)
		if diff := cmp.Diff(ins(cgroup, 12, 16, uint64(1<<40)), program); diff != "" || !used.has(opCgroup) {
			t.Errorf("program (-want +got):\n%s", diff)
		}
	})
}

// TestLongPrograms: lists of any length make a program that the kernel takes,
// that lets pass whatever matches, and that is not slow.
func TestLongPrograms(t *testing.T) {
	t.Parallel()
	ports := func(n, step int) filter.Expr {
		var r filter.Ranges
		for i := range int64(n) {
			r = append(r, filter.Range{First: 3 + i*int64(step), Last: 3 + i*int64(step)})
		}
		return filter.Port{End: filter.Either, Ranges: r}
	}
	addrs := func(n int) []filter.Expr {
		var all []filter.Expr
		for i := range n {
			addr := netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1})
			all = append(all, filter.Addr{End: filter.Local, Prefix: netip.PrefixFrom(addr, 32)})
		}
		return all
	}
	var strangers filter.And
	for _, a := range addrs(6000) {
		strangers = append(strangers, filter.Not{X: a})
	}
	tests := []struct {
		name  string
		e     filter.Expr
		exact bool
		most  int // operations that one socket takes
	}{
		{"a thousand ports", ports(1000, 7), true, 40},
		{"none of a thousand ports", filter.Not{X: ports(1000, 7)}, true, 40},
		{"too many ports", ports(9000, 7), false, 40},
		{"none of too many ports", filter.Not{X: ports(9000, 7)}, false, 40},
		{"a thousand addresses", filter.Or(addrs(1000)), true, 2000},
		{"too many addresses", filter.Or(addrs(5000)), false, 0},
		{"too many addresses, and a port", filter.And{filter.Or(addrs(5000)), ports(50, 7)}, false, 40},
		{"none of too many addresses", strangers, false, 5000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			program, _ := compile(lifted(tt.e, allOps), allOps)
			if len(program) > maxProgram {
				t.Fatalf("%d bytes", len(program))
			}
			in := interpreter{}
			if program == nil {
				if tt.exact || tt.most > 0 {
					t.Fatal("no program")
				}
				return
			}
			if errno := in.audit(program); errno != 0 {
				t.Fatalf("refused: %v", errno)
			}
			rng := rand.New(rand.NewPCG(1, 5))
			most, passed := 0, 0
			const sockets = 2000
			for range sockets {
				s := &socket.Socket{Proto: socket.TCP, Family: socket.IPv4, State: socket.Established}
				s.Local = socket.Endpoint{Addr: netip.AddrFrom4([4]byte{10, byte(rng.IntN(40)), byte(rng.Uint32()), 1}), Port: uint32(rng.IntN(10_000))}
				s.Remote = socket.Endpoint{Addr: s.Local.Addr, Port: uint32(rng.IntN(1 << 16))}
				pass, steps := in.run(program, entry{
					family: afInet, src: s.Local.Addr.AsSlice(), dst: s.Remote.Addr.AsSlice(), sport: uint16(s.Local.Port), dport: uint16(s.Remote.Port),
				})
				most = max(most, steps)
				yes := filter.Eval(tt.e, s, filterDetails) == socket.Yes
				if yes && !pass || tt.exact && yes != pass {
					t.Fatalf("matches: %v, passes: %v: %v %v", yes, pass, s.Local, s.Remote)
				}
				if pass {
					passed++
				}
			}
			if most > tt.most {
				t.Errorf("%d operations, want at most %d", most, tt.most)
			}
			if passed == 0 || passed == sockets {
				t.Errorf("%d of %d sockets pass", passed, sockets)
			}
		})
	}
}

// TestRangesProperty: clipping, complement and coarsening against plain sets.
func TestRangesProperty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 6))
		var r filter.Ranges
		for at := int64(-5); at < lastPort+20; {
			last := at + rng.Int64N(30)
			r = append(r, filter.Range{First: at, Last: last})
			at = last + 1 + rng.Int64N(60)*rng.Int64N(2)
		}
		clipped := clip(r)
		others := complement(clipped)
		joined := clipped
		if len(clipped) > maxRanges {
			joined = coarse(clipped)
		}
		want, kept, rest, wide := portSet(r), portSet(clipped), portSet(others), portSet(joined)
		for port, in := range want {
			if kept[port] != in || rest[port] == in || in && !wide[port] {
				t.Fatalf("seed %d: port %d: %v, clipped %v, complement %v, joined %v", seed, port, in, kept[port], rest[port], wide[port])
			}
		}
		for i, x := range joined {
			if len(joined) > maxRanges || x.First > x.Last || i > 0 && joined[i-1].Last+1 >= x.First {
				t.Fatalf("seed %d: %d ranges, %v after %v", seed, len(joined), x, joined[max(i-1, 0)])
			}
		}
	}
	if all := complement(nil); len(all) != 1 || len(complement(all)) != 0 {
		t.Errorf("the complement of nothing is %v", all)
	}
}

func portSet(r filter.Ranges) []bool {
	set := make([]bool, lastPort+1)
	for _, x := range r {
		for port := max(x.First, 0); port <= min(x.Last, lastPort); port++ {
			set[port] = true
		}
	}
	return set
}

func TestWeaker(t *testing.T) {
	t.Parallel()
	tests := []struct {
		used opset
		err  error
		want opset
	}{
		{allOps, syscall.EPERM, allOps &^ opMark},
		{opProgram | opDevice, syscall.EPERM, opProgram | opDevice},
		{allOps, syscall.EINVAL, allOps &^ opCgroup},
		{opProgram | opPortEqual | opMark, fmt.Errorf("ask: %w", syscall.EINVAL), opProgram | opMark},
		{opProgram | opMark | opDevice, syscall.EINVAL, opProgram | opDevice},
		{opProgram | opDevice, syscall.EINVAL, opProgram},
		{opProgram, syscall.EINVAL, 0},
		{0, syscall.EINVAL, 0},
		{allOps, syscall.EMSGSIZE, allOps &^ opProgram},
		{allOps, syscall.ENOENT, allOps},
	}
	for _, tt := range tests {
		if got := weaker(tt.used, tt.err); got != tt.want {
			t.Errorf("%x after %v: %x, want %x", tt.used, tt.err, got, tt.want)
		}
	}
}

// TestInterpreterAudit: the reference refuses what the kernel does.
func TestInterpreterAudit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		program []byte
		user    bool
		want    syscall.Errno
	}{
		{"nothing", nil, false, syscall.EINVAL},
		{"jump to the end", []byte{1, 4, 4, 0}, false, 0},
		{"jump behind the end", []byte{1, 4, 8, 0}, false, 0},
		{"jump further", []byte{1, 4, 12, 0}, false, syscall.EINVAL},
		{"jump backwards", []byte{1, 4, 0, 0}, false, syscall.EINVAL},
		{"jump between operations", []byte{1, 4, 8, 0, 11, 8, 12, 0, 0, 0, 80, 0}, false, syscall.EINVAL},
		{"uneven jump", []byte{1, 4, 6, 0, 0, 4, 0, 0}, false, syscall.EINVAL},
		{"no room for the port", []byte{11, 4, 4, 0}, false, syscall.EINVAL},
		{"unknown operation", []byte{99, 4, 4, 0}, false, syscall.EINVAL},
		{"prefix longer than the address", append([]byte{7, 16, 20, 0, 2, 33, 0, 0}, make([]byte, 8)...), false, syscall.EINVAL},
		{"unknown family", append([]byte{7, 16, 20, 0, 3, 0, 0, 0}, make([]byte, 8)...), false, syscall.EINVAL},
		{"mark", append([]byte{10, 12, 16, 0}, make([]byte, 8)...), false, 0},
		{"mark without the capability", append([]byte{10, 12, 16, 0}, make([]byte, 8)...), true, syscall.EPERM},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if native.Uint16([]byte{1, 0}) != 1 {
				t.Skip("the programs are a little-endian machine's")
			}
			if got := (interpreter{user: tt.user}).audit(tt.program); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// FuzzCompile holds that every filter that can be written makes programs that
// the kernel takes, for every protocol and every kernel.
func FuzzCompile(f *testing.F) {
	for _, text := range []string{
		"", "sport = :443 or dport = :443 and not src 10/8", "state established and not (dst ::1 or autobound)",
		"port 1,2,3,5,7-9,11,13 or not port 4,6,8,10", "dev = eth1 fwmark = 1/3 family ipv6", "local public and not remote loopback",
		"not (state listening or inode = 3) and src 1.2.3.4:5 and dst 6.7.8.9:10", "none or not any",
	} {
		f.Add(text, uint8(allOps), uint32(socket.AllStates))
	}
	f.Fuzz(func(t *testing.T, text string, ops uint8, states uint32) {
		parsed, err := filter.Parse(text, filter.Options{})
		if err != nil {
			return
		}
		for _, proto := range socket.Protos() {
			r := Request{Proto: proto, IPv4: true, IPv6: true, States: socket.StateSet(states) & socket.AllStates, Filter: parsed.Expr}
			p := newPlanner(r, opset(ops)&allOps, testIfIndex)
			for _, w := range p.walks() {
				test, _, _ := p.condition(w).split(proto, w)
				program, used := compile(test, p.ops)
				if program == nil {
					continue
				}
				if errno := (interpreter{}).audit(program); errno != 0 || !p.ops.has(used) || len(program) > maxProgram {
					t.Fatalf("%s: %q, operations %x of %x, %d bytes: %v\n%x", proto, text, used, p.ops, len(program), errno, program)
				}
			}
			Explain(r)
		}
	})
}

// TestPortsTakeFewSteps: halving, not one comparison after the other.
func TestPortsTakeFewSteps(t *testing.T) {
	t.Parallel()
	text := "sport = 1"
	for port := 3; port < 2000; port += 2 {
		text += fmt.Sprintf(",%d", port)
	}
	program, _ := compile(lifted(parseFilter(t, strings.TrimSpace(text)), allOps), allOps)
	for port := range uint16(2100) {
		pass, steps := (interpreter{}).run(program, entry{sport: port})
		if want := port%2 == 1 && port < 2000; pass != want || steps > 20 {
			t.Fatalf("port %d: %v after %d operations, want %v", port, pass, steps, want)
		}
	}
}
