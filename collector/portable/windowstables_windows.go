package portable

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// How often a table is asked for that has grown since it told its size, and how
// large it may be.
const (
	windowsTries   = 8
	windowsLargest = 256 << 20
)

// windowsTable asks iphlpapi for one table of every process's sockets.
func windowsTable(kind Kind) ([]Raw, error) {
	const (
		tcpTableOwnerPIDAll = 5 // TCP_TABLE_CLASS in iprtrmib.h
		udpTableOwnerPID    = 1 // UDP_TABLE_CLASS
	)
	library := windows.NewLazySystemDLL("iphlpapi.dll")
	ask, class := library.NewProc("GetExtendedTcpTable"), uintptr(tcpTableOwnerPIDAll)
	if kind == UDP4 || kind == UDP6 {
		ask, class = library.NewProc("GetExtendedUdpTable"), udpTableOwnerPID
	}
	if err := ask.Find(); err != nil {
		return nil, err
	}
	family := uintptr(windows.AF_INET)
	if kind == TCP6 || kind == UDP6 {
		family = windows.AF_INET6
	}
	var table []byte
	for range windowsTries {
		size := uint32(len(table))
		code, _, _ := ask.Call(uintptr(unsafe.Pointer(unsafe.SliceData(table))), uintptr(unsafe.Pointer(&size)), 0, family, class, 0)
		switch err := windows.Errno(code); {
		case code == 0 && len(table) == 0:
			return nil, nil // not even a number of rows
		case code == 0:
			return parseWindowsTable(kind, table)
		case errors.Is(err, windows.ERROR_NOT_SUPPORTED):
			return nil, fmt.Errorf("%s: %w: %w", ask.Name, ErrUnsupported, err)
		case !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER):
			return nil, fmt.Errorf("%s: %w", ask.Name, err)
		case size > windowsLargest:
			return nil, fmt.Errorf("%s: a table of %d bytes is too large", ask.Name, size)
		}
		// Sockets that are made until the next call fit in, too.
		table = make([]byte, max(int(size), len(table))*5/4+4096)
	}
	return nil, fmt.Errorf("%s: the table has grown %d times while it was asked for", ask.Name, windowsTries)
}
