package export

import (
	"archive/zip"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// What a workbook can hold: Microsoft, "Excel specifications and limits". A
// number keeps 15 digits.
const (
	mostRows   = 1 << 20
	mostChars  = 32767
	mostDigits = 15
)

// sheetName is what Excel calls a first sheet.
const sheetName = "Sheet1"

// workbook is XLSX with one sheet. Text is stored as text and its columns are
// formatted so: a spreadsheet takes no zero off it and makes no date of it,
// not even of what a person types into them. The sheet grows in a temporary
// file of the library, and from there goes out piece by piece.
type workbook struct {
	columns []Column
	file    *excelize.File
	stream  *excelize.StreamWriter
	rows    int
	cells   []any
}

func newWorkbook(w io.Writer, columns []Column) (*workbook, error) {
	b := &workbook{columns: columns, file: excelize.NewFile(), cells: make([]any, len(columns))}
	// The library would hold the whole file in memory to write it.
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w) })
	if err := b.begin(); err != nil {
		b.Discard()
		return nil, fmt.Errorf("starting a workbook: %w", err)
	}
	return b, nil
}

// begin sets the columns up and writes the header.
func (b *workbook) begin() (err error) {
	if b.stream, err = b.file.NewStreamWriter(sheetName); err != nil {
		return err
	}
	const asText = 49 // the number format @, ECMA-376 part 1, 18.8.30
	text, err := b.file.NewStyle(&excelize.Style{NumFmt: asText})
	if err != nil {
		return err
	}
	for i, c := range b.columns {
		width := 14.0
		if c.Kind == Text {
			width = 24
			if err := b.stream.SetColStyle(i+1, i+1, text); err != nil {
				return err
			}
		}
		if err := b.stream.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := b.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	bold, err := b.file.NewStyle(&excelize.Style{NumFmt: asText, Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	header := make([]any, len(b.columns))
	for i, c := range b.columns {
		name, err := storable(c.Name)
		if err != nil {
			return fmt.Errorf("the heading %q: %w", c.Name, err)
		}
		header[i] = excelize.Cell{StyleID: bold, Value: name}
	}
	b.rows = 1
	return b.stream.SetRow("A1", header)
}

// Write implements Writer.
func (b *workbook) Write(cells []string) error {
	if b.rows == mostRows {
		return fmt.Errorf("a sheet has no more than %d rows; export to a %s file", mostRows, CSV)
	}
	b.rows++
	for i, cell := range cells {
		switch {
		case cell == "":
			b.cells[i] = nil
		case b.columns[i].Kind == Number && len(cell) <= mostDigits && isWhole(cell):
			n, _ := strconv.ParseInt(cell, 10, 64) // it is one
			b.cells[i] = n
		default:
			text, err := storable(cell)
			if err != nil {
				return fmt.Errorf("column %q %w; export to a %s file", b.columns[i].Name, err, CSV)
			}
			b.cells[i] = text
		}
	}
	return b.stream.SetRow("A"+strconv.Itoa(b.rows), b.cells)
}

// isWhole reports whether a cell is a whole number, written as it would be
// shown.
func isWhole(cell string) bool {
	n, err := strconv.ParseInt(cell, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == cell
}

// storable is a text as a workbook can hold it. What the library would cut or
// change without a word is an error, but for control characters, which show
// nothing: they are left out.
func storable(cell string) (string, error) {
	if len(cell) > mostChars && len(utf16.Encode([]rune(cell))) > mostChars {
		return "", fmt.Errorf("holds %d characters, and a cell of a workbook can hold %d", utf8.RuneCountInString(cell), mostChars)
	}
	for _, r := range cell {
		if r == '\ufffe' || r == '\uffff' || r == utf8.RuneError && !utf8.ValidString(cell) {
			return "", fmt.Errorf("holds a character that a workbook cannot hold")
		}
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\v' || r == '\f':
			return ' '
		case r < ' ' && r != '\t' && r != '\n':
			return -1
		}
		return r
	}, lineFeeds.Replace(cell)), nil
}

// Close implements Writer.
func (b *workbook) Close() error {
	defer b.Discard()
	err := b.stream.Flush()
	if err == nil {
		_, err = b.file.WriteToBuffer() // by way of the ZipWriter, to out
	}
	if err != nil {
		return fmt.Errorf("writing the workbook: %w", err)
	}
	return nil
}

// Discard implements Writer: it removes the temporary file.
func (b *workbook) Discard() { _ = b.file.Close() }
