package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/refbulk/refbulk/pkg/row"
)

// Cause is what several rows failed of.
type Cause struct {
	Status  row.Status
	What    string // with what differs from row to row left out
	Advice  string // what to do
	Rows    int
	Numbers Numbers // of the rows
	Example Failure // the first

	parts   []string // of the example that may differ from row to row
	differs []bool   // which of them do
}

// Failure is one row that failed.
type Failure struct {
	Row    int
	Line   int // 0 when not known
	Target string
	Error  string
}

// Bounds that keep a report readable, and its memory small, whatever stands
// in a results file.
const (
	mostCauses = 200
	mostRanges = 200
)

type causeKey struct {
	status row.Status
	what   string
}

// causes groups failed rows.
type causes struct {
	byKey   map[causeKey]*Cause
	further int
}

func newCauses() *causes { return &causes{byKey: map[causeKey]*Cause{}} }

// add counts a row under each of its problems.
func (c *causes) add(r result) {
	parts := []string{r.problem}
	if r.status == row.Invalid {
		parts = strings.Split(r.problem, " · ") // as row.Explain joins them
	}
	seen := map[causeKey]bool{}
	for _, part := range parts {
		what, advice := part, ""
		if reason, rest, ok := cutLast(part, "; "); ok && (r.status == row.Invalid || r.status == row.Blocked) {
			what, advice = reason, rest
		}
		masked, parts := common(what)
		key := causeKey{r.status, masked}
		if key.what == "" {
			key.what = r.operation + ": " + Meaning(r.status)
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		cause := c.byKey[key]
		if cause == nil {
			if len(c.byKey) == mostCauses {
				c.further++
				continue
			}
			key.what = strings.Clone(key.what)
			cause = &Cause{
				Status: r.status, What: key.what, Advice: cmp.Or(strings.Clone(advice), remedy(r.status)),
				Example: Failure{Row: r.position.Row, Line: r.position.Line, Target: strings.Clone(r.target), Error: strings.Clone(what)},
			}
			_, cause.parts = common(cause.Example.Error)
			cause.differs = make([]bool, len(cause.parts))
			c.byKey[key] = cause
		}
		cause.compare(parts)
		cause.Rows++
		cause.Numbers.add(r.position.Row)
	}
}

func (c *causes) list() ([]Cause, int) {
	list := make([]Cause, 0, len(c.byKey))
	for _, cause := range c.byKey {
		cause.Numbers.order()
		cause.What = cmp.Or(cause.shared(), cause.What)
		list = append(list, *cause)
	}
	slices.SortFunc(list, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Example.Row, b.Example.Row), cmp.Compare(a.What, b.What))
	})
	return list, c.further
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// varying finds what differs between rows that failed of the same: quoted
// values, addresses and numbers. The name of a column and an HTTP status are
// found too, so that they can be left as they are.
var varying = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\(HTTP \d+\)|column "(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*"|[^\s"(),:;]+@[^\s"(),:;]+|\b\d+(?:[.,]\d+)*\b`)
})

// common is an error without what may differ from row to row, and what that is.
func common(problem string) (what string, parts []string) {
	what = varying().ReplaceAllStringFunc(problem, func(found string) string {
		if strings.HasPrefix(found, "(HTTP") || strings.HasPrefix(found, "column ") {
			return found
		}
		parts = append(parts, found)
		return mask(found)
	})
	return what, parts
}

func mask(part string) string {
	if strings.HasPrefix(part, `"`) {
		return `"…"`
	}
	return "…"
}

// compare finds out what differs in a further row.
func (c *Cause) compare(parts []string) {
	for i := range c.parts {
		c.differs[i] = c.differs[i] || len(parts) != len(c.parts) || parts[i] != c.parts[i]
	}
}

// shared is the error without what does differ from row to row.
func (c *Cause) shared() string {
	n := 0
	return varying().ReplaceAllStringFunc(c.Example.Error, func(found string) string {
		if n == len(c.parts) || found != c.parts[n] {
			return found // which differs in no row
		}
		n++
		if c.differs[n-1] {
			return mask(found)
		}
		return found
	})
}

// remedy is what to do about rows with a status, where the row does not say.
func remedy(s row.Status) string {
	switch s {
	case row.Invalid:
		return "correct the cell, and import the file again"
	case row.Rejected:
		return "mend these rows as the message says; unchanged they are not sent again unless --retry-rejected asks for it"
	case row.Blocked:
		return "mend the row that each waits for; then they go in by themselves"
	case row.Failed:
		return "run the same command again: nothing of them was applied"
	case row.Unknown:
		return "run the same command again: each is looked up before anything is sent"
	case row.Absent:
		return "check the address, the code or the campaign"
	}
	return ""
}

// Numbers are the numbers of many rows, as a bounded list of ranges.
type Numbers struct {
	ranges [][2]int
	more   int // that did not fit
}

func (n *Numbers) add(r int) {
	if last := len(n.ranges) - 1; last >= 0 && n.ranges[last][1]+1 == r {
		n.ranges[last][1] = r
		return
	}
	if len(n.ranges) == mostRanges {
		n.more++
		return
	}
	n.ranges = append(n.ranges, [2]int{r, r})
}

// order sorts ranges that came in the order in which rows finished, and joins
// those that touch.
func (n *Numbers) order() {
	slices.SortFunc(n.ranges, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	joined := n.ranges[:0]
	for _, r := range n.ranges {
		if last := len(joined) - 1; last >= 0 && joined[last][1]+1 >= r[0] {
			joined[last][1] = max(joined[last][1], r[1])
			continue
		}
		joined = append(joined, r)
	}
	n.ranges = joined
}

// Text names the rows of the first most ranges, and how many more there are.
func (n *Numbers) Text(most int) string {
	more := n.more
	var parts []string
	for i, r := range n.ranges {
		switch {
		case i >= most:
			more += r[1] - r[0] + 1
		case r[0] == r[1]:
			parts = append(parts, fmt.Sprint(r[0]))
		default:
			parts = append(parts, fmt.Sprintf("%d–%d", r[0], r[1]))
		}
	}
	text := strings.Join(parts, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %s more", number(more))
	}
	return text
}
