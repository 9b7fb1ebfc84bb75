package netfilter

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExtensions decodes structures of both byte orders and of the revisions that
// no tool of today writes.
func TestExtensions(t *testing.T) {
	for _, o := range [...]binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		u16 := func(list ...uint16) (b []byte) {
			for _, n := range list {
				b = o.AppendUint16(b, n)
			}
			return b
		}
		u32 := func(list ...uint32) (b []byte) {
			for _, n := range list {
				b = o.AppendUint32(b, n)
			}
			return b
		}
		join := func(list ...[]byte) (b []byte) {
			for _, l := range list {
				b = append(b, l...)
			}
			return b
		}
		type extension struct {
			name     string
			revision uint32
			info     []byte
		}
		ports := u16(15, 0)
		v4 := []byte{10, 0, 0, 1}
		toV4 := extension{"DNAT", 0, join(u32(1, rangeAddresses|rangePorts), v4, v4, []byte{0, 80, 0, 80})}
		toV6 := extension{"DNAT", 1, join(u32(rangeAddresses), make([]byte, 15), []byte{7}, make([]byte, 15), []byte{7}, make([]byte, 4))}
		redirect := extension{"REDIRECT", 0, join(u32(1, rangePorts), v4, v4, []byte{0, 80, 0, 81})}
		tests := []struct {
			match, target extension
			want          []string
		}{
			{
				extension{"tcp", 0, join(u16(0, 65535, 1000, 2000), []byte{0, 0x17, 2, 0})},
				toV4,
				[]string{"test t c: ipv4 dport 1000-2000 -> 10.0.0.1:80 in out"},
			},
			{
				extension{"tcp", 0, join(u16(0, 65535, 1000, 2000), []byte{0, 0x17, 2, 4})}, toV4, nil, // not SYN
			},
			{
				extension{"tcp", 0, u16(0)}, toV6, // too short
				[]string{"test t c: ipv6 (some) -> ::7 in out"},
			},
			{
				extension{"udp", 0, join(u16(5, 5, 1000, 2000), []byte{2, 0})},
				redirect,
				[]string{"test t c: ipv4 dport 0-999, 2001-65535 (some) -> port 80, port 81 in out"},
			},
			{
				extension{"multiport", 0, join([]byte{1, 2}, ports[:2], u16(99), make([]byte, 26))},
				redirect,
				[]string{"test t c: ipv4 dport 15, 99 -> port 80, port 81 in out"},
			},
			{
				extension{"addrtype", 0, join(u16(0, 1<<typeLocal), u32(0, 0))},
				redirect,
				[]string{"test t c: ipv4 to this machine -> port 80, port 81 in out"},
			},
			{extension{"addrtype", 0, join(u16(0, 1<<typeLocal), u32(0, 1))}, redirect, nil},
			{extension{"conntrack", 1, join(make([]byte, 146), u16(1, 0), []byte{2, 0})}, redirect, nil},
			{
				extension{"conntrack", 3, join(make([]byte, 146), u16(1, 1, 2, 0))},
				redirect,
				[]string{"test t c: ipv4 -> port 80, port 81 in out"},
			},
			{
				extension{"conntrack", 3, join(make([]byte, 146), u16(3, 0, 8, 0))},
				redirect,
				[]string{"test t c: ipv4 (some) -> port 80, port 81 in out"},
			},
			{
				extension{"owner", 1, nil},
				extension{"REDIRECT", 0, join(u32(0), make([]byte, 36))},
				[]string{"test t c: ipv6 (some) -> this machine in out"},
			},
		}
		for _, tt := range tests {
			r := &rule{}
			r.addMatchIn(o.(order), tt.match.name, tt.match.revision, tt.match.info)
			r.addTargetIn(o.(order), tt.target.name, tt.target.revision, tt.target.info)
			if diff := cmp.Diff(tt.want, tellAll(walkRule(r))); diff != "" {
				t.Errorf("%v %s %d: -want +got:\n%s", o, tt.match.name, tt.match.revision, diff)
			}
		}
	}
}
