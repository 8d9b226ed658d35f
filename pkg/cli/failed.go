package cli

import (
	"fmt"
	"os"
)

// keepMended gives another name to a file of rows to mend on which somebody has
// worked since a run wrote it, or which is none of ours: this run would put
// another in its place. It is called before the results are written to.
func (i *importing) keepMended() error {
	info, err := os.Stat(i.flags.failedPath())
	if err != nil {
		return nil // there is none
	}
	if results, err := os.Stat(i.flags.resultsPath()); err == nil && !info.ModTime().After(results.ModTime()) {
		i.failed = info
		return nil
	}
	return i.setAside()
}

// keepMendedSince is keepMended for what happened since.
func (i *importing) keepMendedSince() error {
	info, err := os.Stat(i.flags.failedPath())
	if err != nil || i.failed != nil && info.ModTime().Equal(i.failed.ModTime()) && info.Size() == i.failed.Size() {
		return nil
	}
	return i.setAside()
}

func (i *importing) setAside() error {
	failed := i.flags.failedPath()
	for n := 1; ; n++ {
		kept := fmt.Sprintf("%s.kept-%d.csv", stem(failed), n)
		if _, err := os.Lstat(kept); err == nil {
			continue
		}
		if err := os.Rename(failed, kept); err != nil {
			return fmt.Errorf("keeping %s, which is not as a run left it: %w", failed, err)
		}
		i.log.Warn(fmt.Sprintf("%s is not as the latest run left it: it is kept as %s", failed, kept))
		return nil
	}
}
