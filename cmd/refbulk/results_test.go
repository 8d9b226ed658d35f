//go:build unix

package main

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"
)

// resultsHeader is the contract's.
const resultsHeader = "row,line,operation,target,status,id,code,url,http_status,attempts,error,finished_at,row_key,row_hash"

// entry is one line of a results file.
type entry struct {
	row                                               int // 0: the file no longer has the row
	operation, target, status, id, code, url, problem string
	attempts                                          int
}

// results are the lines of a finished results file.
type results struct {
	byRow map[int]entry
	gone  []entry // of rows that the file no longer has
}

// readResults reads a finished results file: every row has one line, rows
// stand in file order, rows that have gone come after them.
func readResults(t testing.TB, path string) results {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if got := strings.Join(records[0], ","); got != resultsHeader {
		t.Fatalf("%s begins with\n%s, want\n%s", path, got, resultsHeader)
	}
	r := results{byRow: map[int]entry{}}
	last := 0
	for _, record := range records[1:] {
		e := entry{
			operation: record[2], target: record[3], status: record[4], id: record[5], code: record[6], url: record[7], problem: record[10],
		}
		e.row, _ = strconv.Atoi(record[0])
		e.attempts, _ = strconv.Atoi(record[9])
		switch {
		case e.row == 0:
			r.gone = append(r.gone, e)
			continue
		case len(r.gone) > 0:
			t.Errorf("%s: row %d stands after rows that have gone", path, e.row)
		case e.row <= last:
			t.Errorf("%s: row %d stands after row %d", path, e.row, last)
		}
		last = e.row
		r.byRow[e.row] = e
	}
	return r
}

// statuses counts them.
func (r results) statuses() map[string]int {
	counts := map[string]int{}
	for _, e := range r.byRow {
		counts[e.status]++
	}
	return counts
}

// addsUp checks a summary against itself and the results file it speaks of.
func addsUp(t testing.TB, s summary, r results) {
	t.Helper()
	sum := s.NotReached
	for _, n := range s.Statuses {
		sum += n
	}
	if sum != s.Rows {
		t.Errorf("the summary has %d rows, but its statuses and those not reached are %d: %v", s.Rows, sum, s)
	}
	for status, n := range r.statuses() {
		if s.Statuses[status] != n {
			t.Errorf("the summary says %d %s, the results file %d", s.Statuses[status], status, n)
		}
	}
	if got := len(r.byRow) + s.NotReached; got != s.Rows {
		t.Errorf("the results file has %d rows and %d were not reached, of %d", len(r.byRow), s.NotReached, s.Rows)
	}
}
