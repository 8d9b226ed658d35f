package ledger

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

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
	columns []string
	place   map[string]int
	file    *os.File // nil until there is something to write
	size    int64
	next    int
	loose   bool // there are lines out of order, or tentative ones
	buffer  bytes.Buffer
}

// OpenUndo reads the undo file at path, cuts off a torn end, and makes room
// for the given columns. There is no file until the first Append.
func OpenUndo(path string, columns []string) (*Undo, error) {
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	Sweep(path)
	u := &Undo{path: path, next: 1, columns: append(slices.Clone(columns), changeColumn, keyColumn)}
	old, err := readUndo(path)
	if err != nil {
		return nil, fmt.Errorf("reading the undo file %s: %w", path, err)
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
		return u, nil
	}
	u.next, u.loose = old.last+1, old.loose()
	if slices.Equal(u.columns, old.columns) {
		return u, u.reopen(old.end)
	}
	if err := u.rewrite(old, func(undone) bool { return true }, false); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return u, u.reopen(info.Size())
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
	number := strconv.Itoa(u.next)
	if c.Tentative {
		number += "?"
	}
	cells[u.place[changeColumn]], cells[u.place[keyColumn]] = number, c.Key.String()
	u.next++
	return cells
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

// Finish drops tentative changes that were never made, as last tells the
// latest status of a row, and puts the latest change first.
func (u *Undo) Finish(last func(Key) (row.Status, bool)) error {
	if u.file == nil || !u.loose {
		return nil
	}
	old, err := readUndo(u.path)
	if err != nil {
		return fmt.Errorf("finishing the undo file: %w", err)
	}
	return u.rewrite(old, func(e undone) bool {
		if !e.tentative {
			return true
		}
		status, ok := last(e.key)
		return ok && (status.Wrote() || status == row.Unknown)
	}, true)
}

// Close gives the file up.
func (u *Undo) Close() error {
	if u.file == nil {
		return nil
	}
	return u.file.Close()
}

// undone is what is kept in memory of a line of the undo file.
type undone struct {
	offset    int64
	change    int
	key       Key
	tentative bool
}

// undoFile is the contents of an undo file.
type undoFile struct {
	columns []string
	lines   []undone
	last    int   // the highest number of a change
	end     int64 // after the last whole line
}

// loose reports whether the file is as a run that did not end left it.
func (f *undoFile) loose() bool {
	for i, line := range f.lines {
		if line.tentative || i > 0 && line.change > f.lines[i-1].change {
			return true
		}
	}
	return false
}

// readUndo reads the lines of an undo file, nil when there is none.
func readUndo(path string) (*undoFile, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	whole, err := lastLineEnd(file, info.Size())
	if err != nil {
		return nil, err
	}
	reader := newReader(bufio.NewReader(io.NewSectionReader(file, 0, whole)))
	first, err := reader.Read()
	change, key := slices.Index(first, changeColumn), slices.Index(first, keyColumn)
	if err != nil || change < 0 || key < 0 {
		return nil, errors.New("it is not an undo file of refbulk; name another file with --undo")
	}
	f := &undoFile{end: reader.InputOffset()}
	for _, c := range first {
		f.columns = append(f.columns, sheet.Unguard(c))
	}
	for {
		start := reader.InputOffset()
		record, err := reader.Read()
		var parse *csv.ParseError
		if err == io.EOF || errors.As(err, &parse) {
			return f, nil // what cannot be read at the end was torn
		}
		if err != nil {
			return nil, err
		}
		line, ok := undoLine(record, change, key, len(f.columns))
		if !ok {
			return f, nil
		}
		line.offset = start
		f.lines = append(f.lines, line)
		f.last, f.end = max(f.last, line.change), reader.InputOffset()
	}
}

func undoLine(record []string, change, key, width int) (undone, bool) {
	if len(record) != width {
		return undone{}, false
	}
	number, tentative := strings.CutSuffix(record[change], "?")
	n, err := strconv.Atoi(number)
	if err != nil {
		return undone{}, false
	}
	k, err := ParseKey(record[key])
	return undone{change: n, key: k, tentative: tentative}, err == nil
}

// rewrite puts the lines that are kept into a whole new file, under today's
// columns. Settled lines are no longer tentative, and stand in the order in
// which they have to be taken back.
func (u *Undo) rewrite(old *undoFile, keep func(undone) bool, settle bool) error {
	file, err := os.Open(u.path)
	if err != nil {
		return err
	}
	defer file.Close()
	whole, err := sheet.Create(u.path)
	if err != nil {
		return err
	}
	defer whole.Close()
	w, err := sheet.NewWriter(whole, u.columns)
	if err != nil {
		return err
	}
	if settle {
		slices.SortStableFunc(old.lines, func(a, b undone) int { return b.change - a.change })
	}
	in := records{file: file}
	for _, line := range old.lines {
		if !keep(line) {
			continue
		}
		record, err := in.at(line.offset)
		if err != nil {
			return err
		}
		cells := make([]string, len(u.columns))
		for i, c := range old.columns {
			cells[u.place[c]] = sheet.Unguard(record[i])
		}
		if settle {
			cells[u.place[changeColumn]] = strconv.Itoa(line.change)
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return whole.Commit()
}
