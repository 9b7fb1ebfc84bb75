package cli_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestImports holds the direction in which packages know each other, over
// everything that is linked in and not only what a file names.
func TestImports(t *testing.T) {
	const module = "github.com/sockls/sockls/"
	tests := []struct {
		goos string
		pkgs string
		none []string // prefixes of packages that must not be linked in
	}{
		{"linux", "render/...", []string{
			"github.com/vishvananda", "github.com/shirou", "github.com/spf13",
			module + "cmd", module + "collector/sockdiag", module + "collector/procfs", module + "collector/owner",
			module + "collector/rtnetlink", module + "collector/netfilter", module + "collector/netns", module + "collector/portable",
		}},
		{"linux", "collector/socket", []string{"github.com", "golang.org", module + "collector/fact"}},
		{"linux", "collector/why", []string{"github.com", "golang.org", module + "collector/procfs", module + "render"}},
		{"linux", "collector/filter", []string{"github.com", "golang.org", module + "collector/sockdiag", module + "render"}},
		{"linux", "collector/...", []string{"github.com/spf13", module + "cmd", module + "render"}},
		{"linux", "cmd/sockls", []string{
			"github.com/shirou", "github.com/rogpeppe", "github.com/google/go-cmp", module + "cmd/internal/mksock", module + "collector/netns/nstest",
			module + "render/tui/tmuxtest",
		}},
		{"linux", "collector/portable", []string{
			"github.com/vishvananda", "github.com/spf13", module + "collector/sockdiag", module + "collector/procfs", module + "collector/netns",
		}},
		{"darwin", "cmd/sockls", []string{"github.com/vishvananda"}},
		{"windows", "cmd/sockls", []string{"github.com/vishvananda"}},
	}
	for _, tt := range tests {
		t.Run(tt.goos+"/"+tt.pkgs, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./"+tt.pkgs)
			cmd.Dir = "../../.."
			cmd.Env = append(os.Environ(), "GOOS="+tt.goos, "CGO_ENABLED=0")
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			for pkg := range strings.Lines(string(out)) {
				pkg = strings.TrimSpace(pkg)
				for _, prefix := range tt.none {
					ours := strings.HasPrefix(pkg, module) && !strings.HasPrefix(prefix, module)
					if strings.HasPrefix(pkg, prefix) && !ours {
						t.Errorf("%s links in %s", tt.pkgs, pkg)
					}
				}
			}
		})
	}
}
