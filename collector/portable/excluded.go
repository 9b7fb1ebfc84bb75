package portable

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/sockls/sockls/collector/machine"
)

// parseExcluded reads what "netsh interface ipv4 show excludedportrange" prints:
// a heading, two words underlined, and ranges.
//
//	Start Port    End Port
//	----------    --------
//	      5357        5357
//	     50000       50059     *
//
// Everything but the numbers and the star is in the language of the machine, in
// a code page of its own. Without the underline it is no such table, but what
// netsh has to say of a mistake, or nothing.
func parseExcluded(text []byte) ([]machine.Exclusion, error) {
	var (
		all  []machine.Exclusion
		head = true
	)
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		switch {
		case head:
			head = !underline(fields, 2)
			continue
		case len(fields) < 2 || !digits(fields[0]) || !digits(fields[1]):
			continue // an empty line, or what the star means
		}
		ports, err := portsOf(fields[0], fields[1])
		if err != nil {
			return nil, err
		}
		all = append(all, machine.Exclusion{Ports: ports, Administered: len(fields) > 2 && string(fields[2]) == "*"})
	}
	if head {
		return nil, errors.New("it has printed no table")
	}
	return all, nil
}

// parseDynamic reads what "netsh interface ipv4 show dynamicport tcp" prints: an
// underlined heading, and behind it, each at the end of a line, the first port and
// how many there are.
func parseDynamic(text []byte) (machine.Ports, error) {
	var (
		head    = true
		numbers [][]byte
	)
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if head {
			head = !underline(fields, 1)
			continue
		}
		if n := len(fields); n > 1 && digits(fields[n-1]) {
			numbers = append(numbers, fields[n-1])
		}
	}
	if len(numbers) != 2 {
		return machine.Ports{}, errors.New("it has printed no range")
	}
	first, err := strconv.ParseUint(string(numbers[0]), 10, 16)
	if err != nil {
		return machine.Ports{}, err
	}
	count, err := strconv.ParseUint(string(numbers[1]), 10, 17)
	if err != nil {
		return machine.Ports{}, err
	}
	if count == 0 || first+count-1 > maxPort {
		return machine.Ports{}, fmt.Errorf("%d ports from %d on", count, first)
	}
	return machine.Ports{First: uint16(first), Last: uint16(first + count - 1)}, nil
}

// underline reports whether a line is made of so many rows of dashes.
func underline(fields [][]byte, n int) bool {
	for _, f := range fields {
		if len(f) < 3 || len(bytes.Trim(f, "-")) > 0 {
			return false
		}
	}
	return len(fields) == n
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// portsOf reads a range of ports.
func portsOf(first, last []byte) (machine.Ports, error) {
	from, err := strconv.ParseUint(string(first), 10, 16)
	if err != nil {
		return machine.Ports{}, err
	}
	to, err := strconv.ParseUint(string(last), 10, 16)
	if err != nil {
		return machine.Ports{}, err
	}
	if from > to {
		return machine.Ports{}, fmt.Errorf("ports %d to %d", from, to)
	}
	return machine.Ports{First: uint16(from), Last: uint16(to)}, nil
}
