//go:build linux

package cli_test

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sockls/sockls/cmd/internal/cli"
	"github.com/sockls/sockls/cmd/internal/mksock"
	"github.com/sockls/sockls/cmd/internal/streams"
)

// update writes what was printed into the scripts in place of what they expect;
// read the difference before it is committed.
var update = flag.Bool("update", false, "rewrite the expected outputs of the scripts")

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

		"docker-proxy": dockerProxy,
	})
}

// TestScript runs every scenario: real sockets in a network namespace of its
// own, and what the program has to say of them. Beyond the commands of
// testscript there are:
//
//	mk [-in=NAME] [-pidns] NAME argument…
//		Start mksock in a new namespace, or in that of an earlier NAME, and
//		wait until its sockets are there. With -pidns it is the first process of
//		a new pid namespace. Each label sets $label_PID, _TID, _FD,
//		_INODE, _COOKIE and _PORT, and NAME sets $NAME_PID.
//	group NAME PATH
//		Move NAME into a new control group, PATH below that of the tests.
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
//	why [-code=N] [-uid=N] [-seccomp=LIST] [-hide=DIR] NAME argument…
//		Run sockls why like in, and print its answer as explained does.
//	explained
//		Print the last answer of sockls why, text or JSON, without what no
//		script can know: see harness_why_test.go. Give each script ports of its
//		own, for why tells of every network namespace, those of other scripts too.
//	binds [-errno=NAME] [-uid=N] NAME SPEC
//		Let the kernel itself say whether mksock can make such a socket in the
//		namespace of NAME, or with which error bind or listen fails.
//	screen open COLUMNSxROWS [NAME=VALUE…]
//		Sit down at a terminal of that size, with a shell on it.
//	screen type TEXT…, screen keys KEY…
//		Type on it: words, or keys by the names that tmux has for them.
//	screen await TEXT…
//		Wait until all of these stand on the screen, and none that begins with "!".
//
// The condition [can:SPEC] holds where the kernel can make such a socket,
// [link:KIND] where it can make such an interface, and [cgroup2] where control
// groups can be made. There is a docker-proxy, which takes the arguments of the
// real one and listens.
func TestScript(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes network namespaces")
	}
	testscript.Run(t, testscript.Params{
		Dir:                "../../../testdata/script",
		RequireUniqueNames: true,
		UpdateScripts:      *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", os.Getenv("GORACE"))
			th := newTheatre()
			env.Values[theatreKey{}] = th
			env.Defer(th.close)
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"mk": cmdMk, "group": cmdGroup, "unmk": cmdUnmk, "in": cmdIn, "rows": cmdRows, "notices": cmdNotices, "likess": cmdLikeSS,
			"why": cmdWhy, "explained": cmdExplained, "binds": cmdBinds, "screen": cmdScreen,
		},
	})
}
