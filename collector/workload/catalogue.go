package workload

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector/sorting"
)

// The limits of what is read: far above any machine's, far below what would
// hurt.
const (
	mostEntries  = 1 << 14 // of a directory
	mostUnits    = 1 << 12
	largestUnit  = 256 << 10
	mostErrors   = 8
	mostDropIns  = 1 << 8
	socketSuffix = ".socket"
)

// catalogue is one service manager's view of its unit files.
type catalogue struct {
	tree tree
	dirs []string
	user bool
	errs []error

	files map[string]string // of each unit, the file that wins
	// dropIns are the directories "NAME.d", in the order in which their files win.
	dropIns map[string][]string
	names   []string // the units, instances of templates among them
}

// units reads all there are, ordered by name.
func (c *catalogue) units() []SocketUnit {
	c.scan()
	slices.Sort(c.names)
	c.names = slices.Compact(c.names)
	var units []SocketUnit
	for _, name := range c.names[:min(len(c.names), mostUnits)] {
		if u, ok := c.unit(name); ok {
			units = append(units, u)
		}
	}
	return units
}

// note keeps what could not be read; what is not there is no loss.
func (c *catalogue) note(err error) {
	if err != nil && !errors.Is(err, fs.ErrNotExist) && len(c.errs) < mostErrors {
		c.errs = append(c.errs, err)
	}
}

// scan lists the directories.
func (c *catalogue) scan() {
	c.files, c.dropIns = map[string]string{}, map[string][]string{}
	for _, dir := range c.dirs {
		for _, name := range c.list(dir) {
			switch {
			case strings.HasSuffix(name, socketSuffix):
				if _, ok := c.files[name]; !ok {
					c.files[name] = path.Join(dir, name)
					c.names = append(c.names, name)
				}
			case strings.HasSuffix(name, socketSuffix+".d"), name == "socket.d":
				c.dropIns[name] = append(c.dropIns[name], path.Join(dir, name))
			case strings.HasSuffix(name, ".wants"), strings.HasSuffix(name, ".requires"):
				// An instance of a template may have no other trace.
				for _, wanted := range c.list(path.Join(dir, name)) {
					if _, ok := template(wanted); ok {
						c.names = append(c.names, wanted)
					}
				}
			}
		}
	}
}

// list returns the names in a directory, none if it is not there.
func (c *catalogue) list(dir string) []string {
	names, err := c.tree.list(dir, mostEntries)
	c.note(err)
	return names
}

// template returns the name of the template that a unit is an instance of.
func template(name string) (string, bool) {
	base, ok := strings.CutSuffix(name, socketSuffix)
	prefix, instance, at := strings.Cut(base, "@")
	if !ok || !at || prefix == "" || instance == "" {
		return "", false
	}
	return prefix + "@" + socketSuffix, true
}

// unit reads one unit. It reports false for those that do not listen on the
// internet: masked ones, aliases, templates themselves.
func (c *catalogue) unit(name string) (SocketUnit, bool) {
	of, instance := template(name)
	if !instance && strings.HasSuffix(name, "@"+socketSuffix) {
		return SocketUnit{}, false
	}
	file, ok := c.files[name]
	if !ok && instance {
		file, ok = c.files[of]
	}
	if !ok {
		return SocketUnit{}, false
	}
	real, err := c.tree.follow(file)
	if err != nil {
		c.note(err)
		return SocketUnit{}, false
	}
	if base := path.Base(real); base != name && base != of {
		if _, known := c.files[base]; known {
			return SocketUnit{}, false // another name for that one
		}
	}
	text, masked := c.file(real)
	if masked {
		return SocketUnit{}, false
	}
	var s socketSection
	s.read(text)
	for _, dropIn := range c.dropInsOf(name, of) {
		if text, masked := c.file(dropIn); !masked {
			s.read(text)
		}
	}
	return s.unit(name, c.user)
}

// file reads a unit file or a drop-in. One that is empty, or a link to /dev/null,
// is masked: it only keeps others of its name from being read.
func (c *catalogue) file(name string) (text string, masked bool) {
	real, err := c.tree.follow(name)
	if err != nil || real == devNull {
		c.note(err)
		return "", true
	}
	b, err := c.tree.read(real, largestUnit)
	if err != nil {
		c.note(err)
		return "", true
	}
	return string(b), len(b) == 0
}

// dropInsOf are the drop-ins of a unit in the order in which they are read: by
// the names of the files, of which the first of each name wins. Those of the
// unit itself win over those of its template, of its prefixes ("a-.socket.d" for
// "a-b.socket") and of all sockets.
func (c *catalogue) dropInsOf(name, of string) []string {
	owners := []string{name}
	if of != "" {
		owners = append(owners, of)
	}
	prefix, _, _ := strings.Cut(strings.TrimSuffix(name, socketSuffix), "@")
	for at := strings.LastIndexByte(prefix, '-'); at > 0; at = strings.LastIndexByte(prefix[:at], '-') {
		owners = append(owners, prefix[:at+1]+socketSuffix)
	}
	type dropIn struct{ base, path string }
	var all []dropIn
	known := map[string]bool{}
	for _, owner := range append(owners, "socket") {
		for _, dir := range c.dropIns[owner+".d"] {
			for _, base := range c.list(dir) {
				if strings.HasSuffix(base, ".conf") && !known[base] && len(all) < mostDropIns {
					known[base] = true
					all = append(all, dropIn{base, path.Join(dir, base)})
				}
			}
		}
	}
	sorting.Stable(all, func(a, b dropIn) int { return cmp.Compare(a.base, b.base) })
	paths := make([]string, len(all))
	for i := range all {
		paths[i] = all[i].path
	}
	return paths
}
