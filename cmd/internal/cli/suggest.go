package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockls/sockls/collector/spelling"
)

// flagError turns pflag's complaint into one line that names the flag that was
// probably meant.
func flagError(cmd *cobra.Command, err error) error {
	message := err.Error()
	name, unknown := strings.CutPrefix(message, "unknown flag: --")
	if !unknown {
		return fmt.Errorf("%s; see %s --help", message, cmd.CommandPath())
	}
	name, _, _ = strings.Cut(name, "=")
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return unknownWord("flag", "--", name, names)
}

// unknownWord is the error for a word that is none of the valid ones.
func unknownWord(kind, prefix, word string, valid []string) error {
	if near := spelling.Nearest(word, valid); near != "" {
		return fmt.Errorf("unknown %s %q, did you mean %q?", kind, prefix+word, prefix+near)
	}
	return fmt.Errorf("unknown %s %q; valid are %s", kind, prefix+word, prefix+strings.Join(slices.Sorted(slices.Values(valid)), ", "+prefix))
}
