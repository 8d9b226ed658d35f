package cli

import (
	"fmt"
	"os"
	"time"
)

// wasTouched reports whether somebody has worked on the file of rows to mend
// since the run that wrote it, or it is none of ours. A run gives it the time of
// its results file, so it is asked before those are written to.
func wasTouched(failed, results string) bool {
	info, err := os.Stat(failed)
	if err != nil {
		return false
	}
	written, err := os.Stat(results)
	return err != nil || !info.ModTime().Equal(written.ModTime())
}

// markUntouched is what a later run knows its own file by. Where it fails, that
// file is taken for a person's and kept.
func markUntouched(failed, results string) {
	if written, err := os.Stat(results); err == nil {
		_ = os.Chtimes(failed, time.Time{}, written.ModTime())
	}
}

// setAside gives a file another name, beside those that were set aside before,
// and says which.
func setAside(path string) (string, error) {
	for n := 1; ; n++ {
		kept := fmt.Sprintf("%s.kept-%d.csv", stem(path), n)
		if _, err := os.Lstat(kept); err == nil {
			continue
		}
		if err := os.Rename(path, kept); err != nil && !os.IsNotExist(err) {
			return "", fmt.Errorf("keeping %s, which was changed since it was written: %w", path, err)
		}
		return kept, nil
	}
}
