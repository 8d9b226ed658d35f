package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
)

// Problem is one cause for which rows have to be mended, or looked at.
type Problem struct {
	Column   string    `json:"column,omitempty"`
	Reason   string    `json:"reason"`
	Advice   string    `json:"advice,omitempty"`
	Rows     int       `json:"rows"`
	Examples []Example `json:"examples"` // the first rows it concerns
}

// Example is a row that is concerned, and what stood in the cell.
type Example struct {
	Row   int    `json:"row"`
	Line  int    `json:"line,omitempty"`
	Value string `json:"value,omitempty"`
}

// Column is a heading and the field it fills, "" for none.
type Column struct {
	Header string `json:"header"`
	Field  string `json:"field,omitempty"`
}

// Plan is what an import would do, in the shape of --json: a Summary and more.
type Plan struct {
	Summary
	Operations        map[string]int `json:"operations"` // due rows by operation
	Problems          []Problem      `json:"problems"`
	Doubts            []Problem      `json:"doubts,omitempty"` // what rows would do that may be meant otherwise
	WouldNotify       int            `json:"would_notify"`
	EstimatedRequests int            `json:"estimated_requests"`
	EstimatedSeconds  float64        `json:"estimated_seconds"`
	Detected          string         `json:"detected"`
	Columns           []Column       `json:"columns"`
	Notes             []string       `json:"notes"`

	Asks []string `json:"-"` // what a person would have to agree to
}

// Estimate is how long that many requests take when a window lets limit of
// them through and the API answers perSecond of them: all windows but the last
// in full, and the last as fast as the API answers.
func Estimate(requests, limit int, window time.Duration, perSecond float64) time.Duration {
	if requests <= 0 {
		return 0
	}
	full := 0
	if limit > 0 {
		full = (requests - 1) / limit
		requests -= full * limit
	}
	return time.Duration(full)*window + time.Duration(float64(requests)/perSecond*float64(time.Second))
}

// JSON writes the plan as one object.
func (p *Plan) JSON(w io.Writer) error { return json.NewEncoder(w).Encode(p) }

// Text writes the plan for a person.
func (p *Plan) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s %s: %s\n", p.Input, number(p.Rows), plural(p.Rows, "row"), p.Detected)
	p.columns(&b)
	for _, note := range p.Notes {
		fmt.Fprintf(&b, "  note: %s\n", note)
	}
	p.outcomes(&b)
	p.effects(&b)
	tellProblems(&b, "Is this meant?", p.Doubts)
	tellProblems(&b, "To mend:", p.Problems)
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *Plan) columns(b *strings.Builder) {
	var ignored []string
	for _, c := range p.Columns {
		if c.Field == "" {
			ignored = append(ignored, c.Header)
			continue
		}
		fmt.Fprintf(b, "  %-24s → %s\n", c.Header, c.Field)
	}
	if len(ignored) > 0 {
		fmt.Fprintf(b, "  ignored: %s\n", strings.Join(ignored, ", "))
	}
}

func (p *Plan) outcomes(b *strings.Builder) {
	b.WriteString("An import would end with\n")
	for _, status := range row.Statuses() {
		if n := p.Statuses[status.String()]; n > 0 {
			fmt.Fprintf(b, "%s\n", strings.TrimRight(fmt.Sprintf("  %8s %-12s %s", number(n), status, Meaning(status)), " "))
		}
	}
	if p.NotReached > 0 {
		fmt.Fprintf(b, "  %8s %-12s %s\n", number(p.NotReached), "not reached", p.whyNotReached("left for another run"))
	}
	if p.Settled > 0 {
		fmt.Fprintf(b, "%s of them %s done by earlier runs and would send nothing.\n", number(p.Settled), wasWere(p.Settled))
	}
}

func (p *Plan) effects(b *strings.Builder) {
	switch p.WouldNotify {
	case 0:
		b.WriteString("The vendor would write to nobody.\n")
	default:
		fmt.Fprintf(b, "The vendor would write to %s %s.\n", number(p.WouldNotify), people(p.WouldNotify))
	}
	fmt.Fprintf(b, "It would send %s %s and take about %v", number(p.EstimatedRequests), plural(p.EstimatedRequests, "request"), roughly(p.EstimatedSeconds))
	if p.Limit > 0 {
		fmt.Fprintf(b, " at %s a %s", number(p.Limit), period(p.Window))
	}
	fmt.Fprintf(b, ". This plan took %s.\n", number(int(p.Requests.Total)))
	if len(p.Asks) > 0 {
		fmt.Fprintf(b, "It would ask before it does this, or need --yes: %s.\n", strings.Join(p.Asks, ", "))
	}
}

func tellProblems(b *strings.Builder, heading string, problems []Problem) {
	if len(problems) == 0 {
		return
	}
	b.WriteString(heading + "\n")
	for _, c := range problems {
		if c.Column != "" {
			fmt.Fprintf(b, "  column %q ", c.Column)
		} else {
			b.WriteString("  ")
		}
		fmt.Fprintf(b, "%s, in %s %s", c.Reason, number(c.Rows), plural(c.Rows, "row"))
		if c.Advice != "" {
			fmt.Fprintf(b, ": %s", c.Advice)
		}
		b.WriteByte('\n')
		for _, e := range c.Examples {
			fmt.Fprintf(b, "    row %d", e.Row)
			if e.Line > 0 {
				fmt.Fprintf(b, ", line %d", e.Line)
			}
			if e.Value != "" {
				fmt.Fprintf(b, ": %q", e.Value)
			}
			b.WriteByte('\n')
		}
		if more := c.Rows - len(c.Examples); more > 0 {
			fmt.Fprintf(b, "    and %s more\n", number(more))
		}
	}
}

// roughly is a time a person can plan with.
func roughly(seconds float64) time.Duration {
	d := time.Duration(math.Ceil(seconds)) * time.Second
	if d > 10*time.Minute {
		return d.Round(time.Minute)
	}
	return d
}

func people(n int) string {
	if n == 1 {
		return "person"
	}
	return "people"
}
