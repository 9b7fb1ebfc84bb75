package portable

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

// seeds gives a fuzz target what recorded systems print.
func seeds(f *testing.F, program string) {
	paths, err := filepath.Glob("testdata/systems/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatal(paths, err)
	}
	for _, path := range paths {
		_, _, h, _ := load(f, path)
		for name, text := range h.programs {
			if strings.HasPrefix(name, program) {
				f.Add([]byte(text))
			}
		}
	}
}

// sane checks what holds of each row, whatever it was read from.
func sane(t *testing.T, rows []Row, holders bool) {
	t.Helper()
	for i := range rows {
		r := &rows[i]
		switch {
		case r.Proto != socket.TCP && r.Proto != socket.UDP,
			r.Local.Port > maxPort || r.Remote.Port > maxPort,
			!r.Local.Addr.IsValid(),
			r.Family == socket.IPv4 && !r.Local.Addr.Is4(),
			r.Family == socket.IPv6 && !r.Local.Addr.Is6(),
			r.PID < 0 || holders && r.PID == 0, r.FD < -1,
			r.Proto == socket.UDP && r.State != socket.Unconn && r.State != socket.Established:
			t.Errorf("row %+v", *r)
		}
	}
	for _, j := range merge(nil, rows) {
		if len(j.held) == 0 && holders {
			t.Errorf("nobody holds %+v", j)
		}
	}
	if n := len(merge(rows, nil)); n != len(rows) {
		t.Errorf("%d rows are %d sockets", len(rows), n)
	}
}

func FuzzNetstat(f *testing.F) {
	seeds(f, "netstat")
	f.Fuzz(func(t *testing.T, text []byte) {
		var bad malformed
		sane(t, netstat{bare: socket.IPv4}.parse(text, &bad), false)
		sane(t, netstat{bare: socket.IPv6, dual: socket.Yes, vague: true}.parse(text, &bad), false)
	})
}

func FuzzLsof(f *testing.F) {
	seeds(f, "lsof")
	f.Fuzz(func(t *testing.T, text []byte) {
		var bad malformed
		sane(t, parseLsof(text, &bad), true)
	})
}

func FuzzSockstat(f *testing.F) {
	seeds(f, "sockstat")
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, sep := range []byte(":.") {
			var bad malformed
			held, unheld := newSockstat(sep, true).parse(text, &bad)
			sane(t, held, true)
			sane(t, unheld, false)
		}
	})
}

func FuzzFstat(f *testing.F) {
	seeds(f, "fstat")
	f.Fuzz(func(t *testing.T, text []byte) {
		var bad malformed
		sane(t, parseFstat(text, &bad), true)
	})
}

func FuzzSolaris(f *testing.F) {
	seeds(f, "netstat")
	f.Fuzz(func(t *testing.T, text []byte) {
		var bad malformed
		sane(t, parseSolaris(text, &bad), false)
	})
}

func FuzzProcArgs(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00/bin/ls\x00\x00\x00ls\x00-l\x00HOME=/\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		exe, command, ok := parseProcArgs(raw)
		if strings.Contains(exe+command, "\x00") || !ok && exe+command != "" {
			t.Errorf("%q %q %v", exe, command, ok)
		}
	})
}

func FuzzNormalise(f *testing.F) {
	f.Add("0.0.0.0", uint32(80), "*", uint32(0), "LISTEN", int32(0))
	f.Add("::ffff:127.0.0.1", uint32(80), "fe80:4::1", uint32(9), "fin_wait_2", int32(7))
	f.Fuzz(func(t *testing.T, local string, port uint32, remote string, peer uint32, state string, pid int32) {
		for kind := TCP4; kind <= UDP6; kind++ {
			raw := Raw{Local: RawAddr{local, port}, Remote: RawAddr{remote, peer}, Status: state, PID: pid, FD: -1}
			if row, err := normalise(kind, &raw); err == nil {
				sane(t, []Row{row}, false)
			}
		}
	})
}
