package sheet

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	sampleRows = 100 // enough to see which delimiter is consistent
	headerRows = 30  // titles and notes above a header are not longer
)

// sampled is a row that is not blank, seen before the header is known.
type sampled struct {
	line  int
	cells []string
	fault string
}

// filled counts the cells that show something.
func (r sampled) filled() int {
	n := 0
	for _, c := range r.cells {
		if !blank([]byte(c)) {
			n++
		}
	}
	return n
}

// layout is how a sample reads: where the header is, and how well it fits.
type layout struct {
	delim  byte
	rows   []sampled
	header int // index of the header in rows; -1 when there is none
	known  int // different fields the header names
	steady int // rows per thousand, from the header on, as wide as the header
}

// better reports whether l is a better reading of the file than k.
func (l layout) better(k layout) bool {
	if l.known != k.known {
		return l.known > k.known
	}
	return l.steady > k.steady
}

// findHeader chooses the header among the rows: the one at the line asked for,
// else the one of the first that names the most known fields, else the first.
func findHeader(rows []sampled, o Options) (index, known int) {
	if len(rows) == 0 {
		return -1, 0
	}
	if o.Known == nil || o.HeaderRow > 0 {
		return 0, knownFields(rows[0], o.Known)
	}
	index = -1
	for i, r := range rows[:min(len(rows), headerRows)] {
		if n := knownFields(r, o.Known); n > known {
			index, known = i, n
		}
	}
	return index, known
}

// knownFields counts the different fields that a row's cells name.
func knownFields(r sampled, known func(string) string) int {
	if known == nil {
		return 0
	}
	fields := map[string]bool{}
	for _, c := range r.cells {
		if f := known(cleanHeader(c)); f != "" {
			fields[f] = true
		}
	}
	return len(fields)
}

// steadiness is the share, per thousand, of rows from the header on that are
// as wide as it. A header of one cell is no sign of a delimiter.
func steadiness(rows []sampled, header int) int {
	if header < 0 || len(rows[header].cells) < 2 {
		return 0
	}
	same := 0
	for _, r := range rows[header:] {
		if len(r.cells) == len(rows[header].cells) {
			same++
		}
	}
	return same * 1000 / (len(rows) - header)
}

// sample reads the first rows of text with one delimiter, from line skip+1 on.
func sample(src io.ReadCloser, delim byte, skip int, o Options) ([]sampled, error) {
	m := newMender(shape{delim: delim, maxCell: o.MaxCell, maxColumns: o.MaxColumns}, src)
	defer m.Close()
	if !m.skipLines(skip) {
		return nil, nil
	}
	var rows []sampled
	for len(rows) < sampleRows {
		rec, err := m.parse()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		row := sampled{line: m.line + 1, fault: rec.fault}
		for _, text := range m.texts {
			row.cells = append(row.cells, string(text))
		}
		if row.filled() > 0 {
			rows = append(rows, row)
		}
		m.in.consume(rec.size)
		m.line += rec.lines
	}
	return rows, nil
}

// header makes the header of a file of the layout's chosen row. Empty columns
// at its end are cut, unless most of the rows below have something there.
func (l layout) cells() []string {
	all := l.rows[l.header].cells
	header := cleanHeaders(all)
	below := l.rows[l.header+1:]
	for i := len(all); i > len(header); i-- {
		used := 0
		for _, r := range below {
			if i <= len(r.cells) && !blank([]byte(r.cells[i-1])) {
				used++
			}
		}
		if used*2 > len(below) {
			return append(header, make([]string, i-len(header))...)
		}
	}
	return header
}

// refusal says why no header was found, or why the one found cannot be used.
func (l layout) refusal(o Options) error {
	switch {
	case len(l.rows) == 0 && o.HeaderRow > 0:
		return fmt.Errorf("it has no row %d to be the header: the file ends before", o.HeaderRow)
	case len(l.rows) == 0:
		return errors.New("it has no rows: there is nothing in it but blank lines")
	case l.header < 0:
		return noHeader(l.rows, o)
	}
	h := l.rows[l.header]
	if len(l.cells()) > o.MaxColumns {
		return fmt.Errorf("it has more than %d columns in line %d: delete those that are not needed", o.MaxColumns, h.line)
	}
	if slices.ContainsFunc(h.cells, func(c string) bool { return len(c) > o.MaxCell }) {
		return fmt.Errorf("it has a column name longer than %s in line %d: is that the header?", size(o.MaxCell), h.line)
	}
	if h.fault != "" {
		return fmt.Errorf("it cannot be read: line %d, the header: %s", h.line, h.fault)
	}
	if l.oddlyQuoted() {
		return fmt.Errorf("it has its cells in single or typographic quotes (line %d has %s): export it with double quotes (\")",
			h.line, clip(strings.Join(h.cells, string(rune(l.delim)))))
	}
	return nil
}

// oddlyQuoted reports whether every cell of the header, and cells below it,
// stand in single or typographic quotes. Read as they stand, the quotes would be
// part of people's names, and a comma between them would move cells.
func (l layout) oddlyQuoted() bool {
	h := l.rows[l.header]
	return len(h.cells) > 1 && inOddQuotes(h) == h.filled() &&
		slices.ContainsFunc(l.rows[l.header+1:], func(r sampled) bool { return inOddQuotes(r) > 0 })
}

// inOddQuotes counts the cells of a row in such quotes.
func inOddQuotes(r sampled) int {
	n := 0
	for _, c := range r.cells {
		c = strings.TrimSpace(c)
		for _, q := range []struct{ open, end string }{{"'", "'"}, {"‘", "’"}, {"“", "”"}, {"„", "“"}, {"«", "»"}} {
			if len(c) > len(q.open)+len(q.end) && strings.HasPrefix(c, q.open) && strings.HasSuffix(c, q.end) {
				n++
				break
			}
		}
	}
	return n
}

func noHeader(rows []sampled, o Options) error {
	first := rows[0]
	if inner := strings.Trim(first.cells[0], "\""); len(first.cells) == 1 && o.Known != nil {
		for _, d := range delimiters {
			cells := strings.Split(inner, string(d))
			if len(cells) > 1 && knownFields(sampled{cells: cells}, o.Known) > 0 {
				return fmt.Errorf("it has every line in one pair of quotes (line %d is %q): split the column at %s in a spreadsheet program and save it again",
					first.line, clip(inner), delimiterName(byte(d)))
			}
		}
	}
	if i := slices.IndexFunc(first.cells, func(c string) bool { return strings.Contains(c, "@") }); i >= 0 {
		return fmt.Errorf("it has no header: line %d is a person already (%q). Put a line with column names such as email,first_name above it",
			first.line, clip(first.cells[i]))
	}
	var shown []string
	for _, c := range first.cells[:min(len(first.cells), 6)] {
		shown = append(shown, fmt.Sprintf("%q", clip(c)))
	}
	return fmt.Errorf("it has no header that is known here: none of its first %d rows names a known column (line %d has %s). "+
		"Name the columns as in the template, map them with --map, or say with --header-row which line the header is",
		min(len(rows), headerRows), first.line, list(shown, len(first.cells)))
}

// clip shortens what is shown of a cell.
func clip(cell string) string { return string(cutCell([]byte(cell), 60)) }
