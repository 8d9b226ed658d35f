//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A disk that is full ends the run with an error. What had left is looked up
// by the next one, and nothing is done twice.
func TestOnAFullDiskTheRunEndsAndTheNextDoesTheRest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, size string }{
		{"the results file grows no more", "64k"},
		{"there is no room for a file at all", "4k"},
	} {
		l := list(t, 300, "", "--timeout", "2s")
		disk := mount(t, "size="+test.size)
		l.args = append(l.args, "--results", filepath.Join(disk, "list.results.csv"), "--workers", "16")
		o := l.want(t, 1)
		if !strings.Contains(o.stderr, "no space left") || !strings.Contains(o.stderr, "run the same command again") {
			t.Errorf("%s: the message does not say what happened and what to do\n%v", test.name, o)
		}
		if n := l.Counts().Commits.Creates; n >= 300 {
			t.Errorf("%s: %d people were created although the results had no room", test.name, n)
		}
		remount(t, disk, "size=10m")
		o = l.want(t, 0)
		l.completeIn(t, disk, o)
	}
}

// completeIn is complete for results in another folder.
func (l *listing) completeIn(t *testing.T, dir string, o outcome) {
	t.Helper()
	l.dir = dir
	l.complete(t, o)
	files, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(files) > 0 {
		t.Errorf("files were left behind: %v %v", files, err)
	}
}

// The same on a file that may grow no further, which needs no rights.
func TestWhereFilesMayGrowNoFurtherTheRunEndsAndTheNextDoesTheRest(t *testing.T) {
	t.Parallel()
	l := list(t, 300, "", "--workers", "16", "--timeout", "2s")
	small := l.command
	small.through = []string{"sh", "-c", `ulimit -f 64; exec "$0" "$@"`}
	o := small.want(t, 1)
	if n := l.Counts().Commits.Creates; n == 0 || n >= 300 {
		t.Errorf("%d people were created, want some, and not all: the results had no room for more\n%v", n, o)
	}
	l.complete(t, l.want(t, 0))
}

func TestWhereResultsCannotBeWrittenNothingIsSent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		path func(*testing.T) string
	}{
		{"no such folder", func(t *testing.T) string { return filepath.Join(t.TempDir(), "missing", "r.csv") }},
		{"a folder in its place", func(t *testing.T) string { return t.TempDir() }},
		{"a file that is something else", func(t *testing.T) string { return write(t, t.TempDir(), "r.csv", "name,address\nJane,Here\n") }},
		{"a folder that may not be written", func(t *testing.T) string { return filepath.Join(readOnly(t), "r.csv") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := list(t, 10, "")
			path := test.path(t)
			before, _ := os.ReadFile(path)
			l.args = append(l.args, "--results", path)
			o := l.run(t)
			if o.code != 1 && o.code != 2 || l.Counts().Requests != 0 {
				t.Errorf("exit code %d after %d requests, want an error before any\n%v", o.code, l.Counts().Requests, o)
			}
			if !strings.Contains(o.stderr, "--results") {
				t.Errorf("the message does not say how to name another place\n%v", o)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(after, before) {
				t.Errorf("the file was changed to\n%s", after)
			}
		})
	}
}

// readOnly is a folder in which nobody, not even root, may make a file.
func readOnly(t *testing.T) string {
	t.Helper()
	if os.Getuid() == 0 {
		dir := mount(t, "size=64k")
		remount(t, dir, "ro")
		return dir
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	return dir
}

// mount makes a small disk. The test is skipped where that is not allowed.
func mount(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if text, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "refbulk-test", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v %s", err, text)
	}
	t.Cleanup(func() {
		if text, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, text)
		}
	})
	return dir
}

func remount(t *testing.T, dir, option string) {
	t.Helper()
	if text, err := exec.Command("mount", "-o", "remount,"+option, dir).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v %s", err, text)
	}
}
