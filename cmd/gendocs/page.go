package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// page is what one man page and one chapter of the reference say.
type page struct {
	name    string // with dashes, as sockls-why
	path    string // as it is typed, sockls why
	section int
	short   string
	use     string // "" for a topic
	body    []block
	flags   []option
	example string
	exit    string
}

// option is a flag.
type option struct {
	letter, name string
	value        string // what it takes, "" for a switch
	optional     bool   // the value may be left out
	help         string
	preset       string // the value without the flag, "" if that goes without saying
}

// The sections of the manual.
const (
	commands = 1
	files    = 5
	topics   = 7
)

// sectionOf is where a topic belongs.
func sectionOf(c *cobra.Command) int {
	switch {
	case c.Runnable():
		return commands
	case c.Name() == "config":
		return files
	}
	return topics
}

// pagesOf makes a page of each command and topic, the root's first.
func pagesOf(root *cobra.Command) []page {
	pages := []page{pageOf(root)}
	for _, c := range root.Commands() {
		if c.Name() != "completion" && !c.Hidden {
			pages = append(pages, pageOf(c))
		}
	}
	slices.SortStableFunc(pages[1:], func(a, b page) int { return a.section - b.section })
	return pages
}

func pageOf(c *cobra.Command) page {
	p := page{
		name: strings.ReplaceAll(c.CommandPath(), " ", "-"), path: c.CommandPath(),
		section: sectionOf(c), short: c.Short, example: unindented(c.Example),
	}
	if c.Runnable() {
		p.use = c.UseLine()
		c.InitDefaultHelpFlag()
		p.flags = options(c.NonInheritedFlags())
		p.flags = append(p.flags, options(c.InheritedFlags())...)
	}
	p.body, p.exit = blocks(c.Long)
	if p.exit == "" && len(p.body) == 0 {
		p.body = []block{{text: c.Short + "."}}
	}
	return p
}

func options(flags *pflag.FlagSet) []option {
	var all []option
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Deprecated != "" {
			return
		}
		value, help := pflag.UnquoteUsage(f)
		o := option{letter: f.Shorthand, name: f.Name, value: value, help: help}
		if f.Value.Type() != "bool" {
			o.optional = f.NoOptDefVal != ""
			if o.value == "" {
				o.value = "VALUE"
			}
			o.value = strings.TrimPrefix(o.value, "=")
			if f.DefValue != "" && f.DefValue != "[]" {
				o.preset = f.DefValue
			}
		}
		all = append(all, o)
	})
	return all
}

func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}
