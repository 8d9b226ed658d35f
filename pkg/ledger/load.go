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
)

// load reads the index and cuts off what a kill or a power cut left torn.
func (l *Ledger) load() error {
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("reading the results file: %w", err)
	}
	end, err := l.scan(0, info.Size())
	if err != nil {
		return fmt.Errorf("reading the results file %s: %w", l.path, err)
	}
	if end < info.Size() && !l.readOnly {
		if err := l.file.Truncate(end); err != nil {
			return fmt.Errorf("cutting the torn end off the results file: %w", err)
		}
	}
	l.size, l.indexed = end, end
	return nil
}

// scan reads the entries between two offsets into the index, and finds where
// the last whole one ends. Every entry that was appended is one line, so what
// follows the last line break was torn; so was what cannot be read at the end.
// What cannot be read before an entry that can be was not torn but damaged,
// and nobody can tell what it said.
func (l *Ledger) scan(from, to int64) (end int64, err error) {
	if end, err = lastLineEnd(l.file, to); err != nil {
		return 0, err
	}
	if end == 0 {
		return 0, checkBeginning(l.file, to)
	}
	reader := newReader(bufio.NewReaderSize(io.NewSectionReader(l.file, from, end-from), 1<<16))
	if from == 0 {
		record, err := reader.Read()
		if err != nil || len(record) < len(header) || !slices.Equal(record[:len(header)], header) {
			return 0, errNotResults
		}
		l.finished.loose = len(record) > len(header)
	}
	var damaged error
	for whole := from + reader.InputOffset(); ; {
		start := from + reader.InputOffset()
		record, err := reader.Read()
		if err == io.EOF {
			return whole, nil
		}
		entry, err := readEntry(record, err)
		switch {
		case errors.As(err, new(*os.PathError)):
			return 0, err
		case err != nil && damaged == nil:
			line, _ := reader.FieldPos(0)
			damaged = fmt.Errorf("line %d is damaged: %w; mend or remove the line, or name another file with --results", line, err)
		case err == nil && damaged != nil:
			return 0, damaged
		case err == nil:
			whole = from + reader.InputOffset()
			l.index.add(&entry, start)
			l.finished.note(&entry, l.rehearsal)
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
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return size - n + int64(i) + 1, nil
		}
		size -= n
	}
	return 0, nil
}

// records reads lines of a results file again. Those that follow each other,
// as nearly all do, are read in one go.
type records struct {
	file   *os.File
	reader *csv.Reader
	base   int64 // where the reader began
}

// at reads the line that begins at an offset. It is good until the next.
func (r *records) at(offset int64) ([]string, error) {
	if r.reader == nil || r.next() != offset {
		r.base = offset
		r.reader = newReader(bufio.NewReaderSize(io.NewSectionReader(r.file, offset, 1<<62), 1<<12))
	}
	record, err := r.reader.Read()
	if err != nil {
		return nil, fmt.Errorf("reading a line again: %w", err)
	}
	return record, nil
}

// in reads the line that begins in a block. What the block holds of it has no
// line break, so it begins after the last one.
func (r *records) in(block uint32) ([]string, error) {
	offset := int64(block) * blockSize
	if r.reader != nil && r.next()/blockSize == int64(block) {
		return r.at(r.next())
	}
	var found [blockSize]byte
	if _, err := r.file.ReadAt(found[:], offset-1); err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading a line again: %w", err)
	}
	return r.at(offset + int64(bytes.LastIndexByte(found[:], '\n')))
}

// next is the offset after the line that was read last.
func (r *records) next() int64 { return r.base + r.reader.InputOffset() }
