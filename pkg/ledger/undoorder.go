package ledger

import (
	"cmp"
	"errors"
	"os"
	"slices"
)

// mostLines bounds how many lines of the undo file are in memory at once to be
// put in order, when the file is as runs have left it.
const mostLines = 512

// stretch is some lines of the undo file that follow each other, with numbers
// that are close and either grow or fall.
type stretch struct {
	offset    int64 // of the first line
	lines     int
	low, high int64 // the numbers lie between them
	latest    int64 // number
}

// takes reports whether a line with this number may follow.
func (s *stretch) takes(change int64) bool {
	switch step := change - s.latest; {
	case s.lines == mostLines, step == 0, step > mostLines, step < -mostLines:
		return false
	case step > 0:
		return s.latest == s.high
	default:
		return s.latest == s.low
	}
}

// stretches are all lines of an undo file: a few bytes for each stretch. A run
// adds lines with growing numbers behind those that fall.
type stretches []stretch

// add takes the next line.
func (s *stretches) add(at place) {
	if n := len(*s); n > 0 && (*s)[n-1].takes(at.change) {
		last := &(*s)[n-1]
		last.lines, last.latest = last.lines+1, at.change
		last.low, last.high = min(last.low, at.change), max(last.high, at.change)
		return
	}
	*s = append(*s, stretch{at.offset, 1, at.change, at.change, at.change})
}

// numbered is a line and the number of its change.
type numbered struct {
	undone
	change int
	cells  []string
}

// backwards yields the lines of the undo file at path, the latest change first,
// and those with the same number as they stand. Only stretches whose numbers
// overlap, as no run leaves them, are in memory together.
func (s stretches) backwards(path string, file *undoFile, yield func(numbered) error) error {
	open, err := os.Open(path)
	if err != nil {
		return err
	}
	defer open.Close()
	in := newRecords(open)
	slices.SortFunc(s, func(a, b stretch) int { return cmp.Compare(b.high, a.high) })
	for len(s) > 0 {
		together, low := 1, s[0].low
		for together < len(s) && s[together].high >= low {
			low = min(low, s[together].low)
			together++
		}
		lines, err := s[:together].read(in, file)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if err := yield(line); err != nil {
				return err
			}
		}
		s = s[together:]
	}
	return nil
}

// read gives the lines in order.
func (s stretches) read(in *records, file *undoFile) ([]numbered, error) {
	slices.SortFunc(s, func(a, b stretch) int { return cmp.Compare(a.offset, b.offset) })
	var lines []numbered
	for _, part := range s {
		offset := part.offset
		for range part.lines {
			record, err := in.at(offset)
			if err != nil {
				return nil, err
			}
			line, change, ok := file.line(record)
			if !ok {
				return nil, errors.New("another program has changed it in the meantime")
			}
			lines = append(lines, numbered{line, change, slices.Clone(record)})
			offset = in.next()
		}
	}
	slices.SortStableFunc(lines, func(a, b numbered) int { return cmp.Compare(b.change, a.change) })
	return lines, nil
}
