package sheet

import (
	"encoding/csv"
	"io"
)

// Position says where a data row stands, and whether it can be used.
type Position struct {
	// Row counts data rows from 1. Blank rows, repeated headers and footers
	// are not counted.
	Row int
	// Line is where the row starts: the line of the file as an editor counts
	// them, or the row of the sheet.
	Line int
	// Fault, when not empty, is a sentence for the person: why the row cannot
	// be used. Its cells are then a best effort.
	Fault string
	// Beyond are the cells of such a row for which the header has no column.
	Beyond []string
}

// records yields clean data rows: each ends in a line feed and parses to
// exactly the header's width with encoding/csv.
type records interface {
	// next appends one record to buf, or returns io.EOF.
	next(buf []byte) ([]byte, Position, error)
	// notes says what a whole pass has left out. Complete after io.EOF.
	notes() []string
	io.Closer
}

// Rows is one pass over a file. It belongs to one goroutine.
type Rows struct {
	csv     *csv.Reader
	src     records
	pending []byte // what is still to be read of the record
	pos     Position
	err     error
}

func newRows(s shape, src records) *Rows {
	r := &Rows{src: src, pending: s.appendHeader(nil)}
	r.csv = csv.NewReader(oneRecord{r})
	r.csv.Comma = rune(s.delim)
	r.csv.FieldsPerRecord = len(s.header)
	return r
}

// CSV returns the reader of the pass: the header record first, then each data
// row. It fails only when the file cannot be read any more. Do not change its
// settings, except ReuseRecord.
func (r *Rows) CSV() *csv.Reader { return r.csv }

// Position returns the position of the record that CSV read last; its Row is
// 0 after the header.
func (r *Rows) Position() Position { return r.pos }

// Notes says, once CSV has returned io.EOF, what this pass has left out:
// footers and repeated headers, with their lines. What Detected has is not
// repeated.
func (r *Rows) Notes() []string { return r.src.notes() }

// Close ends the pass.
func (r *Rows) Close() error { return r.src.Close() }

// oneRecord feeds a csv.Reader. No Read hands over more than one record, so
// the csv.Reader, which asks only when it has no whole line left, never reads
// ahead of Position.
type oneRecord struct{ r *Rows }

func (o oneRecord) Read(p []byte) (int, error) {
	r := o.r
	if len(r.pending) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		var pos Position
		r.pending, pos, r.err = r.src.next(p[:0:len(p)]) // in place, if there is room
		if r.err != nil {
			r.pending = nil
			return 0, r.err
		}
		r.pos = pos
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}
