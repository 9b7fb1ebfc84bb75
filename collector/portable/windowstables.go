package portable

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strconv"
)

// The tables of iphlpapi (iprtrmib.h, tcpmib.h, udpmib.h): a number of rows, and
// the rows, which are made of words of 32 bits, least byte first on every system
// that Windows runs on. Addresses and ports are in network order.
//
//	MIB_TCPROW_OWNER_PID   state, local address, port, remote address, port, pid
//	MIB_TCP6ROW_OWNER_PID  local address (16 bytes), scope, port, remote the same, state, pid
//	MIB_UDPROW_OWNER_PID   local address, port, pid
//	MIB_UDP6ROW_OWNER_PID  local address (16 bytes), scope, port, pid
const (
	windowsHead    = 4
	windowsTCP4Row = 24
	windowsTCP6Row = 56
	windowsUDP4Row = 12
	windowsUDP6Row = 28
)

// windowsRowSize is that of a row of a table.
func windowsRowSize(kind Kind) int {
	return [...]int{TCP4: windowsTCP4Row, TCP6: windowsTCP6Row, UDP4: windowsUDP4Row, UDP6: windowsUDP6Row}[kind]
}

// parseWindowsTable reads a table. What it says of the number of its rows has to
// fit into what there is of it.
//
// The library's own reading is not used: it takes a table that failed for an empty
// one, asks for as long as the table grows, and loses the scope of an address
// without which two sockets look like one.
func parseWindowsTable(kind Kind, table []byte) ([]Raw, error) {
	if len(table) < windowsHead {
		return nil, fmt.Errorf("table of %d bytes", len(table))
	}
	size := windowsRowSize(kind)
	n, rows := binary.LittleEndian.Uint32(table), table[windowsHead:]
	if uint64(n)*uint64(size) > uint64(len(rows)) {
		return nil, fmt.Errorf("table of %d bytes for %d rows", len(table), n)
	}
	all := make([]Raw, n)
	for i := range all {
		var err error
		if all[i], err = parseWindowsRow(kind, rows[i*size:][:size]); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
	}
	return all, nil
}

func parseWindowsRow(kind Kind, row []byte) (raw Raw, err error) {
	raw.FD = -1 // a handle is nothing that the table tells
	word := binary.LittleEndian.Uint32
	switch kind {
	case TCP4:
		raw.Status = windowsState(word(row))
		raw.Local = windowsAddr4(row[4:])
		raw.Remote = windowsAddr4(row[12:])
	case TCP6:
		raw.Local = windowsAddr6(row)
		raw.Remote = windowsAddr6(row[24:])
		raw.Status = windowsState(word(row[48:]))
	case UDP4:
		raw.Local = windowsAddr4(row)
	case UDP6:
		raw.Local = windowsAddr6(row)
	}
	if raw.Status == windowsListen {
		raw.Remote = RawAddr{} // without meaning, and not always zero
	}
	pid := word(row[len(row)-4:])
	if pid > math.MaxInt32 {
		return raw, fmt.Errorf("pid %d", pid)
	}
	raw.PID = int32(pid)
	return raw, nil
}

// windowsAddr4 reads an address and a port behind it.
func windowsAddr4(b []byte) RawAddr {
	return RawAddr{IP: netip.AddrFrom4([4]byte(b)).String(), Port: windowsPort(b[4:])}
}

// windowsAddr6 reads an address, its scope and a port behind it. The scope is the
// number of an interface, and is there for other addresses than link-local ones,
// too, of which it says nothing.
func windowsAddr6(b []byte) RawAddr {
	addr := netip.AddrFrom16([16]byte(b))
	scope := binary.LittleEndian.Uint32(b[16:])
	if scope != 0 && (addr.IsLinkLocalUnicast() || addr.IsLinkLocalMulticast() || addr.IsInterfaceLocalMulticast()) {
		addr = addr.WithZone(strconv.FormatUint(uint64(scope), 10))
	}
	return RawAddr{IP: addr.String(), Port: windowsPort(b[20:])}
}

// windowsPort reads a port. The upper half of its word can hold anything.
func windowsPort(b []byte) uint32 { return uint32(binary.BigEndian.Uint16(b)) }

const windowsListen = "LISTEN"

// windowsState names a MIB_TCP_STATE (tcpmib.h), "" for one that is not known.
func windowsState(n uint32) string {
	names := [...]string{
		1: "CLOSED", windowsListen, "SYN_SENT", "SYN_RCVD", "ESTAB", "FIN_WAIT1", "FIN_WAIT2",
		"CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT", "DELETE_TCB",
	}
	if n >= uint32(len(names)) {
		return ""
	}
	return names[n]
}
