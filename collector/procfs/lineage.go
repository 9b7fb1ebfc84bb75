package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"math"
)

// Lineage is where a process comes from.
type Lineage struct {
	Name string // comm, hostile
	// Parent is the process id of the parent, 0 for a process that has none in
	// this pid namespace.
	Parent int
	// Start is the time between boot and start, in ticks of USER_HZ. A parent is
	// never younger than its child, whoever has adopted it.
	Start uint64
}

// Lineage reads the parent of a process, and what tells one process from
// another that gets its number later.
func (f FS) Lineage(pid int) (Lineage, error) {
	path := f.pidPath(pid, "stat")
	b, err := readFact(path, maxStat)
	if err != nil {
		return Lineage{}, err
	}
	l, err := parseLineage(b)
	if err != nil {
		return Lineage{}, fmt.Errorf("read %s: %w", path, err)
	}
	return l, nil
}

// parseLineage reads the name, which stands between the first opening and the
// last closing parenthesis, the fourth field and field 22 of /proc/PID/stat.
// The kernel does not escape the name there (do_task_stat in fs/proc/array.c).
func parseLineage(stat []byte) (Lineage, error) {
	begin, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if begin < 0 || end < begin {
		return Lineage{}, errors.New("no name in parentheses")
	}
	w := words{stat[end+1:]}
	w.next() // state
	parent, ok := decimal(w.next())
	if !ok || parent > math.MaxInt32 {
		return Lineage{}, errors.New("malformed parent")
	}
	for field := 5; field < 22; field++ {
		w.next()
	}
	start, ok := decimal(w.next())
	if !ok {
		return Lineage{}, errors.New("malformed start time")
	}
	return Lineage{Name: string(stat[begin+1 : end]), Parent: int(parent), Start: start}, nil
}
