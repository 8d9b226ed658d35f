package cli

import (
	"fmt"
	"os"
)

// keepMended gives another name to a file of rows to mend on which somebody has
// worked since a run wrote it, or which is none of ours: this run would put
// another in its place. It is called before the results are written to.
func (i *importing) keepMended() error {
	failed := i.flags.failedPath()
	info, err := os.Stat(failed)
	if err != nil {
		return nil // there is none
	}
	if results, err := os.Stat(i.flags.resultsPath()); err == nil && !info.ModTime().After(results.ModTime()) {
		return nil
	}
	for n := 1; ; n++ {
		kept := fmt.Sprintf("%s.kept-%d.csv", stem(failed), n)
		if _, err := os.Lstat(kept); err == nil {
			continue
		}
		if err := os.Rename(failed, kept); err != nil {
			return fmt.Errorf("keeping %s, which was changed after it was written: %w", failed, err)
		}
		i.log.Warn(fmt.Sprintf("%s was changed after it was written: it is kept as %s", failed, kept))
		return nil
	}
}
