package ending

import (
	"fmt"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// desktop finds windows and asks them to close. Windows takes a callback for good,
// so there is one, which serves one search at a time.
type desktop struct {
	mu    sync.Mutex
	pid   uint32
	found []windows.HWND
	note  uintptr
}

func newDesktop() *desktop {
	d := &desktop{}
	d.note = windows.NewCallback(func(w windows.HWND, _ uintptr) uintptr {
		var owner uint32
		if _, err := windows.GetWindowThreadProcessId(w, &owner); err == nil && owner == d.pid {
			d.found = append(d.found, w)
		}
		return 1 // go on
	})
	return d
}

// windows are the top-level windows of a process.
func (d *desktop) windows(pid uint32) ([]windows.HWND, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pid, d.found = pid, nil
	if err := windows.EnumWindows(d.note, unsafe.Pointer(nil)); err != nil {
		return nil, fmt.Errorf("look for windows: %w", err)
	}
	return d.found, nil
}

// close asks all windows of a process to close. It is ErrDeaf where there is none
// that was asked: a program of the console could be told by an event of its console,
// but that goes to every program there.
func (d *desktop) close(process windows.Handle) error {
	const wmClose = 0x0010 // WM_CLOSE in winuser.h
	pid, err := windows.GetProcessId(process)
	if err != nil {
		return fmt.Errorf("find out the pid: %w", err)
	}
	found, err := d.windows(pid)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDeaf, err)
	}
	post := windows.NewLazySystemDLL("user32.dll").NewProc("PostMessageW")
	if err := post.Find(); err != nil {
		return fmt.Errorf("%w: %w", ErrDeaf, err)
	}
	asked := false
	for _, w := range found {
		ok, _, _ := post.Call(uintptr(w), wmClose, 0, 0)
		asked = asked || ok != 0
	}
	if !asked {
		return ErrDeaf
	}
	return nil
}
