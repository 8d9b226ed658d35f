package export

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// What a workbook can hold: Microsoft, "Excel specifications and limits". A
// number keeps 15 digits.
const (
	mostRows   = 1 << 20
	mostChars  = 32767
	mostDigits = 15
)

// workbook is XLSX with one sheet. Text is stored as text and its columns are
// formatted so: a spreadsheet takes no zero off it and makes no date of it,
// not even of what a person types into them. Its rows go out as they come.
type workbook struct {
	columns []Column
	letters []string // of the columns: A, B, …
	archive *zip.Writer
	sheet   *bufio.Writer // the sheet, which is the last part of the archive
	rows    int
	cells   []cell
}

// cell is one of a row that is ready to be written.
type cell struct {
	text, style string // no text = no cell
	number      bool
}

func newWorkbook(w io.Writer, columns []Column) (*workbook, error) {
	b := &workbook{columns: columns, archive: zip.NewWriter(w), cells: make([]cell, len(columns))}
	for i := range columns {
		b.letters = append(b.letters, letters(i))
	}
	if err := b.begin(); err != nil {
		return nil, fmt.Errorf("starting a workbook: %w", err)
	}
	return b, nil
}

// letters names a column, counted from 0: A to Z, AA, AB and so on.
func letters(column int) string {
	if column < 26 {
		return string(rune('A' + column))
	}
	return letters(column/26-1) + string(rune('A'+column%26))
}

// begin writes all that comes before the rows, and the header.
func (b *workbook) begin() error {
	for _, part := range parts {
		w, err := b.archive.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, xml.Header+part.text); err != nil {
			return err
		}
	}
	w, err := b.archive.Create(sheetPart)
	if err != nil {
		return err
	}
	b.sheet = bufio.NewWriter(w) // which keeps an error until the end of the row
	b.put(xml.Header, `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0">`,
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>`)
	for i, c := range b.columns {
		n, width := strconv.Itoa(i+1), "14"
		if c.Kind == Text {
			width = "24"
		}
		b.put(`<col min="`, n, `" max="`, n, `" width="`, width, `" customWidth="1" style="`, c.style(), `"/>`)
	}
	b.put(`</cols><sheetData>`)
	for i, c := range b.columns {
		name, err := storable(c.Name)
		if err != nil {
			return fmt.Errorf("the heading %q: %w", c.Name, err)
		}
		b.cells[i] = cell{text: name, style: heading}
	}
	return b.row()
}

// style is how the cells of a column are formatted.
func (c Column) style() string {
	if c.Kind == Text {
		return asText
	}
	return plain
}

// Write implements Writer.
func (b *workbook) Write(cells []string) error {
	if b.rows == mostRows {
		return fmt.Errorf("a sheet has no more than %d rows; export to a %s file", mostRows, CSV)
	}
	for i, text := range cells {
		c := b.columns[i]
		text, err := storable(text)
		if err != nil {
			return fmt.Errorf("column %q %w; export to a %s file", c.Name, err, CSV)
		}
		b.cells[i] = cell{text, c.style(), c.Kind == Number && len(text) <= mostDigits && isWhole(text)}
	}
	return b.row()
}

// row writes the cells that are ready.
func (b *workbook) row() error {
	b.rows++
	n := strconv.Itoa(b.rows)
	b.put(`<row r="`, n, `">`)
	for i, c := range b.cells {
		switch {
		case c.text == "":
		case c.number:
			b.put(`<c r="`, b.letters[i], n, `"><v>`, c.text, `</v></c>`)
		default:
			b.put(`<c r="`, b.letters[i], n, `" s="`, c.style, `" t="inlineStr"><is><t xml:space="preserve">`)
			if err := xml.EscapeText(b.sheet, []byte(unmistakable(c.text))); err != nil {
				return err
			}
			b.put(`</t></is></c>`)
		}
	}
	_, err := b.sheet.WriteString(`</row>`)
	return err
}

func (b *workbook) put(texts ...string) {
	for _, t := range texts {
		_, _ = b.sheet.WriteString(t) // the last one of the row gives the error
	}
}

// unmistakable is a text in which nothing is taken for a character that stands
// as _xHHHH_: ECMA-376 part 1, 22.4.2.4.
func unmistakable(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		if rest := text[i:]; len(rest) >= len("_x0000_") && rest[:2] == "_x" && rest[6] == '_' {
			if _, err := strconv.ParseUint(rest[2:6], 16, 16); err == nil {
				b.WriteString("_x005F")
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// isWhole reports whether a cell is a whole number, written as it would be
// shown.
func isWhole(cell string) bool {
	n, err := strconv.ParseInt(cell, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == cell
}

// storable is a text as a workbook can hold it. What would have to be cut or
// changed is an error, but for control characters, which show nothing: they are
// left out.
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
	b.put(`</sheetData></worksheet>`)
	err := b.sheet.Flush()
	if err == nil {
		err = b.archive.Close()
	}
	if err != nil {
		return fmt.Errorf("writing the workbook: %w", err)
	}
	return nil
}
