package ledger

import (
	"os"
	"path/filepath"
	"strings"
)

// Sweep removes what a run that was killed left half written of the file at
// path, as sheet.Create names it. Nobody else may be writing it. What cannot
// be removed stays: it is in nobody's way.
func Sweep(path string) {
	dir, base := filepath.Split(path)
	files, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "."+base+".") && strings.HasSuffix(f.Name(), ".tmp") {
			_ = os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}
