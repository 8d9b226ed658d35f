package sheet

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// lastColumn is XFD, the last one that Excel has.
const lastColumn = 16384

// sheetRow is a row of a sheet. It is valid until the next one is read.
type sheetRow struct {
	number int
	hidden bool
	cells  [][]byte // up to one more than maxColumns
}

// sheetRows streams the rows of a sheet. It keeps to row and cell references
// where there are any, and counts where there are none; what the sheet says of
// its own dimension is not read.
type sheetRows struct {
	wb   *workbook
	part string
	src  io.Closer
	dec  *xml.Decoder
	row  sheetRow
	text []byte // the texts of the row's cells

	uncached sightings // formulas that were saved without their value
	merged   sightings // ranges of merged cells; complete at the end
	// Only ranges that reach below this row and start within the first so many
	// columns are counted; titles are often merged and do not matter.
	mergedBelow, mergedWithin int
}

// sightings counts things and remembers the first.
type sightings struct {
	n     int
	first string
}

func (s *sightings) add(where string) {
	if s.n++; s.n == 1 {
		s.first = where
	}
}

// rows starts reading a sheet.
func (wb *workbook) rows(p page) (*sheetRows, error) {
	src, err := wb.open(p.part)
	if err != nil {
		return nil, err
	}
	dec, err := newDecoder(io.LimitReader(src, wb.o.MaxUnzipped))
	if err != nil {
		src.Close()
		return nil, damaged(p.part, err)
	}
	return &sheetRows{wb: wb, part: p.part, src: src, dec: dec}, nil
}

// Close ends the reading.
func (s *sheetRows) Close() error { return s.src.Close() }

// next returns the next row that is there, blank or not, or io.EOF. RawToken
// does not check that tags match, so that a sheet is taken as complete only
// once its rows have been seen to end.
func (s *sheetRows) next() (*sheetRow, error) {
	for {
		tok, err := s.dec.RawToken()
		if err != nil {
			return nil, s.broken(err)
		}
		switch el := tok.(type) {
		case xml.StartElement:
			if el.Name.Local == "row" {
				return &s.row, s.readRow(el)
			}
		case xml.EndElement:
			if el.Name.Local == "sheetData" {
				return nil, s.readTail()
			}
		}
	}
}

// broken explains an error inside the rows.
func (s *sheetRows) broken(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return damaged(s.part, fmt.Errorf("behind row %d: %w", s.row.number, err))
}

// readTail reads what follows the rows, and returns io.EOF.
func (s *sheetRows) readTail() error {
	for {
		tok, err := s.dec.RawToken()
		if err == io.EOF {
			return io.EOF
		}
		if err != nil {
			return s.broken(err)
		}
		if el, ok := tok.(xml.StartElement); ok && el.Name.Local == "mergeCell" {
			if ref := attr(el, "ref"); s.matters(ref) {
				s.merged.add(ref)
			}
		}
	}
}

// matters reports whether a merged range such as A2:A9 touches data.
func (s *sheetRows) matters(ref string) bool {
	from, to, _ := strings.Cut(ref, ":")
	col, err := columnOf(from)
	last, _ := strconv.Atoi(strings.TrimLeft(strings.ToUpper(to), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	return err == nil && col <= s.mergedWithin && last > s.mergedBelow
}

// readRow reads the row that el starts.
func (s *sheetRows) readRow(el xml.StartElement) error {
	s.row.number++
	if r := attr(el, "r"); r != "" {
		n, err := strconv.Atoi(r)
		if err != nil || n < 1 {
			return s.broken(fmt.Errorf("row number %q", r))
		}
		s.row.number = n
	}
	s.row.hidden = attr(el, "hidden") == "1" || attr(el, "hidden") == "true"
	s.row.cells, s.text = s.row.cells[:0], s.text[:0]
	for col := 0; ; {
		tok, err := s.dec.RawToken()
		if err != nil {
			return s.broken(err)
		}
		switch el := tok.(type) {
		case xml.StartElement:
			if el.Name.Local != "c" {
				continue
			}
			if ref := attr(el, "r"); ref != "" {
				if col, err = columnOf(ref); err != nil {
					return s.broken(err)
				}
			} else {
				col++
			}
			if err := s.readCell(el, col); err != nil {
				return s.broken(err)
			}
		case xml.EndElement:
			if el.Name.Local == "row" {
				return nil
			}
		}
	}
}

// put sets the text of a column, counted from 1, to the end of s.text from
// offset start on. Columns beyond those that are allowed count as one.
func (s *sheetRows) put(col, start int) {
	col = min(col, s.wb.o.MaxColumns+1)
	for len(s.row.cells) < col {
		s.row.cells = append(s.row.cells, nil)
	}
	s.row.cells[col-1] = s.text[start:len(s.text):len(s.text)]
}

var errReference = errors.New("a cell reference that no sheet has")

// columnOf returns the column of a cell reference such as AB12, from 1.
func columnOf(ref string) (int, error) {
	col, i := 0, 0
	for ; i < len(ref) && col <= lastColumn; i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		col = col*26 + int(c-'A') + 1
	}
	if col == 0 || col > lastColumn {
		return 0, fmt.Errorf("%w: %q", errReference, ref)
	}
	return col, nil
}

// columnName is the reverse of columnOf.
func columnName(col int) string {
	var name []byte
	for ; col > 0; col = (col - 1) / 26 {
		name = append([]byte{byte('A' + (col-1)%26)}, name...)
	}
	return string(name)
}
