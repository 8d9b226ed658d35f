package sheet

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// excelize does not read workbooks here: its streaming Rows gives a cell either
// as displayed or as stored, without its type and format, so that a date cannot
// be told from a number; it takes a sheet that breaks off for one that ends; and
// it unpacks the rest of the workbook into memory.

// openWorkbook unpacks the chosen sheet into a temporary file of clean records,
// so that a damaged sheet is refused before anything is done with its rows, and
// later passes cost no more than reading text.
func openWorkbook(path string, o Options) (f *File, err error) {
	wb, err := openArchive(path, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, wb.Close()) }()
	page, l, err := wb.choose(o)
	if err != nil {
		return nil, err
	}
	s := shape{header: l.cells(), delim: ',', maxCell: o.MaxCell, maxColumns: o.MaxColumns}
	line := l.rows[l.header].line
	u := &unpacker{sifter: sifter{shape: s, left: leftOut{unit: "row"}}, headerRow: line}
	spool, err := u.unpack(wb, page, o.TempDir)
	if err != nil {
		return nil, err
	}
	d := Detected{Format: "XLSX", Sheet: page.name, HeaderLine: line, Others: wb.others(page)}
	if titles := l.rows[:l.header]; len(titles) > 0 {
		d.Notes = append(d.Notes, titlesNote("row", titles))
	}
	if o.Sheet == "" {
		d.Notes = append(d.Notes, wb.alsoLists(page, o)...)
	}
	d.Notes = append(d.Notes, u.notes()...)
	return &File{shape: s, detected: d, records: spool.records, close: spool.Close}, nil
}

// choose finds the sheet to read and its header: the one asked for, or the
// first visible one that has a header.
func (wb *workbook) choose(o Options) (page, layout, error) {
	if o.Sheet != "" {
		i := slices.IndexFunc(wb.pages, func(p page) bool { return strings.EqualFold(p.name, strings.TrimSpace(o.Sheet)) })
		if i < 0 {
			return page{}, layout{}, fmt.Errorf("it has no sheet %q: its sheets are %s", o.Sheet, wb.names())
		}
		l, err := wb.sample(wb.pages[i], o)
		if err == nil {
			err = l.refusal(o)
		}
		return wb.pages[i], l, err
	}
	var first error
	for _, p := range wb.pages {
		if p.hidden {
			continue
		}
		l, err := wb.sample(p, o)
		if err != nil {
			return p, l, err
		}
		if err = l.refusal(o); err == nil {
			return p, l, nil
		}
		if first == nil || len(l.rows) > 0 {
			first = fmt.Errorf("sheet %q: %w", p.name, err)
		}
	}
	if first == nil {
		return page{}, layout{}, fmt.Errorf("it has no visible sheet: name one of %s", wb.names())
	}
	return page{}, layout{}, first
}

// alsoLists says which sheets behind the one that is read look like lists as
// well, a month to a sheet perhaps: their rows would be missed.
func (wb *workbook) alsoLists(read page, o Options) []string {
	var names []string
	n := 0
	for _, p := range wb.pages[slices.Index(wb.pages, read)+1:] {
		if p.hidden {
			continue
		}
		// What is wrong with a sheet that is not read matters to nobody.
		if l, err := wb.sample(p, o); err != nil || l.refusal(o) != nil || len(l.rows) == l.header+1 {
			continue
		}
		if n++; n <= mostListed {
			names = append(names, fmt.Sprintf("%q", p.name))
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("not read, although rows are there below a header: %s %s; name one with --sheet to read that",
		strings.TrimPrefix(plural(n, "sheet"), "1 "), list(names, n))}
}

// sample reads the first rows of a sheet and looks for the header in them.
func (wb *workbook) sample(p page, o Options) (layout, error) {
	l := layout{delim: ','}
	r, err := wb.rows(p)
	if err != nil {
		return l, err
	}
	defer r.Close()
	for len(l.rows) < sampleRows {
		row, err := r.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return l, err
		}
		s := sampled{line: row.number}
		for _, c := range row.cells {
			s.cells = append(s.cells, string(c))
		}
		if s.line >= o.HeaderRow && s.filled() > 0 {
			l.rows = append(l.rows, s)
		}
	}
	l.header, l.known = findHeader(l.rows, o)
	return l, nil
}

// names lists the sheets.
func (wb *workbook) names() string {
	var names []string
	for _, p := range wb.pages {
		name := fmt.Sprintf("%q", p.name)
		if p.hidden {
			name += " (hidden)"
		}
		names = append(names, name)
	}
	return list(names, len(names))
}

// others names the sheets that are not read.
func (wb *workbook) others(read page) []string {
	var names []string
	for _, p := range wb.pages {
		if p != read {
			names = append(names, p.name)
		}
	}
	return names
}
