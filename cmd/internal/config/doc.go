// Package config reads the file of defaults: where it is, what it says, and in
// which line. What the settings mean is the business of who asks for them.
//
// The file is TOML, of which it takes what a handful of defaults need: tables, and
// keys whose values are strings or lists of strings. Whatever else TOML has is an
// error with its line, and never something different from what TOML makes of it. A
// library for all of it would be a thirtieth of the program and would prepare itself
// in every run, also where there is no file.
//
// It never writes, and never reads anything but a regular file of modest size.
package config
