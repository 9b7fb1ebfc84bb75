package config

import "path/filepath"

// Path is where the file is, "" where the environment tells of no such place. The
// XDG directory counts wherever it is set; without it the place is the system's
// own. A relative one is to be ignored, as XDG has it.
func Path(env func(name string) string) string {
	dir := env("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		dir = home(env)
	}
	if !filepath.IsAbs(dir) {
		return ""
	}
	return filepath.Join(dir, "sockls", "config.toml")
}
