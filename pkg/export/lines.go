package export

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// lines is JSON Lines: an object a row, with the columns as its keys in their
// order. Numbers and flags are such; an empty cell is left out.
type lines struct {
	out     *bufio.Writer
	columns []Column
	keys    [][]byte // each with its colon
	buf     bytes.Buffer
	text    *json.Encoder // into buf
}

func newLines(w io.Writer, columns []Column) *lines {
	l := &lines{out: bufio.NewWriter(w), columns: columns}
	l.text = json.NewEncoder(&l.buf)
	l.text.SetEscapeHTML(false)
	for _, c := range columns {
		l.buf.Reset()
		l.value(c.Name)
		l.keys = append(l.keys, append(bytes.Clone(l.buf.Bytes()), ':'))
	}
	return l
}

// value adds a string to buf. A string can always be encoded.
func (l *lines) value(s string) {
	_ = l.text.Encode(s)
	l.buf.Truncate(l.buf.Len() - 1) // the line feed
}

// Write implements Writer.
func (l *lines) Write(cells []string) error {
	l.buf.Reset()
	separator := byte('{')
	for i, cell := range cells {
		kind := l.columns[i].Kind
		if cell == "" && kind != Flag {
			continue
		}
		l.buf.WriteByte(separator)
		separator = ','
		l.buf.Write(l.keys[i])
		switch {
		case kind == Flag && cell == "":
			l.buf.WriteString("false")
		case kind == Flag:
			l.buf.WriteString("true")
		case kind == Number && isNumber(cell):
			l.buf.WriteString(cell)
		default:
			l.value(cell)
		}
	}
	if separator == '{' {
		l.buf.WriteByte('{')
	}
	l.buf.WriteString("}\n")
	_, err := l.out.Write(l.buf.Bytes())
	return err
}

// Close implements Writer.
func (l *lines) Close() error { return l.out.Flush() }

// isNumber reports whether a cell is a number as JSON writes one.
func isNumber(cell string) bool {
	return (cell[0] == '-' || cell[0] >= '0' && cell[0] <= '9') && json.Valid([]byte(cell))
}
