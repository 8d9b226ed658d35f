package engine

import (
	"slices"

	"github.com/refbulk/refbulk/pkg/row"
)

// Cause is one thing that is wrong with some rows, in the same column and for
// the same reason.
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
	i := slices.IndexFunc(s.Causes, func(c Cause) bool {
		return c.Column == p.Column && c.Reason == p.Reason && c.Advice == p.Advice
	})
	if i < 0 {
		if len(s.Causes) == maxCauses {
			s.OtherCauses++
			return
		}
		s.Causes = append(s.Causes, Cause{Column: p.Column, Reason: p.Reason, Advice: p.Advice})
		i = len(s.Causes) - 1
	}
	c := &s.Causes[i]
	c.Rows++
	if len(c.Examples) < maxExamples {
		c.Examples = append(c.Examples, Example{at, p.Value})
	}
}
