package sheet

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shape is what every row of a file has in common.
type shape struct {
	header     []string
	delim      byte // of the clean records
	maxCell    int
	maxColumns int
}

// column names column i, counted from 0, for a person.
func (s *shape) column(i int) string {
	if i < len(s.header) && s.header[i] != "" {
		return fmt.Sprintf("column %q", s.header[i])
	}
	return fmt.Sprintf("column %d", i+1)
}

// isHeader reports whether a row repeats the header, as joined files do.
func (s *shape) isHeader(cells [][]byte) bool {
	for i := range max(len(cells), len(s.header)) {
		var got, want string
		if i < len(cells) {
			got = string(cells[i])
		}
		if i < len(s.header) {
			want = s.header[i]
		}
		if cleanHeader(got) != want {
			return false
		}
	}
	return true
}

// cleanHeader drops the byte order marks that joined files leave in headers,
// and makes line ends what encoding/csv will make of them.
func cleanHeader(cell string) string {
	cell = strings.ReplaceAll(strings.ToValidUTF8(cell, "\ufffd"), "\ufeff", "")
	for strings.Contains(cell, "\r\n") {
		cell = strings.ReplaceAll(cell, "\r\n", "\n")
	}
	return cell
}

// cleanHeaders cleans every cell and cuts the empty ones at the end.
func cleanHeaders(cells []string) []string {
	var header []string
	for _, c := range cells {
		header = append(header, cleanHeader(c))
	}
	for len(header) > 0 && blank([]byte(header[len(header)-1])) {
		header = header[:len(header)-1]
	}
	return header
}

// blankRune reports whether r leaves no mark in a cell.
func blankRune(r rune) bool {
	return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b'
}

// blank reports whether a cell shows nothing.
func blank(cell []byte) bool {
	return bytes.IndexFunc(cell, func(r rune) bool { return !blankRune(r) }) < 0
}

// appendHeader appends the header as a clean record.
func (s *shape) appendHeader(out []byte) []byte {
	for i, h := range s.header {
		out = s.appendCell(out, i, []byte(h))
	}
	return s.endRecord(out, len(s.header))
}

// appendCell appends cell i of a clean record, cut to maxCell.
func (s *shape) appendCell(out []byte, i int, text []byte) []byte {
	if i > 0 {
		out = append(out, s.delim)
	}
	text = cutCell(text, s.maxCell)
	if len(text) == 0 && len(s.header) == 1 {
		return append(out, `""`...) // encoding/csv takes an empty line for none
	}
	plain := bytes.IndexByte(text, '"') < 0 && bytes.IndexByte(text, s.delim) < 0 &&
		bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') < 0
	if plain {
		return append(out, text...)
	}
	out = append(out, '"')
	for i := bytes.IndexByte(text, '"'); i >= 0; i = bytes.IndexByte(text, '"') {
		out = append(append(out, text[:i+1]...), '"')
		text = text[i+1:]
	}
	return append(append(out, text...), '"')
}

// endRecord ends a record of which n cells have been appended.
func (s *shape) endRecord(out []byte, n int) []byte {
	for ; n < len(s.header); n++ {
		out = s.appendCell(out, n, nil)
	}
	return append(out, '\n')
}

// cutCell cuts text to at most n bytes, between characters.
func cutCell(text []byte, n int) []byte {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
