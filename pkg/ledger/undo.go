package ledger

import (
	"bufio"
	"bytes"
	"cmp"
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
// for the given columns. A real run drops what a rehearsal has left there.
// There is no file until the first Append.
func OpenUndo(path string, columns []string, rehearsal bool) (*Undo, error) {
	path, err := realPath(path, "undo", "--undo")
	if err != nil {
		return nil, err
	}
	Sweep(path)
	u := &Undo{path: path, next: 1, columns: append(slices.Clone(columns), changeColumn, keyColumn)}
	old, err := readUndo(path, nil)
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
	u.next, u.loose = old.last+1, old.loose
	drop := old.rehearsed && !rehearsal
	if slices.Equal(u.columns, old.columns) && !drop {
		return u, u.reopen(old.end)
	}
	if err := u.widen(old, drop); err != nil {
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
// latest status of a row, and puts the latest change first. What nobody knows
// the outcome of stays tentative.
func (u *Undo) Finish(last func(Key) (row.Status, bool)) error {
	if u.file == nil || !u.loose {
		return nil
	}
	var kept []place
	open := map[int64]bool{} // by offset: what became of the change
	old, err := readUndo(u.path, func(line undone, at place, _ []string) error {
		if line.tentative {
			status, ok := last(line.key)
			if !ok || !status.Wrote() && status != row.Unknown {
				return nil
			}
			if status == row.Unknown {
				open[at.offset] = true
			}
		}
		kept = append(kept, at)
		return nil
	})
	if err != nil {
		return fmt.Errorf("finishing the undo file: %w", err)
	}
	slices.SortStableFunc(kept, func(a, b place) int { return cmp.Compare(b.change, a.change) })
	return u.rewrite(old, func(yield func([]string, bool) error) error {
		return u.inOrder(kept, func(at place, record []string) error { return yield(record, !open[at.offset]) })
	})
}

// inOrder yields the lines at the given places. They come about as the file has
// them, but backwards, so a stretch of them at a time is read forwards.
func (u *Undo) inOrder(places []place, yield func(place, []string) error) error {
	const stretch = 512
	file, err := os.Open(u.path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := records{file: file}
	lines := make(map[int64][]string, stretch)
	for wanted := range slices.Chunk(places, stretch) {
		clear(lines)
		for _, at := range slices.SortedFunc(slices.Values(wanted), func(a, b place) int { return cmp.Compare(a.offset, b.offset) }) {
			record, err := in.at(at.offset)
			if err != nil {
				return err
			}
			lines[at.offset] = slices.Clone(record)
		}
		for _, at := range wanted {
			if err := yield(at, lines[at.offset]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close gives the file up.
func (u *Undo) Close() error {
	if u.file == nil {
		return nil
	}
	return u.file.Close()
}

// undone is what a line of the undo file says of itself.
type undone struct {
	key       Key
	tentative bool
}

// place is what is kept in memory of a line: where it stands, and its number.
type place struct {
	offset int64
	change int64
}

// undoFile is what there is to know of an undo file.
type undoFile struct {
	columns []string
	last    int   // the highest number of a change
	end     int64 // after the last whole line
	loose   bool  // it is as a run that did not end left it

	rehearsed bool // there are lines of a rehearsal
}

// readUndo calls each, if there is one, with every line of an undo file and
// its cells, which are good until the next. It gives nil when there is no
// file.
func readUndo(path string, each func(undone, place, []string) error) (*undoFile, error) {
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
	reader := newReader(bufio.NewReaderSize(io.NewSectionReader(file, 0, whole), 1<<16))
	first, err := reader.Read()
	if len(first) > 0 {
		first[0] = strings.TrimPrefix(first[0], "\ufeff") // which spreadsheet programs add
	}
	change, key := slices.Index(first, changeColumn), slices.Index(first, keyColumn)
	if err != nil || change < 0 || key < 0 {
		return nil, errors.New("it is not an undo file of refbulk; name another file with --undo")
	}
	f := &undoFile{end: reader.InputOffset()}
	for _, c := range first {
		f.columns = append(f.columns, sheet.Unguard(c))
	}
	skipped := int64(0) // bytes before the reader's first, once a line cannot be read
	for before, unread := 0, 0; ; {
		at := place{offset: reader.InputOffset()}
		record, err := reader.Read()
		if err == io.EOF {
			return f, nil
		}
		if err != nil && !errors.As(err, new(*csv.ParseError)) {
			return nil, err
		}
		line, number, ok := undoLine(record, change, key, len(f.columns))
		if err != nil || !ok {
			unread = cmp.Or(unread, lineOf(reader, err)) // torn, if it is the end
			if err != nil {
				// A quote that nobody closes takes in all lines behind it.
				from, err := nextLine(file, skipped+at.offset, whole)
				if err != nil {
					return nil, err
				}
				skipped, reader = from, newReader(bufio.NewReader(io.NewSectionReader(file, from, whole-from)))
			}
			continue
		}
		if unread > 0 {
			return nil, fmt.Errorf("line %d is damaged; if another program saved the file, put back the copy from before, or name another file with --undo", unread)
		}
		f.rehearsed = f.rehearsed || line.key.Rehearsal
		f.loose = f.loose || line.tentative || before != 0 && number > before
		before, f.last, f.end = number, max(f.last, number), reader.InputOffset()
		if at.change = int64(number); each != nil {
			if err := each(line, at, record); err != nil {
				return nil, err
			}
		}
	}
}

// nextLine is where the line ends that begins at an offset of a file of so many
// bytes.
func nextLine(file *os.File, offset, size int64) (int64, error) {
	line := bufio.NewReader(io.NewSectionReader(file, offset, size-offset))
	for {
		part, err := line.ReadSlice('\n')
		offset += int64(len(part))
		if err != bufio.ErrBufferFull {
			return min(offset, size), ignoreEOF(err)
		}
	}
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

func undoLine(record []string, change, key, width int) (line undone, number int, ok bool) {
	if len(record) != width {
		return undone{}, 0, false
	}
	digits, tentative := strings.CutSuffix(record[change], "?")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return undone{}, 0, false
	}
	k, err := ParseKey(record[key])
	return undone{key: k, tentative: tentative}, n, err == nil
}

// widen puts the lines as they stand under today's columns, those of a
// rehearsal too unless they are to be dropped.
func (u *Undo) widen(old *undoFile, dropRehearsed bool) error {
	return u.rewrite(old, func(yield func([]string, bool) error) error {
		_, err := readUndo(u.path, func(line undone, _ place, record []string) error {
			if line.key.Rehearsal && dropRehearsed {
				return nil
			}
			return yield(record, false)
		})
		return err
	})
}

// rewrite puts lines of the old file into a whole new one, under today's
// columns. Lines of changes that were made are no longer tentative.
func (u *Undo) rewrite(old *undoFile, lines func(yield func(record []string, made bool) error) error) error {
	whole, err := sheet.Create(u.path)
	if err != nil {
		return err
	}
	defer whole.Close()
	w, err := sheet.NewWriter(whole, u.columns)
	if err != nil {
		return err
	}
	cells := make([]string, len(u.columns))
	err = lines(func(record []string, made bool) error {
		clear(cells)
		for i, c := range old.columns {
			cells[u.place[c]] = sheet.Unguard(record[i])
		}
		if number := u.place[changeColumn]; made {
			cells[number] = strings.TrimSuffix(cells[number], "?")
		}
		return w.Write(cells)
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return whole.Commit()
}
