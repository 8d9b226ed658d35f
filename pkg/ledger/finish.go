package ledger

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// Row is what the finished file needs to know of a row of the input.
type Row struct {
	row.Position
	Key   Key
	Carry []string // the cells to carry along, as many as headings were given
}

// Lines tells the lines of a finished results file from those of another, by
// the positions and keys of the rows, in file order. The zero Lines are none.
type Lines struct {
	sum   row.Fingerprint
	rest  bool // lines of rows that have gone have begun
	loose bool // the file is not as Finish leaves it without carried columns
}

// Add takes the next row.
func (l *Lines) Add(p row.Position, key Key) {
	whose := uint64(0)
	if key.Rehearsal {
		whose = 1
	}
	l.sum = l.sum.With(uint64(p.Row), uint64(p.Line), uint64(key.Row), whose)
}

// note takes the next line of a results file.
func (l *Lines) note(e *Entry, rehearsal bool) {
	switch {
	case e.Row == 0:
		l.rest = true
	case l.rest:
		l.loose = true
	default:
		l.Add(e.Position, e.Key)
	}
	l.loose = l.loose || e.Key.Rehearsal && !rehearsal
}

// IsFinished reports whether the results file is as Finish would leave it,
// without carried columns, for a file of such rows: there was no outcome since,
// and each row stands in its place.
func (l *Ledger) IsFinished(rows Lines) bool {
	return l.size > 0 && l.size == l.indexed && !l.finished.loose && l.finished.sum == rows.sum
}

// Finish rewrites the results file in one step: the latest entry of every row
// in file order, then the entries of rows that the file no longer has, with
// row and line empty. What a rehearsal left is dropped by a real run. Rows
// calls its argument with every row in file order, and counted is called with
// the status and the error text of the latest entry of each, pending for one
// that has none.
func (l *Ledger) Finish(carry []string, rows func(func(Row) error) error, counted func(r Row, s row.Status, problem string) error) error {
	if l.size == 0 {
		if err := l.begin(); err != nil {
			return err
		}
	}
	end, err := l.scan(l.indexed, l.size)
	if err == nil && end != l.size {
		err = fmt.Errorf("its last lines cannot be read back")
	}
	if err != nil {
		return fmt.Errorf("finishing the results file %s: %w", l.path, err)
	}
	l.indexed = end
	whole, err := sheet.Create(l.path)
	if err != nil {
		return fmt.Errorf("finishing the results file: %w", err)
	}
	defer whole.Close()
	if _, err := whole.Write(headerLine(carry)); err != nil {
		return fmt.Errorf("finishing the results file: %w", err)
	}
	f := finisher{ledger: l, lines: newRecords(l.file), out: csv.NewWriter(whole), carry: carry}
	if err := rows(func(r Row) error {
		status, problem, err := f.write(r)
		if err != nil {
			return fmt.Errorf("finishing the results file: %w", err)
		}
		return counted(r, status, problem)
	}); err != nil {
		return err
	}
	if err := f.writeRest(); err != nil {
		return err
	}
	f.out.Flush()
	if err := errors.Join(f.out.Error(), l.giveUp()); err != nil {
		return fmt.Errorf("finishing the results file: %w", err)
	}
	return whole.Commit()
}

// finisher copies entries from the file as it grew into the finished one.
type finisher struct {
	ledger *Ledger
	lines  *records
	out    *csv.Writer
	carry  []string
	cells  []string
}

// write copies the latest entry of a row, at its place in the file of today.
func (f *finisher) write(r Row) (status row.Status, problem string, err error) {
	x := &f.ledger.index
	i, ok := x.find(r.Key)
	if !ok {
		return row.Pending, "", nil
	}
	x.state.Set(i, x.state.At(i)|inFile)
	status = x.status(i)
	record, err := f.lines.entry(x, i)
	if err != nil {
		return status, "", err
	}
	f.cells = append(f.cells[:0], strconv.Itoa(r.Row), strconv.Itoa(r.Line))
	f.cells = append(f.cells, record[2:columnCount]...)
	for _, cell := range r.Carry {
		f.cells = append(f.cells, sheet.Guard(cell))
	}
	return status, sheet.Unguard(record[colError]), f.out.Write(f.cells)
}

// writeRest copies the entries of rows that the file no longer has, in the
// order in which they were recorded.
func (f *finisher) writeRest() error {
	x, before := &f.ledger.index, f.carriedBefore()
	for _, i := range x.rest() {
		record, err := f.lines.entry(x, i)
		if err != nil {
			return err
		}
		f.cells = append(append(f.cells[:0], "", ""), record[2:columnCount]...)
		for _, place := range before {
			cell := ""
			if place >= 0 && columnCount+place < len(record) {
				cell = record[columnCount+place]
			}
			f.cells = append(f.cells, cell)
		}
		if err := f.out.Write(f.cells); err != nil {
			return err
		}
	}
	return nil
}

// carriedBefore gives, for each carried column, its place among those that an
// earlier run carried over, -1 when it did not. Of columns with the same
// heading, the first is the first's.
func (f *finisher) carriedBefore() []int {
	places := make([]int, len(f.carry))
	taken := make([]bool, len(f.ledger.carried))
	for i, heading := range f.carry {
		guarded := sheet.Guard(heading)
		places[i] = -1
		for n, before := range f.ledger.carried {
			if before == guarded && !taken[n] {
				places[i], taken[n] = n, true
				break
			}
		}
	}
	return places
}

// Read calls each with every entry of a results file, of which nobody needs
// to hold the lock.
func Read(path string, each func(Entry) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening the results file: %w", err)
	}
	defer file.Close()
	reader := newReader(bufio.NewReader(file))
	first, err := reader.Read()
	if err := checkHeader(first, err); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	for {
		record, err := reader.Read()
		if err == io.EOF {
			return nil
		}
		entry, bad := readEntry(record, err)
		if bad != nil {
			return fmt.Errorf("reading %s: line %d: %w", path, lineOf(reader, err), bad)
		}
		if err := each(entry); err != nil {
			return err
		}
	}
}
