package ledger

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// LockedError says that another run holds the results file or the undo file.
type LockedError struct {
	Path  string
	File  string // what a person calls it: "results" or "undo"
	Owner string // who holds it, "" when that is not known
}

// Error names the file and its holder.
func (e *LockedError) Error() string {
	owner := e.Owner
	if owner == "" {
		owner = "another run"
	}
	return fmt.Sprintf("%s holds the %s file %s; let it end, or wait for it with --lock-timeout", owner, e.File, e.Path)
}

// lock keeps a second run off a results or undo file. The file itself is
// replaced when a run ends, so the lock is on a hidden file beside it. The
// operating system gives a lock up when its process dies, however it dies.
type lock struct{ flock *flock.Flock }

// acquire waits up to timeout for the lock, or until ctx ends. File is what a
// person calls the file, and the flag that names it.
func acquire(ctx context.Context, path, file string, timeout time.Duration, owner string) (*lock, error) {
	name := lockPath(path)
	for deadline := time.Now().Add(timeout); ; {
		l := &lock{flock.New(name, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))}
		held, err := l.flock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("locking the %s file: %w; name another place with --%s", file, err, file)
		}
		if held && l.current() {
			l.sign(owner)
			return l, nil
		}
		who := ""
		if text, err := os.ReadFile(name); err == nil {
			who = strings.TrimSpace(string(text))
		}
		_ = l.flock.Close()
		if !held && !time.Now().Before(deadline) {
			return nil, &LockedError{Path: path, File: file, Owner: who}
		}
		select {
		case <-time.After(min(100*time.Millisecond, time.Until(deadline))):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func lockPath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
}

// Unended reports whether a run on the results file is under way, or was
// killed: one that ends takes its lock file away. It takes no lock itself,
// which would be in the way of a run. On Windows the lock file stays behind
// every run, and tells nothing.
func Unended(path string) bool {
	real, err := realPath(path, "results")
	if err != nil || runtime.GOOS == "windows" {
		return false
	}
	_, err = os.Stat(lockPath(real))
	return err == nil
}

// current reports whether the file that was locked still stands at its path:
// the run before may have removed it in between.
func (l *lock) current() bool {
	ours, err := l.flock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(l.flock.Path())
	return err == nil && os.SameFile(ours, there)
}

// sign writes the owner into the lock file, for those who find it locked. It
// is a courtesy: where a locked file cannot be written, they learn no name.
func (l *lock) sign(owner string) {
	_ = os.WriteFile(l.flock.Path(), []byte(owner+"\n"), 0o600)
}

// release removes the lock file while it is still held, and gives it up.
func (l *lock) release() {
	_ = os.Remove(l.flock.Path()) // a lock file that stays behind is free
	_ = l.flock.Close()
}
