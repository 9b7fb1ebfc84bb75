package netfilter

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// sound checks what holds for all rules, whatever they were read from.
func sound(t *testing.T, forwards []machine.Forward) {
	t.Helper()
	for i := range forwards {
		f := &forwards[i]
		if f.Source == "" || !f.Incoming && !f.Outgoing {
			t.Errorf("%s: nothing is caught", f)
		}
		for _, p := range f.Ports {
			if p.First > p.Last {
				t.Errorf("%s: ports %d to %d", f, p.First, p.Last)
			}
		}
		if len(f.Targets) > 0 && f.Targets[0] != f.Target || f.Elsewhere && f.Target.Addr().IsValid() {
			t.Errorf("%s: target %s of %s", f, f.Target, f.Targets)
		}
		f.Catches(socket.TCP, netip.IPv4Unspecified(), 80)
		f.Catches(socket.TCP, netip.MustParseAddr("fd00::1"), 80)
	}
}

// FuzzRules reads rules of nftables from any messages.
func FuzzRules(f *testing.F) {
	for _, name := range recordings(f, ".netlink") {
		f.Add(readFile(f, name))
	}
	f.Fuzz(func(t *testing.T, messages []byte) {
		forwards, _, err := replay(messages)
		if err == nil {
			sound(t, forwards)
		}
	})
}

// FuzzRule decodes any rule, and lets it look into any set.
func FuzzRule(f *testing.F) {
	var elements []byte
	for _, name := range recordings(f, ".netlink") {
		for rest := readFile(f, name); len(rest) >= headerLen; {
			m, next, err := nextMessage(rest)
			if err != nil {
				break
			}
			switch m.kind {
			case msgNewSetElem:
				elements = m.attrs
			case msgNewRule:
				f.Add(m.attrs, elements, uint8(4), uint8(setMap|setConcat|setInterval))
			}
			rest = next
		}
	}
	f.Fuzz(func(t *testing.T, attributes, elements []byte, keyLen, flags uint8) {
		_, _, r := decodeRule(message{attrs: attributes})
		list := decodeEntries(nil, message{attrs: elements})
		for _, verdicts := range [...]bool{false, true} {
			s := newSet(setKind{flags: uint32(flags), keyLen: uint32(keyLen), verdicts: verdicts}, list)
			sound(t, walkRuleWith(r, func(setKey) *set { return s }))
		}
	})
}

// FuzzLegacy reads the tables of iptables from any bytes.
func FuzzLegacy(f *testing.F) {
	for _, name := range recordings(f, ".iptables") {
		f.Add(readFile(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range [...]string{"IPv4", "IPv6"} {
			bases, err := decodeLegacy(name, b)
			if err != nil {
				continue
			}
			w := &walker{}
			w.walk(&ruleset{source: "iptables", bases: bases})
			sound(t, w.forwards())
		}
	})
}

// FuzzExtension decodes matches and targets, in both byte orders.
func FuzzExtension(f *testing.F) {
	for _, name := range [...]string{"tcp", "udp", "sctp", "multiport", "addrtype", "conntrack", "state", "iprange", "statistic", "comment"} {
		f.Add(name, uint32(1), make([]byte, 300))
	}
	for _, name := range [...]string{"DNAT", "REDIRECT", "NETMAP", "TPROXY", "MARK", "REJECT", "other"} {
		f.Add(name, uint32(2), bytes.Repeat([]byte{1, 0}, 24))
	}
	f.Fuzz(func(t *testing.T, name string, revision uint32, info []byte) {
		for _, o := range [...]order{binary.LittleEndian, binary.BigEndian} {
			r := &rule{}
			r.addMatchIn(o, name, revision, info)
			r.addTargetIn(o, name, revision, info)
			sound(t, walkRule(r))
		}
	})
}

// walkRule is what comes of one rule in a chain of destinations.
func walkRule(r *rule) []machine.Forward {
	return walkRuleWith(r, func(setKey) *set { return nil })
}

func walkRuleWith(r *rule, elements func(setKey) *set) []machine.Forward {
	c := &chain{family: familyInet, table: "t", name: "c", where: "t c", rules: []*rule{r, {}}}
	c.peers = map[string]*chain{"c": {family: familyInet, table: "t", rules: []*rule{{ops: []op{&verdictOp{verdict{code: verdictReturn}}}}}}}
	w := &walker{links: func(uint32) (string, bool) { return "", false }}
	var bases []*base
	for _, hook := range [...]uint32{hookPrerouting, hookOutput} {
		bases = append(bases, &base{chain: c, hook: hook}, &base{chain: c, hook: hook, filter: true})
	}
	w.walk(&ruleset{source: "test", bases: bases, elements: elements})
	return w.forwards()
}

// FuzzIPVS reads /proc/net/ip_vs.
func FuzzIPVS(f *testing.F) {
	f.Add([]byte(virtualServers))
	f.Fuzz(func(t *testing.T, b []byte) {
		forwards, err := parseIPVS(bytes.NewReader(b))
		if err == nil {
			sound(t, forwards)
		}
	})
}
