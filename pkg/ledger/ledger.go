// Package ledger keeps the results file: one outcome per row, durable before
// the row's worker calls again, and the answer to which rows are settled. While
// a run lasts the file is only appended to; when it ends it is rewritten in one
// step, one line per row in file order. A torn end, the mark of a kill or a
// power cut, heals when the file is opened; the latest entry of a row counts.
//
// A Ledger belongs to one goroutine, but for Last, LastAt and LastEntry, which
// any may call between Open and Finish while nobody adds to its Keys.
package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/refbulk/refbulk/pkg/compact"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// Options say how a results file is opened.
type Options struct {
	Path        string
	Rehearsal   bool          // entries are a rehearsal's: they settle nothing of a real run
	LockTimeout time.Duration // how long to wait for another run on the same file
	Owner       string        // who we are, for the one who finds the file locked
	ReadOnly    bool          // only ask what is settled: no lock, nothing is written
}

// Ledger is an open results file.
type Ledger struct {
	path      string
	rehearsal bool
	readOnly  bool
	lock      *lock    // nil when only read
	file      *os.File // nil when there was none
	size      int64    // of what was appended whole; 0 = the file is yet to be begun
	index     index
	indexed   int64    // so far the index has the file
	carried   []string // headings of the columns that Finish has carried over
	finished  Lines    // as Finish has left them
	buffer    bytes.Buffer
}

// Open locks the results file, cuts off a torn end and reads what is settled.
// There is no file until the first entry. Waiting for the lock ends with ctx.
// The error is a *LockedError when another run holds the file; nothing was
// touched then. It is an *UnfitError when something else stands there.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	path, err := realPath(o.Path, "results")
	if err != nil {
		return nil, err
	}
	l := &Ledger{path: path, rehearsal: o.Rehearsal, readOnly: o.ReadOnly, index: index{rehearsal: o.Rehearsal}}
	if o.ReadOnly {
		return l, l.open()
	}
	if l.lock, err = acquire(ctx, path, "results", o.LockTimeout, o.Owner); err != nil {
		return nil, err
	}
	Sweep(path)
	if err := l.open(); err != nil {
		l.lock.release()
		return nil, err
	}
	return l, nil
}

// mostLinks is how many links may lead to one another.
const mostLinks = 40

// realPath follows a symbolic link, also one to a file that is yet to be made,
// because a whole file is put in place of the old one, not of a link to it. What
// is what a person calls the file, and the flag that names it.
func realPath(path, what string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding the %s file: %w", what, err)
	}
	for range mostLinks {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
			break
		}
		// A .. in a link is that of the folder where the link really stands.
		if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
			path = filepath.Join(folder, filepath.Base(path))
		}
		target, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", unfit("the %s path %s is not a file: name another with --%s", what, path, what)
	}
	return path, nil
}

// open reads what is there. A file that is missing, empty or was cut off
// within its first line is begun by the first entry.
func (l *Ledger) open() error {
	mode := os.O_RDWR
	if l.readOnly {
		mode = os.O_RDONLY
	}
	file, err := os.OpenFile(l.path, mode, 0o600)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening the results file: %w; name another place with --results", err)
	}
	l.file = file
	if err := l.load(); err != nil {
		return errors.Join(err, file.Close())
	}
	return nil
}

// begin puts a results file without entries in its place.
func (l *Ledger) begin() error {
	whole, err := sheet.Create(l.path)
	if err != nil {
		return fmt.Errorf("creating the results file: %w; name another place with --results", err)
	}
	defer whole.Close()
	first := headerLine(nil)
	if _, err = whole.Write(first); err == nil {
		err = l.giveUp()
	}
	if err == nil {
		err = whole.Commit()
	}
	if err == nil {
		l.file, err = os.OpenFile(l.path, os.O_RDWR, 0o600)
	}
	if err != nil {
		return fmt.Errorf("creating the results file: %w", err)
	}
	l.size, l.indexed = int64(len(first)), int64(len(first))
	return nil
}

// Key gives the key of a row in this file.
func (l *Ledger) Key(r row.Fingerprint) Key { return Key{Row: r, Rehearsal: l.rehearsal} }

// Last gives the latest status recorded of a row before this run, or after
// Finish that of all, and the content that the row had before this run; false
// when there is none.
func (l *Ledger) Last(key Key) (row.Status, row.Fingerprint, bool) {
	i, ok := l.index.find(key)
	if !ok {
		return row.Pending, 0, false
	}
	return l.LastAt(i)
}

// Became is what became of a row, as far as its change is concerned: the latest
// status recorded, pending when there is none, and, after Finish, whether this
// run's row says something else than the one before.
func (l *Ledger) Became(key Key) (status row.Status, edited bool) {
	i, ok := l.index.find(key)
	if !ok {
		return row.Pending, false
	}
	return l.index.status(i), l.index.isEdited(i)
}

// Keys are the rows of this file, a rehearsal's if it is one, and keys that
// stand for others. Who surveys the input adds its rows to them, before
// anybody else asks; a row that was added so has no entry yet.
func (l *Ledger) Keys() *compact.Keys { return &l.index.keys }

// LastAt is Last of the row at a place of Keys.
func (l *Ledger) LastAt(place int) (row.Status, row.Fingerprint, bool) {
	status := l.index.status(place)
	return status, l.index.content.At(place), status != row.Pending
}

// Unanswered calls each with the place and the latest entry of every row that
// was sent before this run without an answer being recorded.
func (l *Ledger) Unanswered(each func(place int, e Entry)) error {
	lines := newRecords(l.file)
	for i := range l.index.keys.Len() {
		if l.index.status(i) != row.Unknown || (l.index.state.At(i)&rehearsed != 0) != l.rehearsal {
			continue
		}
		record, err := lines.entry(&l.index, i)
		if err != nil {
			return err
		}
		entry, err := decode(record)
		if err != nil {
			return err
		}
		each(i, entry)
	}
	return nil
}

// LastEntry reads the latest entry of a row before this run.
func (l *Ledger) LastEntry(key Key) (Entry, error) {
	i, ok := l.index.find(key)
	if !ok {
		return Entry{}, fmt.Errorf("the results file has no entry of the row %v", key)
	}
	record, err := newRecords(l.file).entry(&l.index, i)
	if err != nil {
		return Entry{}, err
	}
	return decode(record)
}

// Append adds entries in one write. With sync they are durable when it
// returns. After an error they count for nothing in this run; the next one
// finds them all the same where only the sync failed.
func (l *Ledger) Append(entries []Entry, sync bool) error {
	if l.size == 0 {
		if err := l.begin(); err != nil {
			return err
		}
	}
	l.buffer.Reset()
	if err := encode(&l.buffer, entries); err != nil {
		return fmt.Errorf("writing results: %w", err)
	}
	if _, err := l.file.WriteAt(l.buffer.Bytes(), l.size); err != nil {
		_ = l.file.Truncate(l.size) // what was written of it would be cut off as torn, too
		return fmt.Errorf("writing results: %w", err)
	}
	if sync {
		if err := l.file.Sync(); err != nil {
			return fmt.Errorf("writing results: %w", err)
		}
	}
	l.size += int64(l.buffer.Len())
	return nil
}

// Close gives the file and its lock up.
func (l *Ledger) Close() error {
	if l.lock != nil {
		defer l.lock.release()
	}
	if err := l.giveUp(); err != nil {
		return fmt.Errorf("closing the results file: %w", err)
	}
	return nil
}

// giveUp closes the file, in whose place no other can be put on Windows as long
// as it is open.
func (l *Ledger) giveUp() error {
	if l.file == nil {
		return nil
	}
	file := l.file
	l.file = nil
	return file.Close()
}
