package sheet

import (
	"fmt"
	"unicode/utf8"
)

// rowsForHabit is how many rows without a gap show that a file has none, so
// that a last row without a line end and with cells missing was cut off.
const rowsForHabit = 3

// fault says why the parsed record cannot be used, "" when it can.
func (m *mender) fault(rec *record) string {
	if m.strict && !utf8.Valid(m.in.bytes()[:rec.size]) {
		return m.notUTF8(rec)
	}
	if m.cut && rec.unended {
		return "the file ends in the middle of a character: it was cut off"
	}
	if fault := m.tooLong(m.texts); fault != "" {
		return fault
	}
	if extra := m.extra(); extra > 0 {
		return fmt.Sprintf("%s than the header has columns: perhaps a cell with %s in it needs quotes around it",
			plural(extra, "more cell"), delimiterName(m.delim))
	}
	if rec.unended && len(m.cells) < m.width && m.row >= rowsForHabit && !m.short {
		return fmt.Sprintf("the file ends in the middle of this row: it has %d of %s and no line end",
			len(m.cells), plural(m.width, "cell"))
	}
	return ""
}

// extra counts the cells from the first beyond the header to the last that is
// filled.
func (m *mender) extra() int {
	for i := len(m.texts); i > m.width; i-- {
		if !blank(m.texts[i-1]) {
			return i - m.width
		}
	}
	return 0
}

// beyond gives those cells.
func (m *mender) beyond() []string {
	var cells []string
	for i := range m.extra() {
		cells = append(cells, string(m.texts[m.width+i]))
	}
	return cells
}

// notUTF8 names the cell that is not UTF-8.
func (m *mender) notUTF8(rec *record) string {
	raw := m.in.bytes()
	for i, c := range m.cells {
		if !utf8.Valid(raw[c.start:c.end]) {
			if rec.unended && i == len(m.cells)-1 {
				return fmt.Sprintf("the file ends in the middle of a character, in %s: it was cut off", m.column(i))
			}
			return fmt.Sprintf("%s is not UTF-8, which the file is otherwise: %q",
				m.column(i), cutCell(raw[c.start:c.end], 60))
		}
	}
	return "the row is not UTF-8, which the file is otherwise"
}
