package workload

import (
	"errors"
	"path"
	"slices"
)

// SocketUnits reads the socket units that listen on internet addresses, of the
// system and of users' service managers. Root stands for "/", "" means that;
// homes are the home directories of users whose own units are wanted, below it.
//
// What a unit says is what is in its files: it may not be started, and one that
// was changed since it was may listen elsewhere. An error says what could not be
// read, and comes with the units that could.
func SocketUnits(root string, homes ...string) ([]SocketUnit, error) {
	t := newTree(root)
	system := catalogue{tree: t, dirs: systemDirs[:]}
	units := system.units()
	errs := system.errs
	for _, home := range append([]string{""}, homes...) {
		c := catalogue{tree: t, user: true}
		if home != "" {
			c.dirs = below(home, homeDirs[:])
		}
		c.dirs = append(c.dirs, userDirs[:]...)
		if home != "" {
			c.dirs = append(c.dirs, below(home, shareDirs[:])...)
		}
		c.dirs = append(c.dirs, lastDirs[:]...)
		for _, u := range c.units() {
			same := func(o SocketUnit) bool {
				return o.User && o.Name == u.Name && o.Service == u.Service && slices.Equal(o.Listen, u.Listen)
			}
			if !slices.ContainsFunc(units, same) {
				units = append(units, u)
			}
		}
		errs = append(errs, c.errs...)
	}
	return units, errors.Join(errs...)
}

func below(home string, dirs []string) []string {
	all := make([]string, len(dirs))
	for i, dir := range dirs {
		all[i] = path.Join("/", home, dir)
	}
	return all
}

// The directories that units are looked for in, the ones that win first, as
// systemd.unit(5) lists them. Those below /lib are where systems that have not
// merged it with /usr keep theirs.
var systemDirs = [...]string{
	"/etc/systemd/system.control",
	"/run/systemd/system.control",
	"/run/systemd/transient",
	"/run/systemd/generator.early",
	"/etc/systemd/system",
	"/etc/systemd/system.attached",
	"/run/systemd/system",
	"/run/systemd/system.attached",
	"/run/systemd/generator",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
	"/lib/systemd/system",
	"/run/systemd/generator.late",
}

// Those of users' managers begin with the ones in a user's home.
var (
	homeDirs  = [...]string{"/.config/systemd/user.control", "/.config/systemd/user"}
	userDirs  = [...]string{"/etc/systemd/user", "/run/systemd/user"}
	shareDirs = [...]string{"/.local/share/systemd/user"}
	lastDirs  = [...]string{
		"/usr/local/share/systemd/user", "/usr/share/systemd/user",
		"/usr/local/lib/systemd/user", "/usr/lib/systemd/user", "/lib/systemd/user",
	}
)
