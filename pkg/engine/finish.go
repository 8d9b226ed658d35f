package engine

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// Totals is what became of the rows of a file, counted in its finished results
// file.
type Totals struct {
	Rows       int
	Statuses   map[row.Status]int
	NotReached int
	Missing    int // absent where that is an error: to update, to unqualify
	Failed     int // rows in the failed file
}

// Sum is the number of rows that are accounted for.
func (t Totals) Sum() int {
	sum := t.NotReached
	for _, n := range t.Statuses {
		sum += n
	}
	return sum
}

// NeedMending is the number of rows that somebody has to look at.
func (t Totals) NeedMending() int {
	n := t.Missing
	for s, count := range t.Statuses {
		if s.NeedsMending() {
			n += count
		}
	}
	return n
}

// coarse is how far a file system's idea of the time may be off.
const coarse = 3 * time.Second

// Finish rewrites the results file in file order and writes the file of rows
// to mend, which is removed when there are none. As long as nobody works on
// that, it is older than the results. Carry are the places of the
// columns of the input that are copied into the results. A results file that
// says all of that already is left as it is.
func (e *Engine) Finish(s *Survey, header []string, carry []int, failedPath string) (Totals, error) {
	t := Totals{Rows: s.Rows, Statuses: map[row.Status]int{}}
	ledger.Sweep(failedPath)
	f := failedFile{path: failedPath, header: header, time: time.Now().Add(-coarse)}
	defer f.discard()
	var err error
	if !e.isFinished(s, carry) {
		err = e.rewrite(s, carry, &f, &t)
	} else {
		for r, status := range s.status[:s.Rows] {
			t.count(status, s.facts[r])
		}
	}
	if err != nil {
		return t, err
	}
	if err := f.commit(); err != nil {
		return t, err
	}
	if e.undo == nil {
		return t, nil
	}
	return t, e.undo.Finish(e.options.Ledger.Became)
}

// isFinished reports whether the results file already is what a rewrite would
// give, and no row is to be mended.
func (e *Engine) isFinished(s *Survey, carry []int) bool {
	return len(carry) == 0 && s.Settled == s.order.Len() && e.options.Ledger.IsFinished(s.lines) &&
		!slices.ContainsFunc(s.status, row.Status.NeedsMending)
}

// rewrite has the results file rewritten, and gathers the rows to mend.
func (e *Engine) rewrite(s *Survey, carry []int, f *failedFile, t *Totals) error {
	var cells, beyond []string
	return e.options.Ledger.Finish(pick(f.header, carry),
		func(yield func(ledger.Row) error) error {
			return e.eachRaw(func(at sheet.Position, record []string) error {
				cells, beyond = record, at.Beyond
				p := row.Position{Row: at.Row, Line: at.Line}
				return yield(ledger.Row{Position: p, Key: e.options.Ledger.Key(s.order.Key(p.Row)), Carry: pick(record, carry)})
			})
		},
		func(r ledger.Row, status row.Status, problem string) error {
			if r.Row > s.Rows {
				return nil
			}
			if s.status[r.Row-1] == row.Pending && status.Settled() && !status.NeedsMending() {
				status = row.Pending // it says something else by now, and was not sent
			}
			t.count(status, s.facts[r.Row-1])
			if !status.NeedsMending() {
				return nil
			}
			t.Failed++
			return f.add(cells, problem, beyond)
		})
}

func (t *Totals) count(s row.Status, f facts) {
	if s == row.Pending {
		t.NotReached++
		return
	}
	t.Statuses[s]++
	if s == row.Absent && f&mustExist != 0 {
		t.Missing++
	}
}

// eachRaw reads the file's rows as they stand. The record is good until the
// next.
func (e *Engine) eachRaw(do func(sheet.Position, []string) error) error {
	rows, err := e.options.Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	if _, err := rows.CSV().Read(); err != nil { // the header
		return fmt.Errorf("reading the rows again: %w", err)
	}
	for {
		record, err := rows.CSV().Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the rows again: %w", err)
		}
		if err := do(rows.Position(), record); err != nil {
			return err
		}
	}
}

func pick(cells []string, columns []int) []string {
	picked := make([]string, len(columns))
	for i, c := range columns {
		picked[i] = cells[c]
	}
	return picked
}

// failedFile gathers the rows that are to be mended, as they stood in the
// input, with the reason in a column of its own.
type failedFile struct {
	path   string
	header []string
	whole  *sheet.Whole
	out    *sheet.Writer
	reason int // place of the column sheet.ReasonHeading
	time   time.Time
}

// add takes a row. Cells for which there is no column stand at its end, where
// they keep it from being read as a whole one.
func (f *failedFile) add(cells []string, problem string, beyond []string) error {
	if f.whole == nil {
		if err := f.begin(); err != nil {
			return err
		}
	}
	row := slices.Clone(cells)
	if f.reason == len(row) {
		row = append(row, problem)
	} else {
		row[f.reason] = problem
	}
	return f.out.Write(append(row, beyond...))
}

// begin starts the file. An input that was a failed file itself has the
// column already, at its end.
func (f *failedFile) begin() (err error) {
	if f.whole, err = sheet.Create(f.path); err != nil {
		return err
	}
	f.whole.Date(f.time)
	header := slices.Clone(f.header)
	if f.reason = len(header) - 1; header[f.reason] != sheet.ReasonHeading {
		f.reason = len(header)
		header = append(header, sheet.ReasonHeading)
	}
	f.out, err = sheet.NewWriter(f.whole, header)
	return err
}

// commit puts the file in its place, or removes the one of an earlier run.
func (f *failedFile) commit() error {
	if f.whole == nil {
		if err := os.Remove(f.path); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("removing the failed file of an earlier run: %w", err)
		}
		return nil
	}
	if err := f.out.Flush(); err != nil {
		return err
	}
	return f.whole.Commit()
}

func (f *failedFile) discard() {
	if f.whole != nil {
		_ = f.whole.Close()
	}
}
