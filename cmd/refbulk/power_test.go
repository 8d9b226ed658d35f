//go:build linux

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A disk that loses power loses what was written and not synced, or some of
// it. Here the results and the undo file are cut back to what was certainly
// on the disk when the process was killed, or to half a line more.
func TestThePowerLostAtAnySystemCallWhichKillsTheRunLosesNoRow(t *testing.T) {
	t.Parallel()
	many := atOnce(t)
	defer many.wait()
	for _, call := range []string{"fsync", "pwrite64", "write", "renameat"} {
		many.run(call, func(t *testing.T) {
			cuts := 0
			for nth := 1; ; nth++ {
				l := mixedUp(t)
				log := filepath.Join(t.TempDir(), "calls")
				dying := l.command
				dying.through = logged(traced(t, call, "signal=SIGKILL", nth), log)
				if o := dying.start(t).result(t); !o.killed {
					t.Logf("killed at %d of its calls; %d times something was not synced", nth-1, cuts)
					return
				}
				l.settle(t)
				cuts += losePower(t, l.dir, log, nth%2 == 0)
				l.whole(t, l.want(t, 3))
				if t.Failed() {
					t.Fatalf("killed at call %d\n%s", nth, read(t, log))
				}
			}
		})
	}
}

// logged has strace tell of every write and sync of a file, with its path.
func logged(strace []string, log string) []string {
	for n, arg := range strace {
		switch {
		case arg == "/dev/null":
			strace[n] = log
		case strings.HasPrefix(arg, "trace="):
			strace[n] = "trace=pwrite64,fsync,write,renameat"
		}
	}
	return append(strace, "-y", "-s", "0")
}

var (
	began   = regexp.MustCompile(`^(\d+) +(pwrite64|fsync)\(\d+<([^>]*)>(?:.*, (\d+))?(\)? *= \d+| <unfinished \.\.\.>)`)
	resumed = regexp.MustCompile(`^(\d+) +<\.\.\. (?:pwrite64|fsync) resumed>.*= \d+`)
)

// losePower cuts files back to what a log of calls says was synced, and half
// of what was not if it is torn. It tells how many files it cut.
func losePower(t *testing.T, dir, log string, torn bool) (cut int) {
	t.Helper()
	for base, offset := range unsynced(t, log) {
		path := filepath.Join(dir, base)
		info, err := os.Stat(path)
		if err != nil || info.Size() <= offset {
			continue
		}
		if torn {
			offset += (info.Size() - offset) / 2
		}
		if err := os.Truncate(path, offset); err != nil {
			t.Fatal(err)
		}
		cut++
	}
	return cut
}

// unsynced finds in a log of calls the files of which something was written
// and not synced, and where that begins.
func unsynced(t *testing.T, log string) map[string]int64 {
	t.Helper()
	type call struct{ name, path, offset string }
	underway := map[string]call{} // by thread
	from := map[string]int64{}
	finish := func(c call) {
		base := regexp.MustCompile(`^\.(.*)\.\d+\.tmp$`).ReplaceAllString(filepath.Base(c.path), "$1")
		if c.name == "fsync" {
			delete(from, base) // a whole file that was synced is renamed next
			return
		}
		offset, err := strconv.ParseInt(c.offset, 10, 64)
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		if first, there := from[base]; !there || offset < first {
			from[base] = offset
		}
	}
	for text := range strings.Lines(read(t, log)) {
		if m := began.FindStringSubmatch(text); m != nil {
			c := call{m[2], m[3], m[4]}
			if strings.Contains(m[5], "unfinished") {
				underway[m[1]] = c
				continue
			}
			finish(c)
		} else if m := resumed.FindStringSubmatch(text); m != nil {
			finish(underway[m[1]])
			delete(underway, m[1])
		}
	}
	for _, c := range underway {
		if c.name == "pwrite64" {
			finish(c) // it may have been made, and was not synced
		}
	}
	return from
}
