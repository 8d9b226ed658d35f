package report

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// Outcomes is what a results file says. It is gathered in two passes over the
// file, and of each entry no more than 25 bytes are kept meanwhile.
type Outcomes struct {
	Path      string
	Rows      int // that the input had when the file was written
	Gone      int // entries of rows that the input no longer has
	Rehearsed int // entries of a rehearsal, beside those of a real run
	Rehearsal bool
	Torn      bool // a last line that was cut off was left out
	Unended   bool // a run on the file is under way, or was killed
	Statuses  map[row.Status]int
	Missing   int // absent where that is an error
	Writes    int // that were sent for the rows
	First     time.Time
	Last      time.Time
	Causes    []Cause // the most frequent first
	Further   int     // rows whose cause is not among them
}

// Mend is the number of rows that somebody has to look at.
func (o *Outcomes) Mend() int {
	n := o.Missing
	for s, count := range o.Statuses {
		if s.NeedsMending() {
			n += count
		}
	}
	return n
}

// columns are the ones that a report reads, by name.
var columns = strings.Split("row,line,operation,target,status,attempts,error,finished_at,row_key", ",")

// result is one line of a results file, as far as a report needs it.
type result struct {
	position  row.Position
	operation string
	target    string
	status    row.Status
	attempts  int
	problem   string
	finished  time.Time
	rehearsal bool
}

// ReadOutcomes reads a results file, of a run that ended or of one that is
// under way or was killed: then the latest line of a row counts. Of a
// rehearsal it tells when there was nothing else.
func ReadOutcomes(path string) (*Outcomes, error) { return readOutcomes(path, nil) }

// ReadOutcomesOf reads what a real run, or a rehearsal, has left.
func ReadOutcomesOf(path string, rehearsal bool) (*Outcomes, error) {
	return readOutcomes(path, &rehearsal)
}

func readOutcomes(path string, rehearsal *bool) (*Outcomes, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the results file: %w", err)
	}
	defer file.Close()
	o := &Outcomes{Path: path, Statuses: map[row.Status]int{}}
	last, real, err := latest(file, size(file))
	if err != nil {
		return nil, err
	}
	o.Rehearsal = !real
	if rehearsal != nil {
		o.Rehearsal = *rehearsal
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the results file: %w", err)
	}
	reader, err := newResults(file)
	if err != nil {
		return nil, err
	}
	causes := newCauses()
	for n := 0; n < last.entries; n++ {
		r, err := reader.next()
		if err != nil {
			return nil, err
		}
		if last.is(n) {
			o.add(r, causes)
		}
	}
	_, err = reader.next()
	o.Torn = errors.Is(err, errTorn)
	o.Unended = o.Torn || last.grown
	o.Causes, o.Further = causes.list()
	return o, nil
}

func (o *Outcomes) add(r result, causes *causes) {
	switch {
	case r.rehearsal && !o.Rehearsal:
		o.Rehearsed++
		return
	case o.Rehearsal && !r.rehearsal:
		return
	case r.position.Row == 0:
		o.Gone++
		return
	}
	o.Rows++
	o.Statuses[r.status]++
	o.Writes += r.attempts
	if o.First.IsZero() || r.finished.Before(o.First) {
		o.First = r.finished
	}
	if r.finished.After(o.Last) {
		o.Last = r.finished
	}
	missing := r.status == row.Absent && slices.Contains(needed, r.operation)
	if missing {
		o.Missing++
	}
	if missing || r.status.NeedsMending() {
		causes.add(r)
	}
}

// needed are the operations for which it is an error that the target is not
// there. Who is not there to be qualified or deleted is none: a whole list of
// customers may be fed to it.
var needed = []string{"update", "upsert", "unqualify", "credit", "issue"}

// Summary is the summary of a results file: nothing is known of its requests.
func (o *Outcomes) Summary() *Summary {
	return &Summary{
		Command: "report", Input: filepath.Base(o.Path), Results: o.Path, Rows: o.Rows,
		Statuses: Counts(o.Statuses), Mend: o.Mend(), Sandbox: o.Rehearsal, Unended: o.Unended, Causes: o.Causes,
	}
}

// lastOnes knows which entries are the latest of their rows.
type lastOnes struct {
	entries int
	bits    []uint64
	grown   bool // lines were appended since a run last ended and put them into file order, one a row
}

func (l *lastOnes) is(n int) bool { return l.bits[n/64]>>(n%64)&1 == 1 }

// usualLine is how long a line is at least, as a rule.
const usualLine = 100

func size(file *os.File) int64 {
	if info, err := file.Stat(); err == nil {
		return info.Size()
	}
	return 0
}

// latest finds the latest entry of every row, and whether any is of a real
// run. Rows are told apart by 64 bits of their keys. Of a file of so many
// bytes the keys are given room at once, because a list that grows by copying
// takes twice of it.
func latest(r io.Reader, bytes int64) (last lastOnes, real bool, err error) {
	reader, err := newResults(r)
	if err != nil {
		return last, false, err
	}
	seed := maphash.MakeSeed()
	keys := make([]uint64, 0, bytes/usualLine+1)
	ordered := inOrder{}
	for {
		record, err := reader.record()
		if errors.Is(err, io.EOF) || errors.Is(err, errTorn) {
			break
		}
		if err != nil {
			return last, false, err
		}
		key := record[reader.at["row_key"]]
		real = real || !strings.HasPrefix(key, rehearsalMark)
		keys = append(keys, maphash.String(seed, key))
		ordered.add(record[reader.at["row"]])
	}
	last = lastOnes{entries: len(keys), bits: make([]uint64, len(keys)/64+1), grown: ordered.broken}
	size := 1
	for size < 2*len(keys) {
		size *= 2
	}
	// An open table of places in keys, counted from 1; half of it stays free.
	table := make([]uint32, size)
	for n := len(keys) - 1; n >= 0; n-- {
		slot := keys[n] & uint64(size-1)
		for table[slot] != 0 && keys[table[slot]-1] != keys[n] {
			slot = (slot + 1) & uint64(size-1)
		}
		if table[slot] == 0 {
			table[slot] = uint32(n + 1)
			last.bits[n/64] |= 1 << (n % 64)
		} else {
			last.grown = true
		}
	}
	return last, real, nil
}

// inOrder finds out whether lines stand as a run that ends leaves them: rows
// in the order of the input, then those that it no longer has.
type inOrder struct {
	row    int
	gone   bool
	broken bool
}

func (o *inOrder) add(cell string) {
	n, _ := strconv.Atoi(cell)
	if n == 0 {
		o.gone = true
		return
	}
	o.broken = o.broken || o.gone || n <= o.row
	o.row = n
}

// rehearsalMark begins the row_key of an entry that was only rehearsed.
const rehearsalMark = "sandbox-"

// errTorn is the end of a file whose last line was cut off.
var errTorn = errors.New("the last line is cut off")

// results reads the lines of a results file.
type results struct {
	csv  *csv.Reader
	at   map[string]int // places of the columns
	most int            // the highest of them
}

func newResults(r io.Reader) (*results, error) {
	reader := csv.NewReader(bufio.NewReaderSize(r, 64<<10))
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("this is not a results file of refbulk: %w", err)
	}
	res := &results{csv: reader, at: map[string]int{}}
	if len(header) > 0 {
		header[0] = strings.TrimPrefix(header[0], "\ufeff") // which spreadsheet programs add
	}
	for i, name := range header {
		if _, there := res.at[name]; !there { // carried columns come last, and may be named the same
			res.at[name] = i
		}
	}
	for _, name := range columns {
		at, there := res.at[name]
		if !there {
			return nil, fmt.Errorf("this is not a results file of refbulk: it has no column %q", name)
		}
		res.most = max(res.most, at)
	}
	return res, nil
}

// record reads a line. One that was cut off is the last.
func (r *results) record() ([]string, error) {
	record, err := r.csv.Read()
	if err == io.EOF {
		return nil, io.EOF
	}
	if err == nil && len(record) > r.most {
		return record, nil
	}
	line := 0
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		line = parse.StartLine
	} else if err == nil {
		err = fmt.Errorf("has %d cells", len(record))
		line, _ = r.csv.FieldPos(0)
	}
	if _, after := r.csv.Read(); after == io.EOF {
		return nil, errTorn
	}
	return nil, fmt.Errorf("reading the results file: line %d: %w", line, err)
}

func (r *results) next() (result, error) {
	record, err := r.record()
	if err != nil {
		return result{}, err
	}
	cell := func(name string) string { return record[r.at[name]] }
	number := func(name string) int { n, _ := strconv.Atoi(cell(name)); return n }
	status, err := row.ParseStatus(cell("status"))
	if err != nil {
		line, _ := r.csv.FieldPos(0)
		return result{}, fmt.Errorf("reading the results file: line %d: %w", line, err)
	}
	finished, _ := time.Parse(time.RFC3339, cell("finished_at"))
	return result{
		position:  row.Position{Row: number("row"), Line: number("line")},
		operation: sheet.Unguard(cell("operation")), target: sheet.Unguard(cell("target")), status: status,
		attempts: number("attempts"), problem: sheet.Unguard(cell("error")), finished: finished,
		rehearsal: strings.HasPrefix(cell("row_key"), rehearsalMark),
	}, nil
}
