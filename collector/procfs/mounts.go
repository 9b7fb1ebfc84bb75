package procfs

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
)

// CgroupMount is where the cgroup v2 hierarchy is mounted, as this process sees
// it. It is fs.ErrNotExist where it is not.
func (f FS) CgroupMount() (string, error) {
	file, err := os.Open(f.path("self", "mountinfo"))
	if err != nil {
		return "", err
	}
	defer file.Close()
	return parseCgroupMount(file)
}

// parseCgroupMount reads a mountinfo (proc(5)): the mount point is the fifth
// field, and the type comes after a field "-", before which there may be any
// number of others. A line too long for a mount of cgroups ends the search.
func parseCgroupMount(r io.Reader) (string, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		for i := 6; i+1 < len(fields); i++ {
			if fields[i] == "-" {
				if fields[i+1] == "cgroup2" {
					return unescapeMount(fields[4]), nil
				}
				break
			}
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return "", err
	}
	return "", fs.ErrNotExist
}

// unescapeMount undoes the octal that the kernel writes for white space and
// backslashes (mangle in fs/proc_namespace.c).
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
