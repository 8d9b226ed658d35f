package job

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// placeholder is what a name may hold to be filled in.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// Expand fills {date} and {step} into a name.
func Expand(name, step string, now time.Time) (string, error) {
	var unknown error
	text := placeholder.ReplaceAllStringFunc(name, func(found string) string {
		switch found {
		case "{date}":
			return now.Format(time.DateOnly)
		case "{step}":
			return strings.Map(plain, step)
		}
		unknown = fmt.Errorf("%q holds %s, which is not filled in; use {date} or {step}", name, found)
		return found
	})
	return text, unknown
}

// plain keeps what every file system takes in a name.
func plain(r rune) rune {
	if strings.ContainsRune(`/\:*?"<>| `, r) || r < ' ' {
		return '-'
	}
	return r
}

// In makes a path that is relative to a folder one of the working directory.
func In(dir, path string) string {
	if filepath.IsAbs(path) || path == "-" {
		return path
	}
	return filepath.Join(dir, path)
}

// IsPattern reports whether a file is named by a pattern.
func IsPattern(file string) bool { return strings.ContainsAny(file, "*?[") }

// Newest is the newest file that a pattern names; of several of the same age
// the last by name. Files that refbulk writes beside an input are not taken
// for one. The error wraps [fs.ErrNotExist] when there is none.
func Newest(pattern string) (string, error) {
	if !IsPattern(pattern) {
		_, err := os.Stat(pattern)
		return pattern, err
	}
	names, err := filepath.Glob(pattern)
	if err != nil {
		return "", fmt.Errorf("the pattern %q cannot be read: %w", pattern, err)
	}
	slices.Sort(names)
	newest, at := "", time.Time{}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() || ours(name) {
			continue
		}
		if !info.ModTime().Before(at) {
			newest, at = name, info.ModTime()
		}
	}
	if newest == "" {
		return "", fmt.Errorf("no file matches %q: %w", pattern, fs.ErrNotExist)
	}
	return newest, nil
}

// ours reports whether a name is one that refbulk gives to what it writes.
func ours(name string) bool {
	for _, ending := range []string{".results.csv", ".undo.csv", ".failed.csv"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}
