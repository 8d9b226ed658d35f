package fields

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gocarina/gocsv"

	"github.com/refbulk/refbulk/pkg/batch"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// Headings of an undo file beside its fields.
const (
	keyHeading    = "row_key"
	changeHeading = "change"
)

// unreadable begins the error of a row that could not be told into cells. The
// file of rows to mend can only have a guess at it, which is no row to send
// before a person has seen to it.
const unreadable = "cannot be read: "

// Unreadable is what is wrong with a row that has a fault.
func Unreadable(fault string) row.Problem {
	return row.Problem{Reason: unreadable + fault, Advice: "put it right, and empty its cell \"error\" if it has one"}
}

// Record is one row, read into a T.
type Record[T any] struct {
	Value T
	Meta  map[string]string // label → cell, of the campaign's own fields; nil when the file has none
	At    sheet.Position

	// Of an undo file alone, and 0 in any other: what names the change that the
	// row takes back.
	Change row.Fingerprint
}

// Own tells a row of an undo file with such content from all the others; 0 for
// a row of another file.
func (r *Record[T]) Own(content row.Fingerprint) row.Fingerprint {
	if r.Change == 0 {
		return 0
	}
	return r.Change.With(uint64(content))
}

// Reader reads a sheet's rows one at a time into values of T, a struct of
// strings whose csv tags are the names of fields; a tag that no column fills
// stays empty. Cells come as they stand in the file: what they mean, and
// whether a row is any good, is for the functions on cells to say. It is not
// safe for concurrent use.
type Reader[T any] struct {
	rows    *sheet.Rows
	um      *gocsv.Unmarshaller
	meta    bool
	undo    bool // each row names the change that it takes back
	reasons bool // each row may say why it is to be mended
	ahead   *batch.Ahead[Record[T]]
}

// NewReader takes over rows, which nothing has read yet. The columns are those
// of the same file.
func NewReader[T any](rows *sheet.Rows, columns Columns) (*Reader[T], error) {
	var zero T
	um, err := gocsv.NewUnmarshaller(rows.CSV(), &zero) // a pointer is handed on without another copy
	if err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	if len(um.Headers) != len(columns.Names) {
		return nil, fmt.Errorf("reading the header: it has %d columns, and fields were matched for %d", len(um.Headers), len(columns.Names))
	}
	rows.CSV().ReuseRecord = true // the cells are copied out of it
	r := &Reader[T]{rows: rows, um: um}
	const ignored = "-" // a name that gocsv gives to no field
	names, labels := make([]string, len(columns.Names)), make([]string, len(columns.Names))
	for i, name := range columns.Names {
		names[i] = name
		if name == "" {
			names[i] = ignored
		}
		if label, ok := strings.CutPrefix(name, Meta); ok {
			labels[i], r.meta = label, true
		}
	}
	if err := um.RenormalizeHeaders(func([]string) []string { return names }); err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	key, change := slices.Index(columns.Headers, keyHeading), slices.Index(columns.Headers, changeHeading)
	if key >= 0 && change >= 0 && names[key] == ignored && names[change] == ignored {
		labels[key], labels[change], r.undo, r.meta = keyHeading, changeHeading, true, true
	}
	if last := len(names) - 1; columns.Headers[last] == sheet.ReasonHeading && names[last] == ignored {
		labels[last], r.reasons, r.meta = sheet.ReasonHeading, true, true
	}
	um.Headers = labels // under which ReadUnmatched gives what T does not have
	r.ahead = batch.NewAhead(r.read)
	return r, nil
}

// Next gives the next row, and returns io.EOF after the last. It is good until
// the call after it.
func (r *Reader[T]) Next() (*Record[T], error) { return r.ahead.Next() }

func (r *Reader[T]) read() (Record[T], error) {
	var value any
	var meta map[string]string
	var err error
	if r.meta {
		value, meta, err = r.um.ReadUnmatched()
	} else {
		value, err = r.um.Read()
	}
	if err != nil {
		return Record[T]{}, err
	}
	delete(meta, "") // the ignored columns
	record := Record[T]{Value: *value.(*T), Meta: meta, At: r.rows.Position()}
	if r.undo {
		if meta[changeHeading] != "" {
			record.Change = row.FingerprintOf(meta[keyHeading], strings.TrimSuffix(meta[changeHeading], "?")) // while it is tentative
		}
		delete(meta, keyHeading)
		delete(meta, changeHeading)
	}
	if r.reasons {
		if record.At.Fault == "" && strings.HasPrefix(meta[sheet.ReasonHeading], unreadable) {
			record.At.Fault = "it was set aside, and its cell \"error\" still says why"
		}
		delete(meta, sheet.ReasonHeading)
	}
	return record, nil
}

// Close ends the pass.
func (r *Reader[T]) Close() error {
	r.ahead.Close()
	return r.rows.Close()
}
