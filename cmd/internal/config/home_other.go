//go:build !darwin && !windows

package config

import "path/filepath"

// home is where programs keep their settings.
func home(env func(name string) string) string {
	if dir := env("HOME"); dir != "" {
		return filepath.Join(dir, ".config")
	}
	return ""
}
