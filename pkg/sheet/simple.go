package sheet

import (
	"bytes"
	"unicode/utf8"
)

var cr = []byte{'\r'}

// simple returns the next line, its size and how many cells it has, when it is
// a clean record already; else size is 0 and parse has to look at it. Nearly
// all lines of nearly all files are simple, so this decides the speed.
func (m *mender) simple() (line []byte, size, cells int) {
	held := m.in.bytes()
	lf := bytes.IndexByte(held, '\n')
	for lf < 0 && len(held) <= m.maxCell && bytes.IndexByte(held, '\r') < 0 && m.in.more() {
		held = m.in.bytes()
		lf = bytes.IndexByte(held, '\n')
	}
	if lf < 0 || lf > m.maxCell || m.resync {
		return nil, 0, 0
	}
	line = bytes.TrimSuffix(held[:lf], cr)
	if len(line) == 0 || bytes.IndexByte(line, '\r') >= 0 {
		return nil, 0, 0
	}
	q := bytes.IndexByte(line, '"')
	if q >= 0 {
		cells = m.quotedCells(line, q)
	} else {
		cells = 1 + bytes.Count(line, m.sep)
	}
	if cells == 0 || cells > m.width || m.special(line, cells, q >= 0) {
		return nil, 0, 0
	}
	m.short = m.short || cells < m.width
	return line, lf + 1, cells
}

// quotedCells counts the cells of a line, the first quote in which is at q. It
// returns 0 unless every quote in it is where RFC 4180 has quotes.
func (m *mender) quotedCells(line []byte, q int) int {
	for p, n := 0, 1; ; n++ {
		if q != p {
			d := bytes.IndexByte(line[p:], m.delim)
			if d < 0 {
				d = len(line) - p
			}
			if q >= 0 && q < p+d {
				return 0
			}
			p += d
		} else {
			end := closedAt(line, p+1)
			if end < 0 || end < len(line) && line[end] != m.delim {
				return 0
			}
			p = end
			if q = bytes.IndexByte(line[p:], '"'); q >= 0 {
				q += p
			}
		}
		if p == len(line) {
			return n
		}
		p++
	}
}

// closedAt returns where the quoted cell whose text starts at offset i of a
// line ends, behind its closing quote; -1 when it does not.
func closedAt(line []byte, i int) int {
	for {
		q := bytes.IndexByte(line[i:], '"')
		if q < 0 {
			return -1
		}
		i += q + 1
		if i == len(line) || line[i] != '"' {
			return i
		}
		i++
	}
}

// special reports whether a line may be blank, a footer or a repeated header,
// or is not UTF-8.
func (m *mender) special(line []byte, cells int, quotes bool) bool {
	if m.strict && !utf8.Valid(line) || m.likeHeader(line, quotes) {
		return true
	}
	if m.solidEnds(line) && (m.width == 1 || cells > 1) {
		return false
	}
	if quotes || bytes.HasPrefix(line, bom) {
		return true
	}
	filled := bytes.TrimFunc(line, func(r rune) bool { return r == rune(m.delim) || blankRune(r) })
	return len(filled) == 0 || m.width > 1 && bytes.IndexByte(filled, m.delim) < 0
}

// likeHeader reports whether a line may be the header once more.
func (m *mender) likeHeader(line []byte, quotes bool) bool {
	if quotes {
		return bytes.HasPrefix(bytes.TrimLeft(line, `"`), m.plain[:len(m.header[0])])
	}
	return bytes.Equal(line, m.plain)
}

// solidEnds reports whether the first and the last cell of a line show
// something, as far as a look at two bytes can tell.
func (m *mender) solidEnds(line []byte) bool {
	first, last := line[0], line[len(line)-1]
	if first == '"' {
		first = line[1]
	}
	if last == '"' {
		last = line[len(line)-2]
	}
	return m.solid(first) && m.solid(last)
}

func (m *mender) solid(b byte) bool {
	return b > ' ' && b != m.delim && b != '"' && b < utf8.RuneSelf
}
