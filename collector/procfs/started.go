package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"
)

// tick is the unit of times in /proc/PID/stat: USER_HZ is 100 wherever Go runs
// on Linux.
const tick = time.Second / 100

// maxStat is far above the 52 numbers of /proc/PID/stat.
const maxStat = 4 << 10

// BootTime returns when the machine was started, in whole seconds. It is read
// once for many processes, because the rest of /proc/stat costs the kernel a
// walk over every interrupt of every processor.
func (f FS) BootTime() (time.Time, error) {
	path := f.path("stat")
	file, err := os.Open(path)
	if err != nil {
		return time.Time{}, err
	}
	defer file.Close()
	boot, err := parseBootTime(file)
	if err != nil {
		return time.Time{}, fmt.Errorf("read %s: %w", path, err)
	}
	return boot, nil
}

func parseBootTime(r io.Reader) (time.Time, error) {
	lines := newLineReader(r, factBuffer)
	for {
		line, whole, err := lines.next()
		if err == io.EOF {
			return time.Time{}, errors.New("no line btime")
		}
		if err != nil {
			return time.Time{}, err
		}
		number, found := bytes.CutPrefix(line, []byte("btime "))
		if !found || !whole {
			continue
		}
		seconds, ok := decimal(number)
		if !ok || seconds > math.MaxUint32 {
			return time.Time{}, errors.New("malformed line btime")
		}
		return time.Unix(int64(seconds), 0), nil
	}
}

// Started returns when a process was started, given BootTime. It is as exact
// as that: to about a second.
func (f FS) Started(pid int, boot time.Time) (time.Time, error) {
	path := f.pidPath(pid, "stat")
	b, err := readFact(path, maxStat)
	if err != nil {
		return time.Time{}, err
	}
	after, err := parseStartTime(b)
	if err != nil {
		return time.Time{}, fmt.Errorf("read %s: %w", path, err)
	}
	return boot.Add(after), nil
}

// parseStartTime reads field 22 of /proc/PID/stat, the time between boot and
// start. The second field is the name in parentheses, which may itself hold
// blanks and parentheses: it ends at the last closing one.
func parseStartTime(stat []byte) (time.Duration, error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, errors.New("no name in parentheses")
	}
	w := words{stat[end+1:]}
	for field := 3; field < 22; field++ {
		w.next()
	}
	ticks, ok := decimal(w.next())
	if !ok || ticks > math.MaxInt64/uint64(tick) {
		return 0, errors.New("malformed start time")
	}
	return time.Duration(ticks) * tick, nil
}
