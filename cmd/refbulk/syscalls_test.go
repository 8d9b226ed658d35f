//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// traced runs a program under strace, which meddles with one system call: the
// nth one of each thread.
func traced(t *testing.T, call, effect string, nth int) []string {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	if text, err := exec.Command(strace, "-qq", "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %v %s", err, text)
	}
	return []string{strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:%s:when=%d", call, effect, nth)}
}

// mixedUp is a file of everything, short enough to be run a hundred times.
func mixedUp(t *testing.T) *listing {
	l := list(t, 6, "", "--workers", "2", "--timeout", "500ms")
	text := read(t, l.dir+"/list.csv") + "create,invalid@,Invalid,,\ncreate,lead@example.com,Lead,new-1@example.com,yes\n"
	write(t, l.dir, "list.csv", text)
	return l
}

// whole checks that everybody is there once, and that nothing lies about.
func (l *listing) whole(t *testing.T, o outcome) {
	t.Helper()
	counts := l.Counts()
	if counts.Commits.Creates != 7 || counts.Commits.Qualifications != 1 || counts.Repeated.Creates+counts.Repeated.Qualifications != 0 {
		t.Errorf("commits %+v, repeated %+v; want 7 people and 1 qualification, each once\n%v", counts.Commits, counts.Repeated, o)
	}
	if got := l.results(t).statuses(); got["created"] != 7 || got["invalid"] != 1 || len(got) != 2 {
		t.Errorf("statuses %v, want 7 created and 1 invalid\n%v", got, o)
	}
	undo := read(t, filepath.Join(l.dir, "list.undo.csv"))
	for _, email := range []string{"new-0@", "new-1@", "new-2@", "new-3@", "new-4@", "new-5@", "lead@"} {
		if !strings.Contains(undo, email+"example.com was created") {
			t.Errorf("the undo file does not have %s:\n%s", email, undo)
		}
	}
	files := names(t, l.dir)
	want := []string{"list.csv", "list.failed.csv", "list.results.csv", "list.undo.csv"}
	if !slices.Equal(files, want) {
		t.Errorf("there are the files %v, want %v\n%v", files, want, o)
	}
}

// fileCalls are the system calls by which files change.
var fileCalls = []string{"pwrite64", "fsync", "renameat", "ftruncate", "unlinkat", "openat", "write"}

func TestKilledAtAnySystemCallThatChangesAFileEveryRowIsDoneOnce(t *testing.T) {
	t.Parallel()
	many := atOnce(t)
	defer many.wait()
	for _, call := range fileCalls {
		many.run(call, func(t *testing.T) {
			for nth := 1; ; nth++ {
				l := mixedUp(t)
				dying := l.command
				dying.through = traced(t, call, "signal=SIGKILL", nth)
				o := dying.start(t).result(t)
				if !o.killed {
					t.Logf("killed at %d of its calls", nth-1)
					return
				}
				l.settle(t)
				l.whole(t, l.want(t, 3))
				if t.Failed() {
					t.Fatalf("killed at call %d", nth)
				}
			}
		})
	}
}

func TestWhenTheDiskFailsAtAnySystemCallEveryRowIsDoneOnce(t *testing.T) {
	t.Parallel()
	many := atOnce(t)
	defer many.wait()
	for call, errors := range map[string][]string{"pwrite64": {"ENOSPC", "EIO"}, "fsync": {"EIO"}, "renameat": {"ENOSPC"}, "ftruncate": {"EIO"}} {
		for _, name := range errors {
			many.run(call+"/"+name, func(t *testing.T) {
				for nth := 1; ; nth++ {
					l := mixedUp(t)
					failing := l.command
					failing.through = traced(t, call, "error="+name, nth)
					o := failing.run(t)
					if o.code == 3 {
						t.Logf("failed at %d of its calls", nth-1)
						return
					}
					if o.code != 1 || o.stderr == "" {
						t.Errorf("exit code %d, want 1 and the reason\n%v", o.code, o)
					}
					l.whole(t, l.want(t, 3))
					if t.Failed() {
						t.Fatalf("failed at call %d", nth)
					}
				}
			})
		}
	}
}
