package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// named is a file of a run, and the flag that names it.
type named struct{ flag, path string }

// differ refuses one file under two flags: what the run keeps in it under one
// of them would be lost to the other.
func differ(files ...named) error {
	for i, f := range files {
		for _, g := range files[:i] {
			if f.isFile() && g.isFile() && sameFile(f.path, g.path) {
				return fmt.Errorf("%s and %s are the same file, %s; name another for one of them", g.flag, f.flag, f.path)
			}
		}
	}
	return nil
}

// haveFolders refuses a file that could not be written in the end, for want of
// its folder.
func haveFolders(files ...named) error {
	var errs []error
	for _, f := range files {
		if !f.isFile() {
			continue
		}
		folder := filepath.Dir(f.path)
		switch info, err := os.Stat(folder); {
		case errors.Is(err, fs.ErrNotExist):
			errs = append(errs, fmt.Errorf("%s: there is no folder %s: make it, or name another place", f.flag, folder))
		case err == nil && !info.IsDir():
			errs = append(errs, fmt.Errorf("%s: %s is a file, and no folder: name another place", f.flag, folder))
		}
	}
	return errors.Join(errs...)
}

func (n named) isFile() bool { return n.path != "" && n.path != "-" && n.path != inMemory }

// sameFile reports whether two paths lead to one file, be it there or not yet.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, otherErr := os.Stat(b)
	if err == nil && otherErr == nil {
		return os.SameFile(one, other)
	}
	return place(a) == place(b)
}

// place is where a path leads, through links to its folder.
func place(path string) string {
	whole, err := filepath.Abs(path)
	if err != nil {
		return filepath.Clean(path)
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(whole)); err == nil {
		return filepath.Join(folder, filepath.Base(whole))
	}
	return whole
}

// checkPage refuses a name that is none of a page.
func checkPage(flag, path string) error {
	if path == "" || strings.EqualFold(filepath.Ext(path), ".html") {
		return nil
	}
	return fmt.Errorf("%s %q: a report is a page; name it report.html", flag, path)
}
