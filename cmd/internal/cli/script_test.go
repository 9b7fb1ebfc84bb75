//go:build linux

package cli_test

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sockls/sockls/cmd/internal/cli"
	"github.com/sockls/sockls/cmd/internal/mksock"
	"github.com/sockls/sockls/cmd/internal/streams"
)

// The test binary is the program, and its tool for making sockets, when it is
// started under their names.
func TestMain(m *testing.M) {
	// The race detector would make every process wait for a second at its end.
	if os.Getenv("GORACE") == "" {
		if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
			panic(err)
		}
	}
	testscript.Main(m, map[string]func(){
		"sockls": func() { os.Exit(cli.Main(context.Background(), streams.System(), os.Args[1:])) },
		"mksock": mksock.Main,
	})
}

// TestScript runs every scenario: real sockets in a network namespace of its
// own, and what the program has to say of them. Beyond the commands of
// testscript there are:
//
//	mk [-in=NAME] NAME argument…
//		Start mksock in a new namespace, or in that of an earlier NAME, and
//		wait until its sockets are there. Each label sets $label_PID, _TID, _FD,
//		_INODE, _COOKIE and _PORT, and NAME sets $NAME_PID.
//	unmk NAME
//		End it and wait until it is gone.
//	[!] in [-code=N] [-uid=N] [-seccomp=LIST] [-hide=DIR] NAME program argument…
//		Run a program in the namespace of NAME; -code is the exit status it has
//		to have. The flags are those of mksock.
//	rows [-sort] [KEY=VALUE…]
//		Print the sockets of the last JSON that in has seen, one a line, whole
//		but for what no script can know: see harness_rows_test.go. The pairs
//		select rows, as in local.port=8080.
//	notices
//		Print code and count of each notice of that JSON.
//
// The condition [can:SPEC] holds where the kernel can make such a socket.
func TestScript(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes network namespaces")
	}
	testscript.Run(t, testscript.Params{
		Dir:                "../../../testdata/script",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", os.Getenv("GORACE"))
			th := newTheatre()
			env.Values[theatreKey{}] = th
			env.Defer(th.close)
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"mk": cmdMk, "unmk": cmdUnmk, "in": cmdIn, "rows": cmdRows, "notices": cmdNotices, "likess": cmdLikeSS,
		},
	})
}
