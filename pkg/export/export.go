// Package export writes what an API lists into a file: CSV that pkg/sheet can
// read back, a workbook, or JSON Lines. Rows stream from page to page; nothing
// is kept of them. What they mean, and where they come from, is not known
// here, nor is where the file will stand.
package export

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Kind is what the cells of a column hold, for the formats that tell.
type Kind int

// The kinds of a column.
const (
	Text   Kind = iota
	Number      // plain digits, with a sign or a point
	Flag        // yes, or empty for no
)

// Column is one column of an export.
type Column struct {
	Name string
	Kind Kind
}

// Texts are columns of text.
func Texts(names ...string) []Column { return columns(Text, names) }

// Numbers are columns of numbers.
func Numbers(names ...string) []Column { return columns(Number, names) }

func columns(k Kind, names []string) []Column {
	all := make([]Column, len(names))
	for i, name := range names {
		all[i] = Column{name, k}
	}
	return all
}

// Page is what a Source gives at once.
type Page struct {
	Rows  [][]string // each as wide as the columns; may be none
	Read  int        // what was read for it, with what a filter left out
	Total int        // what there is to read in all; 0 = not known
}

// Source gives the rows of an export. It belongs to one goroutine.
type Source interface {
	// Columns are those of every row, known before the first.
	Columns() []Column
	// Next gives the rows of a further page, and io.EOF after the last. They
	// are good until the next call.
	Next() (Page, error)
}

// Writer writes rows in one format. It belongs to one goroutine, and may be given up without a Close.
type Writer interface {
	Write(cells []string) error
	// Close writes what is left to write. It does not close what is below.
	Close() error
}

// Format is a way to write rows.
type Format string

// The formats, by the ending of their files. JSON Lines are for programs:
// pkg/sheet does not read them.
const (
	CSV       Format = ".csv"
	XLSX      Format = ".xlsx"
	JSONLines Format = ".jsonl"
)

// FormatOf tells the format of a file by its ending.
func FormatOf(path string) (Format, error) {
	f := Format(strings.ToLower(filepath.Ext(path)))
	switch f {
	case CSV, XLSX, JSONLines:
		return f, nil
	}
	return "", fmt.Errorf("%q does not tell its format: let it end in %s, %s or %s", path, CSV, XLSX, JSONLines)
}

// NewWriter starts to write rows of the columns to w.
func NewWriter(w io.Writer, f Format, columns []Column) (Writer, error) {
	switch f {
	case XLSX:
		return newWorkbook(w, columns)
	case JSONLines:
		return newLines(w, columns), nil
	}
	return newTable(w, columns)
}

// Copy writes all rows of a source, closes the writer, and reports how many there were. Watch is
// told of every page, after its rows were written; nil for nobody.
func Copy(w Writer, s Source, watch func(Page)) (rows int, err error) {
	for {
		page, err := s.Next()
		if err == io.EOF {
			return rows, w.Close()
		}
		if err != nil {
			return rows, err
		}
		for _, cells := range page.Rows {
			if err := w.Write(cells); err != nil {
				return rows, fmt.Errorf("writing row %d of the export: %w", rows+1, err)
			}
			rows++
		}
		if watch != nil {
			watch(page)
		}
	}
}
