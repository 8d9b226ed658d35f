package sheet

import (
	"bytes"
	"fmt"
	"io"
)

// mender turns text in UTF-8 as programs write it into clean records, one at
// a time. It is the stage before encoding/csv: it decides where records and
// cells end, which rows are no data, and which cannot be used.
type mender struct {
	sifter
	in     window
	width  int    // cells of the header; 0 while there is none
	plain  []byte // the header as a line without quotes
	sep    []byte // the delimiter
	strict bool   // the input has bytes that are not UTF-8
	cut    bool   // the input ends inside a character
	line   int    // lines consumed
	row    int    // data rows passed
	short  bool   // some row had fewer cells than the header
	resync bool   // the rest of the present line is to be dropped
	cells  []cell // of the record parsed last
	texts  [][]byte
	closer io.Closer
}

// record is what parse found at the head of the input.
type record struct {
	size    int    // bytes, line end included
	lines   int    // lines
	fault   string // why it cannot be used
	unended bool   // the input ends before the line does
}

func newMender(s shape, src io.ReadCloser) *mender {
	m := &mender{sifter: sifter{shape: s, left: leftOut{unit: "line"}}, in: newWindow(src), width: len(s.header), closer: src, sep: []byte{s.delim}}
	for i, h := range s.header {
		if i > 0 {
			m.plain = append(m.plain, s.delim)
		}
		m.plain = append(m.plain, h...)
	}
	return m
}

func (m *mender) Close() error    { return m.closer.Close() }
func (m *mender) notes() []string { return m.left.notes() }

// skipLines consumes n lines and reports whether there were that many.
func (m *mender) skipLines(n int) bool {
	for range n {
		if !m.in.skipLine() {
			return false
		}
		m.line++
	}
	return true
}

// next implements records.
func (m *mender) next(out []byte) ([]byte, Position, error) {
	for {
		if line, size, cells := m.simple(); size > 0 {
			m.in.consume(size)
			m.line++
			m.row++
			m.below = false
			out = m.endRecord(append(out, line...), cells)
			return out, Position{Row: m.row, Line: m.line}, nil
		}
		rec, err := m.parse()
		if err != nil {
			return out, Position{}, err
		}
		line := m.line + 1
		var beyond []string
		keep := rec.fault != "" || m.isData(m.texts, line)
		if keep {
			out = m.appendRecord(out)
			if rec.fault == "" {
				rec.fault = m.fault(&rec)
			}
			if rec.fault != "" {
				beyond = m.beyond()
			}
			m.row++
			m.short = m.short || len(m.cells) < m.width
		}
		m.in.consume(rec.size)
		m.line += rec.lines
		if keep {
			return out, Position{Row: m.row, Line: line, Fault: rec.fault, Beyond: beyond}, nil
		}
	}
}

// parse splits the record at the head of the input into m.cells.
func (m *mender) parse() (record, error) {
	if m.resync {
		m.in.skipLine()
		m.resync = false
	}
	m.skipBOM()
	rec := record{lines: 1}
	end, next, ended := m.in.lineEnd(0)
	if next == 0 {
		return rec, m.in.err
	}
	m.cells = m.cells[:0]
	for p := 0; ; p++ {
		c, after, lines, stray := m.cell(p, end)
		if stray && rec.fault == "" {
			rec.fault = fmt.Sprintf("a quote opened in %s never closes", m.column(len(m.cells)))
		}
		if lines > 0 {
			rec.lines += lines
			end, next, ended = m.in.lineEnd(after)
		}
		m.cells = append(m.cells, c)
		if p = after; p >= end {
			break
		}
		if len(m.cells) > m.maxColumns {
			if !m.emptyTail(m.in.bytes()[p:end]) {
				rec.fault = fmt.Sprintf("the row has more than %d cells", m.maxColumns)
			}
			break
		}
	}
	if m.in.err != nil && m.in.err != io.EOF {
		return rec, m.in.err
	}
	rec.size, rec.unended = next, !ended
	if !ended && m.in.err == nil {
		rec.fault = fmt.Sprintf("the line is longer than %d MiB", maxRecord>>20)
		rec.unended, m.resync = false, true
	}
	m.setTexts()
	return rec, nil
}

// emptyTail reports whether nothing but delimiters is left of a line, as
// spreadsheets write them that were once formatted to the last column.
func (m *mender) emptyTail(rest []byte) bool {
	return len(bytes.Trim(rest, string(m.sep)+" ")) == 0
}

// cell finds the cell that starts at offset p of a line that ends at end. It
// returns the offset of the delimiter or line end behind it, the line ends
// inside it, and whether a quote opened it that never closes.
func (m *mender) cell(p, end int) (c cell, after, lines int, stray bool) {
	open := p
	for open < end && m.in.bytes()[open] == ' ' && m.delim != ' ' {
		open++
	}
	opened := open < end && m.in.bytes()[open] == '"'
	if opened {
		if c, ok := m.closeQuote(open + 1); ok {
			return cell{start: open + 1, end: c.end, quoting: c.quoting}, c.next, c.lines, false
		}
	}
	text := m.in.bytes()[p:end]
	if i := bytes.IndexByte(text, m.delim); i >= 0 {
		text = text[:i]
	}
	stray = opened && bytes.Count(text, []byte{'"'})%2 == 1
	after = p + len(text)
	return cell{start: p, end: after, quoting: bare}, after, 0, stray
}

// skipBOM drops byte order marks; joined files have them inside.
func (m *mender) skipBOM() {
	for {
		if b, _ := m.in.at(0); b != bom[0] {
			return
		}
		if _, ok := m.in.at(len(bom) - 1); !ok || !bytes.HasPrefix(m.in.bytes(), bom) {
			return
		}
		m.in.consume(len(bom))
	}
}

// setTexts sets m.texts to what the cells of the record say. They are valid
// until the window moves.
func (m *mender) setTexts() {
	m.texts = m.texts[:0]
	for _, c := range m.cells {
		text := c.text(m.in.bytes())
		if m.strict {
			text = bytes.ToValidUTF8(text, []byte("\ufffd"))
		}
		m.texts = append(m.texts, text)
	}
}

// appendRecord appends the parsed record, cut and padded to the header.
func (m *mender) appendRecord(out []byte) []byte {
	n := min(len(m.cells), m.width)
	for i, text := range m.texts[:n] {
		out = m.appendCell(out, i, text)
	}
	return m.endRecord(out, n)
}
