//go:build unix

package portable

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func shell(t *testing.T, limit time.Duration) Program {
	t.Helper()
	for _, path := range []string{"/bin/sh", "/usr/bin/sh"} {
		if _, err := os.Stat(path); err == nil {
			return Program{"sh", []string{"/nonexistent/sh", path}, limit}
		}
	}
	t.Skip("no shell to run")
	return Program{}
}

func TestRunProgram(t *testing.T) {
	t.Parallel()
	sh := shell(t, 10*time.Second)
	out, err := runProgram(t.Context(), sh, []string{"-c", `echo "$LC_ALL $HOME $PATH"; pwd; cat`})
	if want := "C  /usr/bin:/bin:/usr/sbin:/sbin\n/\n"; err != nil || string(out) != want {
		t.Errorf("%q, %v", out, err)
	}
	out, err = runProgram(t.Context(), sh, []string{"-c", "echo some; echo why not >&2; echo more >&2; exit 3"})
	var failed *ProgramError
	if !errors.As(err, &failed) || failed.Exit != 3 || failed.Said != "why not" || string(out) != "some\n" {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := runProgram(t.Context(), Program{"no", []string{"/nonexistent", "/"}, time.Second}, nil); !errors.Is(err, ErrAbsent) {
		t.Error(err)
	}
}

func TestRunProgramTooLong(t *testing.T) {
	t.Parallel()
	began := time.Now()
	_, err := runProgram(t.Context(), shell(t, 50*time.Millisecond), []string{"-c", "sleep 60"})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "longer than") {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := runProgram(ctx, shell(t, time.Minute), []string{"-c", "exec sleep 60"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestBounded(t *testing.T) {
	b := bounded{most: 5}
	for range 3 {
		if n, err := b.Write([]byte("abc")); n != 3 || err != nil {
			t.Fatal(n, err)
		}
	}
	if b.String() != "abcab" || !b.cut {
		t.Errorf("%q %v", b.String(), b.cut)
	}
}
