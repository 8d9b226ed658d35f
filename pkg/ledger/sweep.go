package ledger

import (
	"os"
	"path/filepath"
	"strings"
)

// Sweep removes what a run that was killed left half written of the file at
// path, as sheet.Create names it, and of no other file. Nobody else may be
// writing it. What cannot be removed stays: it is in nobody's way.
func Sweep(path string) {
	dir, base := filepath.Split(path)
	files, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return
	}
	for _, f := range files {
		if isUnfinished(f.Name(), base) {
			_ = os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}

// isUnfinished reports whether a temporary file is one of the file named base:
// what os.CreateTemp puts between the two is a number.
func isUnfinished(name, base string) bool {
	number, begins := strings.CutPrefix(name, "."+base+".")
	number, ends := strings.CutSuffix(number, ".tmp")
	return begins && ends && number != "" && strings.Trim(number, "0123456789") == ""
}
