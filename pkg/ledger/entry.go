package ledger

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gocarina/gocsv"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// Entry is one line of the results file: what became of a row, or, with the
// status unknown, that a write for it is about to leave.
type Entry struct {
	row.Position // zero when the file no longer has the row
	row.Outcome
	Operation string
	Target    string
	Key       Key
	Content   row.Fingerprint
}

// Key names a row across runs. A rehearsal's keys are marked, so that nothing
// that was only rehearsed is ever taken for done.
type Key struct {
	Row       row.Fingerprint
	Rehearsal bool
}

const rehearsalMark = "sandbox-"

// String is the key as the results file holds it.
func (k Key) String() string {
	if k.Rehearsal {
		return rehearsalMark + k.Row.String()
	}
	return digits(k.Row)
}

// notNumber is put before digits that a spreadsheet would take for a number,
// and save rounded.
const notNumber = "x"

func digits(f row.Fingerprint) string {
	s := f.String()
	if strings.ContainsAny(s, "abcdf") {
		return s // no number has such letters
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return notNumber + s
	}
	return s
}

// parseDigits is the inverse of digits.
func parseDigits(s string) (row.Fingerprint, error) {
	return row.ParseFingerprint(strings.TrimPrefix(s, notNumber))
}

// ParseKey is the inverse of String.
func ParseKey(s string) (Key, error) {
	hex, rehearsal := strings.CutPrefix(s, rehearsalMark)
	f, err := parseDigits(hex)
	return Key{Row: f, Rehearsal: rehearsal}, err
}

// line is an entry as it stands in the file: the contract's columns in the
// contract's order.
type line struct {
	Row        string `csv:"row"`  // empty when the file no longer has the row
	Line       string `csv:"line"` // empty likewise
	Operation  string `csv:"operation"`
	Target     string `csv:"target"`
	Status     string `csv:"status"`
	ID         string `csv:"id"`
	Code       string `csv:"code"`
	URL        string `csv:"url"`
	HTTPStatus string `csv:"http_status"` // empty when no answer came
	Attempts   int    `csv:"attempts"`
	Error      string `csv:"error"`
	FinishedAt string `csv:"finished_at"`
	RowKey     string `csv:"row_key"`
	RowHash    string `csv:"row_hash"`
}

// header is the first line of every results file, before carried columns.
var header = strings.Split("row,line,operation,target,status,id,code,url,http_status,attempts,error,finished_at,row_key,row_hash", ",")

// Places of columns that are read.
const (
	colOperation = iota + 2
	colTarget
	colStatus
	colID
	colCode
	colURL
	colHTTPStatus
	colAttempts
	colError
	colFinishedAt
	colRowKey
	colRowHash
	columnCount
)

// line gives the entry's cells.
func (e *Entry) line() line {
	return line{
		Row: orEmpty(e.Row), Line: orEmpty(e.Line), Operation: cell(e.Operation), Target: cell(e.Target), Status: e.Status.String(),
		ID: cell(e.ID), Code: cell(e.Code), URL: cell(e.URL), HTTPStatus: orEmpty(e.HTTPStatus), Attempts: e.Attempts,
		Error: cell(e.Error), FinishedAt: e.Finished.UTC().Format(time.RFC3339), RowKey: e.Key.String(), RowHash: digits(e.Content),
	}
}

// orEmpty writes a number, and nothing for 0.
func orEmpty(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// orZero reads a number, and 0 where there is none.
func orZero(cell string) int {
	if cell == "" {
		return 0
	}
	n, _ := strconv.Atoi(cell)
	return n
}

// cell is a text as it stands in the file: guarded against being run as a
// formula, and without a line break, which would make the torn end of a file
// hard to tell from its last line.
func cell(s string) string {
	if strings.ContainsFunc(s, lineBreak) {
		s = strings.Join(strings.FieldsFunc(s, lineBreak), " ")
	}
	return sheet.Guard(s)
}

func lineBreak(r rune) bool { return r == '\n' || r == '\r' }

// encode writes entries as lines of CSV.
func encode(w io.Writer, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	// By a channel, which takes them all: of lines that stand in a slice, gocsv
	// copies every single cell to the heap.
	lines := make(chan any, len(entries))
	for i := range entries {
		lines <- entries[i].line()
	}
	close(lines)
	return gocsv.MarshalChanWithoutHeaders(lines, gocsv.NewSafeCSVWriter(csv.NewWriter(w)))
}

// decode reads an entry out of a record.
func decode(record []string) (Entry, error) {
	if len(record) < columnCount {
		return Entry{}, fmt.Errorf("has %d cells, not %d", len(record), columnCount)
	}
	var e Entry
	var errs [4]error
	e.Status, errs[0] = row.ParseStatus(record[colStatus])
	e.Key, errs[1] = ParseKey(record[colRowKey])
	e.Content, errs[2] = parseDigits(record[colRowHash])
	e.Finished, errs[3] = time.Parse(time.RFC3339, record[colFinishedAt])
	for _, err := range errs {
		if err != nil {
			return Entry{}, err
		}
	}
	e.Row, e.Line = orZero(record[0]), orZero(record[1])
	e.HTTPStatus, e.Attempts = orZero(record[colHTTPStatus]), orZero(record[colAttempts])
	e.Operation, e.Target = sheet.Unguard(record[colOperation]), sheet.Unguard(record[colTarget])
	e.ID, e.Code, e.URL = sheet.Unguard(record[colID]), sheet.Unguard(record[colCode]), sheet.Unguard(record[colURL])
	e.Error = sheet.Unguard(record[colError])
	return e, nil
}

// newReader reads results lines, however many cells were carried.
func newReader(r io.Reader) *csv.Reader {
	reader := csv.NewReader(r)
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	return reader
}

// headerLine is the header as it is written.
func headerLine(carry []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	cells := append([]string(nil), header...)
	for _, c := range carry {
		cells = append(cells, sheet.Guard(c))
	}
	_ = w.Write(cells) // into memory
	w.Flush()
	return b.Bytes()
}
