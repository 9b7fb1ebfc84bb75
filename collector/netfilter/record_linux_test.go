package netfilter

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netlink"
)

var record = flag.Bool("record", false, "write what the kernel says about rules to testdata")

// recorder keeps what is received.
type recorder struct {
	Conn
	heard []byte
}

func (r *recorder) Receive(b []byte) (int, error) {
	n, err := r.Conn.Receive(b)
	r.heard = append(r.heard, b[:n]...)
	return n, err
}

// TestRecord writes the recordings that TestRecorded reads.
func TestRecord(t *testing.T) {
	if !*record {
		t.Skip("only with -record, in a network namespace of its own")
	}
	for _, tt := range slices.Concat(nftCases(), iptablesCases("nft"), iptablesCases("legacy"), programCases()) {
		shell(t, flush+tt.script)
		name := filepath.Join("testdata", strings.ReplaceAll(tt.name, " ", "-"))
		conn, err := netlink.Open(unix.NETLINK_NETFILTER, "nfnetlink")
		must(t, err)
		rec := &recorder{Conn: conn}
		r := newReader(rec)
		set, err := r.begin()
		must(t, err)
		w := &walker{links: linkName}
		w.walk(set)
		kind := ".netlink"
		if forwards := w.forwards(); len(forwards) == 0 && len(tt.want) > 0 {
			kind = ".iptables"
			f := legacyFamilies()[0]
			if strings.Contains(tt.name, "IPv6") {
				f = legacyFamilies()[1]
			}
			if strings.Contains(tt.name, "TPROXY") {
				continue
			}
			h, blob, err := f.table("nat")
			must(t, err)
			info := make([]byte, infoLen)
			native.PutUint32(info[tableNameLen:], h.valid)
			for i, e := range h.entries {
				native.PutUint32(info[infoHooksAt+4*i:], e)
			}
			rec.heard = append(info, blob...)
		}
		must(t, conn.Close())
		must(t, os.WriteFile(name+kind, rec.heard, 0o644))
		must(t, os.WriteFile(name+".want", []byte(lines(tt.want)), 0o644))
	}
}
