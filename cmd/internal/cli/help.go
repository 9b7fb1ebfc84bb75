package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/render/field"
)

// topic is a page of help that belongs to no command. What comes from a registry
// is put together when somebody reads it.
type topic struct {
	name, short string
	text        func(root *cobra.Command) string
}

var topicList = [...]topic{
	{"columns", "Everything that can be a column, a sort key or an operand of a filter", func(*cobra.Command) string { return allColumns() }},
	{"filter", "The language of filters", func(*cobra.Command) string { return filterHelp }},
	{"json", "What the JSON has, and what of it stays", func(*cobra.Command) string { return jsonHelp() }},
	{"exit-codes", "What the exit codes of each command mean", exitHelp},
	{"config", "A file of defaults", func(*cobra.Command) string { return configHelp }},
}

func topics() []*cobra.Command {
	var all []*cobra.Command
	for i := range topicList {
		t := &topicList[i]
		page := &cobra.Command{Use: t.name, Short: t.short}
		usual := page.HelpFunc()
		page.SetHelpFunc(func(c *cobra.Command, args []string) {
			c.Long = t.text(c.Root())
			usual(c, args)
		})
		all = append(all, page)
	}
	return all
}

// Reference returns the program as it is documented: a command line that is never
// run, whose pages of help are all there.
func Reference() *cobra.Command {
	root := newRootCmd(streams.Streams{}, nil)
	for _, c := range root.Commands() {
		for i := range topicList {
			if c.Name() == topicList[i].name {
				c.Long = topicList[i].text(root)
			}
		}
	}
	return root
}

// columnList lists columns with their help.
func columnList(b *strings.Builder, columns []field.Field) {
	width := 0
	for _, f := range columns {
		width = max(width, len(f.Name))
	}
	for _, f := range columns {
		fmt.Fprintf(b, "  %-*s  %s\n", width, f.Name, f.Help)
	}
}

// basicColumns lists those that every kind of socket can have.
func basicColumns() string {
	var b strings.Builder
	columnList(&b, field.Basic())
	return strings.TrimRight(b.String(), "\n")
}

// allColumns lists all, below the flags that ask for many of them at once, and in
// the end those that belong to no flag.
func allColumns() string {
	var b strings.Builder
	b.WriteString("Names that --columns, --sort and filters take. A line beneath a row and the JSON\nhave them too.\n\nBasic\n")
	basic := field.Basic()
	columnList(&b, basic)
	listed := make(map[string]bool)
	for i := range basic {
		listed[basic[i].Name] = true
	}
	for _, set := range field.Sets() {
		name := "--" + set.Flag
		if set.Letter != "" {
			name = "-" + set.Letter + ", " + name
		}
		fmt.Fprintf(&b, "\n%s: %s\n", name, set.Help)
		columns := set.All()
		columnList(&b, columns)
		for i := range columns {
			listed[columns[i].Name] = true
		}
	}
	rest := slices.DeleteFunc(field.All(), func(f field.Field) bool { return listed[f.Name] })
	b.WriteString("\nOthers\n")
	columnList(&b, rest)
	return strings.TrimRight(b.String(), "\n")
}
