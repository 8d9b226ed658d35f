package sheet

import "bytes"

// A quoted cell may not run over more lines than this: a stray quote would
// otherwise swallow the rows after it.
const maxQuotedLines = 1000

// quoting says how the bytes of a cell stand for its text.
type quoting int

const (
	quoted quoting = iota // every quote doubled
	sloppy                // quotes doubled or not
	bare                  // as they are, quotes included
)

// cell is a stretch of a record, by offsets in the window.
type cell struct {
	start, end int
	quoting    quoting
}

// text returns what the cell says, given the record's bytes.
func (c cell) text(rec []byte) []byte {
	raw := rec[c.start:c.end]
	if c.quoting == bare || bytes.IndexByte(raw, '"') < 0 {
		return raw
	}
	return bytes.ReplaceAll(raw, []byte(`""`), []byte(`"`))
}

// closing is where a quoted cell ends.
type closing struct {
	end     int // of its text
	next    int // of what follows the closing quote and the spaces after it
	lines   int // line ends inside
	quoting quoting
}

// closeQuote looks for the end of the quoted cell whose text starts at offset
// i. As LibreOffice reads it, a cell ends at a quote before a delimiter or a
// line end, and any other quote is text. But a cell that crosses lines with
// such a quote in it, or has one right behind a delimiter, was most likely
// never meant to be quoted, and reading on would swallow cells or rows: then
// ok is false, and the opening quote is text too.
func (m *mender) closeQuote(i int) (c closing, ok bool) {
	limit, long := i+m.maxCell+1, false
	for seen := i; ; {
		q := m.in.index('"', seen, limit)
		held := m.in.bytes()
		to := q
		if q < 0 {
			to = max(seen, min(limit, len(held))) // a doubled quote may straddle limit
		}
		c.lines += countLines(held[seen:to])
		switch {
		case q < 0 && (long || len(held) < limit), c.lines > 0 && c.quoting == sloppy:
			return c, false
		case !long && (q < 0 || c.lines > maxQuotedLines):
			if m.looksLikeRows(held[i:to]) {
				return c, false
			}
			// Too long, but a cell: its end has to be found, so that the lines
			// in it are not taken for rows.
			c, limit, long, seen = closing{}, i+maxRecord, true, i
			continue
		}
		if b, _ := m.in.at(q + 1); b == '"' {
			seen = q + 2
			continue
		}
		if next, closes := m.afterQuote(q + 1); closes {
			c.end, c.next = q, next
			return c, true
		}
		if b, _ := m.in.at(q - 1); q > i && b == m.delim {
			return c, false
		}
		c.quoting, seen = sloppy, q+1
	}
}

// afterQuote reports whether the quote before offset i closes its cell, and
// the offset behind any spaces that follow it.
func (m *mender) afterQuote(i int) (next int, closes bool) {
	for ; ; i++ {
		switch b, ok := m.in.at(i); {
		case !ok || b == m.delim || b == '\n' || b == '\r':
			return i, true
		case b != ' ':
			return i, false
		}
	}
}

// looksLikeRows reports whether most lines of a cell have as many cells as the
// header: then it is no cell, but rows behind a stray quote.
func (m *mender) looksLikeRows(text []byte) bool {
	if m.width == 0 {
		return true
	}
	var lines, rows int
	for line := range bytes.Lines(text) {
		lines++
		if bytes.Count(line, []byte{m.delim}) == m.width-1 {
			rows++
		}
	}
	return lines > 2 && rows*2 >= lines
}

// countLines counts line ends as lineEnd does.
func countLines(text []byte) int {
	if bytes.IndexByte(text, '\r') < 0 {
		return bytes.Count(text, []byte{'\n'})
	}
	n, crs := 0, 0
	for _, c := range text {
		switch c {
		case '\r':
			crs++
		case '\n':
			n, crs = n+1, 0
		default:
			n, crs = n+crs, 0
		}
	}
	return n + crs
}
