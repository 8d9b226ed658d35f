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

	"github.com/refbulk/refbulk/pkg/row"
)

// indexed is what is kept in memory of an entry.
type indexed struct {
	key       row.Fingerprint
	content   row.Fingerprint
	offset    int64
	status    row.Status
	rehearsal bool
	used      bool // the row is in the file
}

// index holds the latest entry of every key, sorted by key.
type index []indexed

func order(a, b indexed) int {
	return cmp.Or(cmp.Compare(a.key, b.key), boolCompare(a.rehearsal, b.rehearsal))
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// newIndex sorts entries that came in file order and keeps the latest of each
// key.
func newIndex(all []indexed) index {
	slices.SortFunc(all, func(a, b indexed) int { return cmp.Or(order(a, b), cmp.Compare(a.offset, b.offset)) })
	kept := all[:0]
	for i, e := range all {
		if i+1 < len(all) && order(e, all[i+1]) == 0 {
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

func (x index) find(key Key) (*indexed, bool) {
	i, ok := slices.BinarySearchFunc(x, indexed{key: key.Row, rehearsal: key.Rehearsal}, order)
	if !ok {
		return nil, false
	}
	return &x[i], true
}

// load reads the index and cuts off what a kill or a power cut left torn.
func (l *Ledger) load() error {
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("reading the results file: %w", err)
	}
	all, end, err := scan(l.file, info.Size())
	if err != nil {
		return fmt.Errorf("reading the results file %s: %w", l.path, err)
	}
	if end < info.Size() && !l.readOnly {
		if err := l.file.Truncate(end); err != nil {
			return fmt.Errorf("cutting the torn end off the results file: %w", err)
		}
	}
	l.index, l.size = newIndex(all), end
	return nil
}

// scan reads all entries and finds where the last whole one ends. Every entry
// that was appended is one line, so what follows the last line break was torn;
// so was what cannot be read at the end. What cannot be read before an entry
// that can be was not torn but damaged, and nobody can tell what it said.
func scan(file *os.File, size int64) (all []indexed, end int64, err error) {
	if end, err = lastLineEnd(file, size); err != nil {
		return nil, 0, err
	}
	if end == 0 {
		return nil, 0, checkBeginning(file, size)
	}
	reader := newReader(bufio.NewReaderSize(io.NewSectionReader(file, 0, end), 1<<16))
	record, err := reader.Read()
	if err != nil || len(record) < len(header) || !slices.Equal(record[:len(header)], header) {
		return nil, 0, errNotResults
	}
	const perEntry = 140 // bytes, the usual length of a line
	all = make([]indexed, 0, end/perEntry+1)
	var damaged error
	for whole := reader.InputOffset(); ; {
		start := reader.InputOffset()
		record, err := reader.Read()
		if err == io.EOF {
			return all, whole, nil
		}
		entry, err := readEntry(record, err)
		switch {
		case errors.As(err, new(*os.PathError)):
			return nil, 0, err
		case err != nil && damaged == nil:
			line, _ := reader.FieldPos(0)
			damaged = fmt.Errorf("line %d is damaged: %w; mend or remove the line, or name another file with --results", line, err)
		case err == nil && damaged != nil:
			return nil, 0, damaged
		case err == nil:
			whole = reader.InputOffset()
			all = append(all, indexed{key: entry.Key.Row, rehearsal: entry.Key.Rehearsal, content: entry.Content, status: entry.Status, offset: start})
		}
	}
}

var errNotResults = errors.New("it is not a results file of refbulk: its first line is another; name another file with --results")

// checkBeginning refuses a file without a whole line, unless it is the
// beginning of ours.
func checkBeginning(file *os.File, size int64) error {
	first := headerLine(nil)
	if size > int64(len(first)) {
		return errNotResults
	}
	got := make([]byte, size)
	if _, err := file.ReadAt(got, 0); err != nil && err != io.EOF {
		return err
	}
	if !bytes.HasPrefix(first, got) {
		return errNotResults
	}
	return nil
}

func readEntry(record []string, err error) (Entry, error) {
	var parse *csv.ParseError
	if err != nil && !errors.As(err, &parse) {
		return Entry{}, err
	}
	if err != nil {
		return Entry{}, parse.Err
	}
	return decode(record)
}

// lastLineEnd is the offset after the last line break, 0 when there is none.
func lastLineEnd(file *os.File, size int64) (int64, error) {
	buf := make([]byte, 1<<12)
	for size > 0 {
		n := min(size, int64(len(buf)))
		if _, err := file.ReadAt(buf[:n], size-n); err != nil && err != io.EOF {
			return 0, err
		}
		if i := lastIndexByte(buf[:n], '\n'); i >= 0 {
			return size - n + int64(i) + 1, nil
		}
		size -= n
	}
	return 0, nil
}

func lastIndexByte(b []byte, c byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == c {
			return i
		}
	}
	return -1
}

// records reads records of a file by their offsets. Records that follow each
// other, as nearly all do, are read in one go.
type records struct {
	file   *os.File
	reader *csv.Reader
	base   int64 // where the reader began
}

// at reads the record that begins at an offset. It is good until the next.
func (r *records) at(offset int64) ([]string, error) {
	if r.reader == nil || r.base+r.reader.InputOffset() != offset {
		r.base = offset
		r.reader = newReader(bufio.NewReaderSize(io.NewSectionReader(r.file, offset, 1<<62), 1<<12))
	}
	record, err := r.reader.Read()
	if err != nil {
		return nil, fmt.Errorf("reading a line again: %w", err)
	}
	return record, nil
}
