package sheet

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// footer matches what reports write below their rows.
var footer = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\W*(` +
		`(grand )?totals?\b|copyright\b|©|\(c\)|confidential\b|` +
		`(generated|exported|printed|created|downloaded) (by|on|at|from)\b|` +
		`end of (report|file|list|export)\b|` +
		`(\d+ (rows|records|contacts|entries)|(rows|records|contacts|entries):? \d+)( total| exported| found)?\W*$)`)
})

// sifter tells data rows from the others.
type sifter struct {
	shape
	left  leftOut
	below bool // the row before was a footer
}

// isData reports whether the row on the given line is a data row, and takes
// note when it is left out without being blank.
func (s *sifter) isData(cells [][]byte, line int) bool {
	filled, lone := 0, []byte(nil)
	for _, text := range cells {
		if !blank(text) {
			filled++
			lone = text
		}
	}
	switch {
	case filled == 0:
		return false
	case filled == 1 && len(s.header) > 1 && s.isFooter(lone):
		s.left.footer(line, lone)
		s.below = true
		return false
	case s.isHeader(cells):
		s.left.repeat(line)
		return false
	}
	s.below = false
	return true
}

// isFooter reports whether the only filled cell of a row is a report's footer.
// Behind one, any text of several words is: the report's title, say.
func (s *sifter) isFooter(cell []byte) bool {
	if bytes.IndexByte(cell, '@') >= 0 {
		return false
	}
	cell = bytes.TrimSpace(cell)
	return footer().Match(cell) || s.below && bytes.IndexByte(cell, ' ') > 0
}

// tooLong says that a cell is, "" when none is.
func (s *sifter) tooLong(cells [][]byte) string {
	for i, text := range cells {
		if len(text) > s.maxCell {
			return fmt.Sprintf("the cell in %s is longer than %s", s.column(i), size(s.maxCell))
		}
	}
	return ""
}

// leftOut remembers the rows that are no data.
type leftOut struct {
	unit             string // what positions count: line or row
	footers, repeats int
	shown            []string // the first footers
	lines            []string // of the first repeated headers
}

// mostListed is how many rows a note lists one by one.
const mostListed = 20

func (l *leftOut) footer(line int, text []byte) {
	if l.footers++; l.footers <= mostListed {
		l.shown = append(l.shown, fmt.Sprintf("%s %d %q", l.unit, line, cutCell(bytes.TrimSpace(text), 60)))
	}
}

func (l *leftOut) repeat(line int) {
	if l.repeats++; l.repeats <= mostListed {
		l.lines = append(l.lines, fmt.Sprintf("%s %d", l.unit, line))
	}
}

func (l *leftOut) notes() []string {
	var notes []string
	if l.footers > 0 {
		notes = append(notes, fmt.Sprintf("%s left out, below the data: %s", plural(l.footers, "footer row"), list(l.shown, l.footers)))
	}
	if l.repeats > 0 {
		notes = append(notes, fmt.Sprintf("%s left out: %s", plural(l.repeats, "repeated header row"), list(l.lines, l.repeats)))
	}
	return notes
}

// list joins what is shown of n things.
func list(shown []string, n int) string {
	s := strings.Join(shown, ", ")
	if more := n - len(shown); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// plural writes a number and a noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// size writes a number of bytes.
func size(n int) string {
	if n%1024 != 0 {
		return plural(n, "byte")
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
