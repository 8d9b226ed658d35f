package pace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Every process that takes slots holds a lock on a file of its own for as long as it lives. The system
// drops the lock when the process dies, however it dies, so nobody needs to guess from process numbers
// or deadlines. The file is made and judged only by who holds the lock of the account.

// enter gets the lock of the account, if it is free, and joins the members on the first use.
func (f *File) enter() (free bool, err error) {
	if f.alive == nil {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
			return false, err
		}
	}
	if free, err = f.lock.TryLock(); err != nil || !free {
		return false, err
	}
	if f.alive == nil {
		err = f.join()
	}
	if err != nil {
		f.lock.Unlock()
	}
	return err == nil, err
}

// join makes this process one that the others see alive, and sweeps up after the dead.
func (f *File) join() error {
	left, _ := filepath.Glob(f.path + ".*.alive") // the pattern is well-formed
	for _, path := range left {
		isDead(path)
	}
	alive := flock.New(f.member(f.me), flock.SetPermissions(0o600))
	if got, err := alive.TryLock(); err != nil || !got {
		return fmt.Errorf("locking %q: %w", alive.Path(), errors.Join(err, fs.ErrExist))
	}
	f.alive = alive
	return nil
}

// part ends what join began. A file that can't be removed is the next one's to sweep.
func (f *File) part() error {
	if f.alive == nil {
		return nil
	}
	err := f.alive.Unlock()
	os.Remove(f.alive.Path())
	f.alive = nil
	return err
}

func (f *File) member(owner uint64) string { return fmt.Sprintf("%s.%016x.alive", f.path, owner) }

// buryDead takes the slots of those who have been dead for a while for come back, to be free a window from
// now.
func (f *File) buryDead(while, now time.Duration) {
	for _, owner := range f.table.others(f.me) {
		since, known := f.dead[owner]
		switch {
		case !known && !isDead(f.member(owner)):
		case !known, now < since: // or the clock was set back
			f.dead[owner] = now
		case now-since >= while:
			f.table.bury(owner, now)
			delete(f.dead, owner)
		}
	}
}

// isDead reports whether nobody holds the lock on a member's file, and removes it then. What can't be
// told is alive, which frees nothing.
func isDead(path string) bool {
	lock := flock.New(path, flock.SetFlag(os.O_RDWR)) // not O_CREATE: no file, no member
	got, err := lock.TryLock()
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil || !got {
		return false
	}
	lock.Unlock()
	os.Remove(path)
	return true
}
