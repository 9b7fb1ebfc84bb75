package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/cmd/internal/cli"
)

func main() {
	out := flag.String("out", "", "`directory` to write to")
	e := edition{}
	flag.StringVar(&e.version, "version", "(devel)", "`version` of the program")
	flag.StringVar(&e.date, "date", "", "`date` of the version, as 2026-05-01")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(*out, e); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

// write writes all files below dir.
func write(dir string, e edition) error {
	files, err := generate(e)
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// edition is what of a page does not come from the program.
type edition struct{ version, date string }

// file is one that is written.
type file struct {
	path string
	text []byte
}

// generate makes all files, in a fixed order.
func generate(e edition) ([]file, error) {
	root := cli.Reference()
	pages := pagesOf(root)
	var files []file
	for i := range pages {
		name := fmt.Sprintf("%s.%d", pages[i].name, pages[i].section)
		files = append(files, file{filepath.Join("man", name), pages[i].man(e, pages)})
	}
	files = append(files, file{"reference.md", reference(e, pages)})
	scripts, err := completions(root)
	return append(files, scripts...), err
}

// completions are the scripts for shells, under the names by which those find them.
func completions(root *cobra.Command) ([]file, error) {
	var bash, zsh, fish, powershell bytes.Buffer
	for _, err := range []error{
		root.GenBashCompletionV2(&bash, true),
		root.GenZshCompletion(&zsh),
		root.GenFishCompletion(&fish, true),
		root.GenPowerShellCompletionWithDesc(&powershell),
	} {
		if err != nil {
			return nil, fmt.Errorf("completion script: %w", err)
		}
	}
	return []file{
		{filepath.Join("completions", "sockls.bash"), bash.Bytes()},
		{filepath.Join("completions", "_sockls"), zsh.Bytes()},
		{filepath.Join("completions", "sockls.fish"), fish.Bytes()},
		{filepath.Join("completions", "sockls.ps1"), powershell.Bytes()},
	}, nil
}
