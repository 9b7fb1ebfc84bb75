package procfs

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

func FuzzParseInet(f *testing.F) {
	for _, name := range []string{"little-endian", "hostile"} {
		for _, table := range archive(f, name).Files {
			if strings.HasPrefix(table.Name, "net/") {
				f.Add(table.Data, false, uint8(socket.TCP))
				f.Add(table.Data, true, uint8(socket.UDP))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, v6 bool, proto uint8) {
		family := socket.IPv4
		if v6 {
			family = socket.IPv6
		}
		lines := strings.Count(string(data), "\n") + 1
		rows := 0
		err := ParseInet(strings.NewReader(string(data)), binary.LittleEndian, socket.Proto(proto), family, func(s *socket.Socket) error {
			rows++
			if !s.Local.Addr.IsValid() || s.Local.Addr.Is4() == v6 || s.Local.Port > 0xffff {
				t.Errorf("local end %+v", s.Local)
			}
			if !s.Remote.IsZero() && s.Remote.Addr.Is4() == v6 {
				t.Errorf("remote end %+v", s.Remote)
			}
			return nil
		})
		var malformed *MalformedError
		if errors.As(err, &malformed) {
			rows += malformed.Lines
		}
		if rows > lines {
			t.Errorf("%d rows of %d lines", rows, lines)
		}
	})
}

func FuzzAddress(f *testing.F) {
	f.Add([]byte("0100007F"), true)
	f.Add([]byte("0000000000000000FFFF00000100007F"), true)
	f.Add([]byte("20010DB8000000000000000000000001"), false)
	f.Fuzz(func(t *testing.T, digits []byte, swap bool) {
		addr, ok := addrWords{swap: swap}.addr(digits)
		if !ok {
			return
		}
		// Printing it as the kernel does must give the same digits.
		var order binary.ByteOrder = binary.BigEndian
		if swap {
			order = binary.LittleEndian
		}
		if got := kernelDigits(addr, order); got != strings.ToUpper(string(digits)) {
			t.Errorf("%s became %s, which prints as %s", digits, addr, got)
		}
	})
}

// kernelDigits prints an address as /proc/net does on a machine of that order.
func kernelDigits(addr netip.Addr, order binary.ByteOrder) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	bytes := addr.AsSlice()
	for ; len(bytes) > 0; bytes = bytes[4:] {
		word := order.Uint32(bytes)
		for shift := 28; shift >= 0; shift -= 4 {
			b.WriteByte(hex[word>>shift&0xf])
		}
	}
	return b.String()
}
