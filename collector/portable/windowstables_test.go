package portable

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unhex reads bytes as they stand in a table, a word in a group.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWindowsTable(t *testing.T) {
	const linkLocal = "fe800000 00000000 02155dff fe123456"
	tests := []struct {
		name  string
		kind  Kind
		table string
		want  []Raw
	}{
		{"empty", TCP4, "00000000", []Raw{}},
		{"room that nothing is in", UDP4, "00000000 ffffffff ffffffff", []Raw{}},
		{
			"listener with rubbish for its peer and beside its port", TCP4, "01000000 02000000 00000000 0050cccc 00000000 98b4cccc 04000000",
			[]Raw{{Local: RawAddr{"0.0.0.0", 80}, Status: "LISTEN", PID: 4, FD: -1}},
		},
		{
			"connection, and what is left of one, which is nobody's", TCP4,
			"02000000 05000000 7f000001 1f900000 7f000001 c0010000 d8110000 0b000000 7f000001 1f900000 7f000001 c0020000 00000000",
			[]Raw{
				{Local: RawAddr{"127.0.0.1", 8080}, Remote: RawAddr{"127.0.0.1", 49153}, Status: "ESTAB", PID: 4568, FD: -1},
				{Local: RawAddr{"127.0.0.1", 8080}, Remote: RawAddr{"127.0.0.1", 49154}, Status: "TIME_WAIT", FD: -1},
			},
		},
		{
			"a state of a later Windows", TCP4, "01000000 63000000 7f000001 1f900000 00000000 00000000 d8110000",
			[]Raw{{Local: RawAddr{"127.0.0.1", 8080}, Remote: RawAddr{"0.0.0.0", 0}, PID: 4568, FD: -1}},
		},
		{
			"scopes, of which one means nothing", TCP6,
			"01000000 " + linkLocal + " 0c000000 1f900000 20010db8 00000000 00000000 00000001 07000000 c0010000 08000000 d8110000",
			[]Raw{{
				Local: RawAddr{"fe80::215:5dff:fe12:3456%12", 8080}, Remote: RawAddr{"2001:db8::1", 49153},
				Status: "CLOSE_WAIT", PID: 4568, FD: -1,
			}},
		},
		{
			"mapped", TCP6,
			"01000000 00000000 00000000 0000ffff 0a000001 00000000 1f900000 00000000 00000000 0000ffff 0a000002 00000000 c0010000 05000000 d8110000",
			[]Raw{{
				Local: RawAddr{"::ffff:10.0.0.1", 8080}, Remote: RawAddr{"::ffff:10.0.0.2", 49153},
				Status: "ESTAB", PID: 4568, FD: -1,
			}},
		},
		{"UDP", UDP4, "01000000 e00000fb 14e90000 a4050000", []Raw{{Local: RawAddr{"224.0.0.251", 5353}, PID: 1444, FD: -1}}},
		{
			"UDP of IPv6", UDP6, "02000000 " + linkLocal + " 0c000000 076c0000 a4050000 00000000 00000000 00000000 00000000 00000000 14e90000 a4050000",
			[]Raw{
				{Local: RawAddr{"fe80::215:5dff:fe12:3456%12", 1900}, PID: 1444, FD: -1},
				{Local: RawAddr{"::", 5353}, PID: 1444, FD: -1},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseWindowsTable(tt.kind, unhex(t, tt.table))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWindowsTableRefused(t *testing.T) {
	for name, table := range map[string]string{
		"nothing":                "",
		"half a number":          "0100",
		"more rows than there":   "02000000 00000000 14e90000 a4050000",
		"more rows than fit":     "ffffffff 00000000 14e90000 a4050000",
		"a pid that is no pid":   "01000000 00000000 14e90000 a4050080",
		"the last row cut short": "01000000 00000000 14e90000 a40500",
	} {
		if got, err := parseWindowsTable(UDP4, unhex(t, table)); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzWindowsTable(f *testing.F) {
	f.Add(uint8(TCP4), unhex(f, "01000000 02000000 00000000 0050cccc 00000000 98b4cccc 04000000"))
	f.Add(uint8(UDP6), unhex(f, "01000000 fe800000 00000000 02155dff fe123456 0c000000 076c0000 a4050000"))
	f.Add(uint8(TCP6), unhex(f, "ffffffff"))
	f.Fuzz(func(t *testing.T, kind uint8, table []byte) {
		k := Kind(kind % 4)
		all, err := parseWindowsTable(k, table)
		if err != nil {
			return
		}
		for i := range all {
			row, err := normalise(k, &all[i])
			if err != nil {
				t.Fatalf("%+v: %v", all[i], err)
			}
			if row.PID == 0 && row.FD != -1 {
				t.Fatalf("nobody has a descriptor: %+v", row)
			}
		}
	})
}
