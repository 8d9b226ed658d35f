package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// Change is a change of the account, told by the row that takes it back.
type Change struct {
	Cells map[string]string // field → cell of that row
	Key   Key               // of the row that made the change

	// Tentative is a change that is about to be made. It counts once the
	// results file says that it was, or may have been.
	Tentative bool
}

// Columns of the undo file beside the fields: the change's number, with a
// question mark while it is tentative, and the key of the row that made it.
const (
	changeColumn = "change"
	keyColumn    = "row_key"
)

// Undo is the file of rows that would restore the former state. While a run
// lasts it is appended to; Finish puts it in order, the latest change first,
// which is the order in which changes have to be taken back. It belongs to
// one goroutine.
type Undo struct {
	path    string
	lock    *lock
	columns []string
	place   map[string]int
	file    *os.File // nil until there is something to write
	size    int64
	next    int
	begun   map[Key]begun // changes of which nobody knows whether an earlier run made them, by their rows
	loose   bool          // there are lines out of order, or tentative ones
	buffer  bytes.Buffer
}

// mostBegun bounds how many such changes are kept in mind. A run leaves as many
// as it has workers, unless its results are lost.
const mostBegun = 1 << 16

// begun is a change of which nobody knows whether it was made.
type begun struct {
	number int
	cells  row.Fingerprint // that take it back
}

// UndoOptions say how an undo file is opened.
type UndoOptions struct {
	Path        string
	Columns     []string      // fields for which there is to be room
	Rehearsal   bool          // a real run drops what a rehearsal has left there
	Begun       time.Time     // the run: the changes of a new file are counted from its second on
	LockTimeout time.Duration // how long to wait for another run on the same file
	Owner       string        // who we are, for the one who finds the file locked
}

// OpenUndo locks and reads an undo file, cuts off a torn end, and makes room for
// the columns. There is no file until the first Append. Waiting for the lock
// ends with ctx. The error is a *LockedError when another run holds the file, and
// an *UnfitError when something else stands there.
func OpenUndo(ctx context.Context, o UndoOptions) (*Undo, error) {
	path, err := realPath(o.Path, "undo")
	if err != nil {
		return nil, err
	}
	u := &Undo{path: path, columns: append(slices.Clone(o.Columns), changeColumn, keyColumn), begun: map[Key]begun{}}
	if u.lock, err = acquire(ctx, path, "undo", o.LockTimeout, o.Owner); err != nil {
		return nil, err
	}
	Sweep(path)
	if err := u.open(o); err != nil {
		u.lock.release()
		return nil, err
	}
	return u, nil
}

// open reads what is there. The numbers of a file that is yet to be made are
// not those of one that had its name before: an import of that may have taken
// back what they stand for there.
func (u *Undo) open(o UndoOptions) error {
	old, err := readUndo(u.path, nil)
	if err != nil {
		return fmt.Errorf("reading the undo file %s: %w", u.path, err)
	}
	if old != nil {
		for _, c := range old.columns {
			if !slices.Contains(u.columns, c) {
				u.columns = append(u.columns, c)
			}
		}
	}
	u.place = map[string]int{}
	for i, c := range u.columns {
		u.place[c] = i
	}
	if old == nil {
		u.next = int(o.Begun.Unix())
		return nil
	}
	u.next, u.loose = old.last+1, old.loose
	drop := old.rehearsed && !o.Rehearsal
	if slices.Equal(u.columns, old.columns) && !drop {
		return u.reopen(old.end)
	}
	if err := u.widen(old, drop); err != nil {
		return err
	}
	info, err := os.Stat(u.path)
	if err != nil {
		return err
	}
	return u.reopen(info.Size())
}

func (u *Undo) reopen(end int64) error {
	file, err := os.OpenFile(u.path, os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening the undo file: %w; name another place with --undo", err)
	}
	if err := file.Truncate(end); err != nil {
		return errors.Join(fmt.Errorf("opening the undo file: %w", err), file.Close())
	}
	u.file, u.size = file, end
	return nil
}

// Append adds changes, durable when it returns.
func (u *Undo) Append(changes []Change) error {
	if u.file == nil {
		if err := u.begin(); err != nil {
			return err
		}
	}
	u.loose = true
	u.buffer.Reset()
	w, err := sheet.NewWriter(&u.buffer, nil)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := w.Write(u.cells(c)); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if _, err := u.file.WriteAt(u.buffer.Bytes(), u.size); err != nil {
		_ = u.file.Truncate(u.size) // a torn end is cut off by the next run, too
		return fmt.Errorf("writing the undo file: %w", err)
	}
	if err := u.file.Sync(); err != nil {
		return fmt.Errorf("writing the undo file: %w", err)
	}
	u.size += int64(u.buffer.Len())
	return nil
}

func (u *Undo) cells(c Change) []string {
	cells := make([]string, len(u.columns))
	for field, cell := range c.Cells {
		if i, ok := u.place[field]; ok {
			cells[i] = cell
		}
	}
	// The same change made once more is one change: it is taken back once.
	number, former := u.next, u.begun[c.Key]
	if former.number != 0 && former.cells == u.sum(cells) {
		number = former.number
	} else {
		u.next++
	}
	text := strconv.Itoa(number)
	if c.Tentative {
		text += "?"
	}
	cells[u.place[changeColumn]], cells[u.place[keyColumn]] = text, c.Key.String()
	return cells
}

// sum is what a line says, beside its number and its row.
func (u *Undo) sum(cells []string) row.Fingerprint {
	fields := slices.Clone(cells)
	fields[u.place[changeColumn]], fields[u.place[keyColumn]] = "", ""
	return row.FingerprintOf(fields...)
}

func (u *Undo) begin() error {
	whole, err := sheet.Create(u.path)
	if err != nil {
		return fmt.Errorf("creating the undo file: %w; name another place with --undo", err)
	}
	defer whole.Close()
	w, err := sheet.NewWriter(whole, u.columns)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = whole.Commit()
	}
	if err != nil {
		return fmt.Errorf("creating the undo file: %w", err)
	}
	info, err := os.Stat(u.path)
	if err != nil {
		return fmt.Errorf("creating the undo file: %w", err)
	}
	return u.reopen(info.Size())
}

// Resume settles what a run left that did not end, as became tells what became
// of a row. It is called before the first Append, as long as that is what that
// run has left: another may say nothing of its change.
func (u *Undo) Resume(became func(Key) (status row.Status, edited bool)) error {
	if err := u.settle(became, true); err != nil || u.file != nil || !u.loose {
		return err
	}
	info, err := os.Stat(u.path)
	if err != nil {
		return fmt.Errorf("opening the undo file: %w", err)
	}
	u.loose = len(u.begun) > 0
	return u.reopen(info.Size())
}

// Finish drops tentative changes that were never made, as became tells what
// became of a row and whether it says something else by now, and puts the latest
// change first. What nobody knows the outcome of stays tentative.
func (u *Undo) Finish(became func(Key) (status row.Status, edited bool)) error {
	return u.settle(became, false)
}

func (u *Undo) settle(became func(Key) (row.Status, bool), resuming bool) error {
	if u.file == nil || !u.loose {
		return nil
	}
	var lines stretches
	old, err := readUndo(u.path, func(_ undone, at place, _ []string) error {
		lines.add(at)
		return nil
	})
	if err != nil {
		return fmt.Errorf("finishing the undo file: %w", err)
	}
	return u.rewrite(old, func(yield func([]string, bool) error) error {
		return lines.backwards(u.path, old, func(line numbered) error {
			made, open := u.judge(line, became, resuming)
			if open {
				u.remember(line, old.columns)
			}
			if made || open {
				return yield(line.cells, made)
			}
			return nil
		})
	})
}

// judge tells whether the change of a line was made, or whether that is open. Of
// one that an earlier run began, a later outcome tells nothing when the row asks
// for something else by then: it may have been made, and counts as if it were.
// Nor does an outcome that came of no write, or other runs' results.
func (u *Undo) judge(line numbered, became func(Key) (row.Status, bool), resuming bool) (made, open bool) {
	if !line.tentative {
		return true, false
	}
	status, edited := became(line.key)
	earlier := u.begun[line.key].number == line.change
	switch {
	case status == row.Pending, status == row.Unknown:
		return false, true
	case status.Wrote(), edited && earlier:
		return true, false
	}
	return false, status != row.Rejected && status != row.Failed && (resuming || earlier)
}

// remember keeps a change that is open. Its cells stand under the columns of the
// file as it was.
func (u *Undo) remember(line numbered, columns []string) {
	cells := make([]string, len(u.columns))
	for i, c := range columns {
		cells[u.place[c]] = sheet.Unguard(line.cells[i])
	}
	if len(u.begun) < mostBegun {
		u.begun[line.key] = begun{line.change, u.sum(cells)}
	}
}

// Close gives the file and its lock up.
func (u *Undo) Close() error {
	defer u.lock.release()
	return u.giveUp()
}

// giveUp closes the file, in whose place no other can be put on Windows as long
// as it is open.
func (u *Undo) giveUp() error {
	if u.file == nil {
		return nil
	}
	file := u.file
	u.file = nil
	return file.Close()
}
