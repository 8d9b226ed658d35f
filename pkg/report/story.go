package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/refbulk/refbulk/pkg/row"
)

// story says in one sentence what happened, to somebody who knows nothing of
// the run.
func (s *Summary) story() string {
	done := s.Rows - s.Mend - s.NotReached
	var b strings.Builder
	switch {
	case s.Unended:
		fmt.Fprintf(&b, "%s: %s %s so far; the run has not ended", s.Input, number(s.Rows), plural(s.Rows, "row"))
	case s.Rows == 0:
		fmt.Fprintf(&b, "%s has no rows", s.Input)
	case done == s.Rows && s.Rows == 1:
		fmt.Fprintf(&b, "The one row of %s is done", s.Input)
	case done == s.Rows:
		fmt.Fprintf(&b, "All %s rows of %s are done", number(s.Rows), s.Input)
	default:
		fmt.Fprintf(&b, "%s of the %s %s of %s %s done", number(done), number(s.Rows), plural(s.Rows, "row"), s.Input, isAre(done))
		if s.Mend > 0 {
			fmt.Fprintf(&b, ", %s %s mending", number(s.Mend), needs(s.Mend))
		}
		if s.NotReached > 0 {
			fmt.Fprintf(&b, ", %s %s not reached", number(s.NotReached), wasWere(s.NotReached))
		}
	}
	switch {
	case s.Stopped != nil:
		fmt.Fprintf(&b, "; the run was stopped early, %s", strings.TrimSuffix(*s.Stopped, "."))
	case s.HeldBack:
		fmt.Fprintf(&b, "; %s", s.heldBack())
	}
	if s.Sandbox {
		b.WriteString(" (only rehearsed, in the sandbox)")
	}
	return b.String() + "."
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// mostTold causes stand in a text; a page has more.
const mostTold = 3

// tellCauses writes the most frequent causes, a line each.
func tellCauses(b *strings.Builder, all []Cause) {
	for i := range all {
		if i == mostTold {
			fmt.Fprintf(b, "  %8s further %s\n", number(len(all)-mostTold), plural(len(all)-mostTold, "cause"))
			break
		}
		c := &all[i]
		what := c.What
		switch {
		case c.Rows == 1:
			what = cmp.Or(c.Example.Error, what) // then nothing has to be left out
		case strings.Contains(what, "row …"):
			what = c.Example.Error + ", for example" // which row is what there is to know
		}
		fmt.Fprintf(b, "  %8s %-12s %s (%s %s): %s\n", number(c.Rows), c.Status, what, plural(c.Rows, "row"), c.Numbers.Text(4), c.Advice)
	}
}

// Text writes what the results file says for a person.
func (o *Outcomes) Text(w io.Writer) error {
	s := o.Summary()
	var b strings.Builder
	b.WriteString(s.story() + "\n")
	for _, status := range row.Statuses() {
		if n := s.Statuses[status.String()]; n > 0 {
			fmt.Fprintf(&b, "%s\n", strings.TrimRight(fmt.Sprintf("  %8s %-12s %s", number(n), status, Meaning(status)), " "))
		}
	}
	if len(o.Causes) > 0 {
		b.WriteString("To mend:\n")
		tellCauses(&b, o.Causes)
	}
	if !o.First.IsZero() {
		fmt.Fprintf(&b, "Rows finished between %s and %s, with %s %s.\n", stamp(o.First.Local()), stamp(o.Last.Local()), number(o.Writes), plural(o.Writes, "write"))
	}
	for _, line := range append(o.remarks(), "Next run: "+strings.Join(s.Next(), " ")) {
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
