package ledger

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// records reads lines of a results file again. Those that follow each other,
// as nearly all do, are read in one go.
type records struct {
	file     nearby
	buffered *bufio.Reader
	reader   *csv.Reader // of what is buffered
	base     int64       // offset of what the reader counts as its beginning
}

func newRecords(file *os.File) *records { return &records{file: nearby{file: file}} }

// at reads the line that begins at an offset. It is good until the next.
func (r *records) at(offset int64) ([]string, error) {
	if r.reader == nil || r.next() != offset {
		r.move(offset)
	}
	record, err := r.reader.Read()
	if err != nil {
		return nil, fmt.Errorf("reading a line again: %w", err)
	}
	return record, nil
}

// move has the next line read at an offset.
func (r *records) move(offset int64) {
	rest := io.NewSectionReader(&r.file, offset, math.MaxInt64-offset)
	if r.reader == nil {
		r.buffered = bufio.NewReaderSize(rest, 1<<12)
		r.reader = newReader(r.buffered)
	} else {
		r.buffered.Reset(rest)
	}
	r.base = offset - r.reader.InputOffset()
}

// entry reads the line of an entry, which begins in a block. What the block
// holds of it has no line break, so it begins after the last one.
func (r *records) entry(x *index, place int) ([]string, error) {
	record, err := r.in(x.block.At(place))
	if err != nil {
		return nil, err
	}
	if len(record) >= columnCount {
		if key, err := ParseKey(record[colRowKey]); err == nil && x.fold(key) == x.keys.At(place) {
			return record, nil
		}
	}
	return nil, errors.New("another program has changed it in the meantime; put it back as it was")
}

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

// nearby reads a file for one who comes back to places close by: rows end about
// in the order in which they began.
type nearby struct {
	file *os.File
	held []byte // of the file
	from int64  // where that stands
}

// ReadAt reads what is not held together with what stands around it.
func (n *nearby) ReadAt(p []byte, offset int64) (int, error) {
	const before, after = 16 << 10, 48 << 10
	if offset < n.from || offset+int64(len(p)) > n.from+int64(len(n.held)) {
		if n.held == nil {
			n.held = make([]byte, 0, before+after)
		}
		n.from = max(0, offset-before)
		got, err := n.file.ReadAt(n.held[:cap(n.held)], n.from)
		n.held = n.held[:got]
		if err != nil && err != io.EOF {
			return 0, err
		}
	}
	at := offset - n.from
	if at+int64(len(p)) <= int64(len(n.held)) {
		return copy(p, n.held[at:]), nil
	}
	return n.file.ReadAt(p, offset) // the end of the file, or more than is held
}
