package export

import (
	"encoding/csv"
	"io"
	"strings"

	"github.com/refbulk/refbulk/pkg/sheet"
)

// table is CSV as pkg/sheet writes it, with cells guarded against running as
// formulas, but for numbers: -3 runs nowhere. Lines inside a cell end in a
// line feed: readers of CSV make different things of the rest.
type table struct {
	out     *csv.Writer
	columns []Column
	cells   []string
}

func newTable(w io.Writer, columns []Column) (*table, error) {
	t := &table{out: csv.NewWriter(w), columns: columns, cells: make([]string, len(columns))}
	for i, c := range columns {
		t.cells[i] = sheet.Guard(lineFeeds.Replace(c.Name))
	}
	return t, t.out.Write(t.cells)
}

// Write implements Writer.
func (t *table) Write(cells []string) error {
	for i, c := range cells {
		if strings.IndexByte(c, '\r') >= 0 {
			c = lineFeeds.Replace(c)
		}
		if t.columns[i].Kind != Number || c == "" || !isNumber(c) {
			c = sheet.Guard(c)
		}
		t.cells[i] = c
	}
	return t.out.Write(t.cells)
}

var lineFeeds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Close implements Writer.
func (t *table) Close() error {
	t.out.Flush()
	return t.out.Error()
}
