package engine

import (
	"cmp"
	"slices"

	"github.com/refbulk/refbulk/pkg/row"
)

// Cause is one thing that is wrong with some rows, or looks so, in the same
// column and for the same reason.
type Cause struct {
	Column   string
	Reason   string
	Advice   string
	Rows     int
	Examples []Example // the first of them
}

// Example is a row that shares a cause, and the value that stood there.
type Example struct {
	row.Position
	Value string
}

// problem is what is wrong with a row.
type problem struct {
	row.Position
	row.Problem
}

// Bounds of what is kept for a message: the results file has every row. A file
// whose rows fail in more ways than that is wrong in some other way.
const (
	maxCauses   = 100
	maxExamples = 5
)

// addProblem counts a problem under its cause.
func (s *Survey) addProblem(at row.Position, p row.Problem) {
	if !count(&s.Causes, at, p) {
		s.OtherCauses++
	}
}

// count adds a problem to its cause, unless there are too many.
func count(causes *[]Cause, at row.Position, p row.Problem) bool {
	i := slices.IndexFunc(*causes, func(c Cause) bool {
		return c.Column == p.Column && c.Reason == p.Reason && c.Advice == p.Advice
	})
	if i < 0 {
		if len(*causes) == maxCauses {
			return false
		}
		*causes = append(*causes, Cause{Column: p.Column, Reason: p.Reason, Advice: p.Advice})
		i = len(*causes) - 1
	}
	c := &(*causes)[i]
	c.Rows++
	if len(c.Examples) < maxExamples || at.Row < c.Examples[maxExamples-1].Row {
		// The rows of a plan come in the order in which they are looked up.
		c.Examples = append(c.Examples, Example{at, p.Value})
		slices.SortStableFunc(c.Examples, func(a, b Example) int { return cmp.Compare(a.Row, b.Row) })
		c.Examples = c.Examples[:min(len(c.Examples), maxExamples)]
	}
	return true
}
