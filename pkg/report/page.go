package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
)

// Run is what a page tells of.
type Run struct {
	Summary  *Summary
	Outcomes *Outcomes // of the results file
	Calls    *Calls    // nil when they are not known
	Began    time.Time // zero when not known
	Made     time.Time // when the page is made
	Version  string    // of what makes it
	Undo     string    // the file that takes the changes back; "" when there is none
}

//go:embed page.html
var pageText string

var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageText)) })

// HTML writes the run as one page that needs nothing else: no other file, no
// network, no script.
func (r *Run) HTML(w io.Writer) error { return pageTemplate().Execute(w, r.page()) }

// page is what the template shows.
type page struct {
	Title, Kind, Sentence      string
	State, StateClass, When    string
	Parts                      []part
	PartsText, Rows, RowsLabel string
	Statuses                   []status
	Remarks                    []string
	Causes                     []cause
	MoreCauses                 string
	Figures                    []pair
	Chart                      *chart
	Latency                    *latency
	Slowest                    []slow
	Next                       []string
	Files                      []pair
	Version, Made              string
}

type part struct {
	Label, Pattern, Count, Percent string
	X, Width                       float64
}

type status struct {
	Name, Count, Percent, Pattern, Meaning string
	Width                                  float64
}

type cause struct{ Status, Rows, What, Advice, Where, Example, Numbers string }

type pair struct{ Name, Value string }

type slow struct{ Row, Call, Answer, Took string }

func (r *Run) page() *page {
	s := r.Summary
	p := &page{
		Title: "refbulk: " + s.Input, Kind: r.kind(), Sentence: s.story(), Rows: number(s.Rows), Next: s.Next(),
		Version: r.Version, Made: stamp(r.Made),
	}
	switch {
	case s.Stopped != nil:
		p.State, p.StateClass = "■ Stopped early", "mend"
	case s.Unended:
		p.State, p.StateClass = "■ Not ended", "mend"
	case s.Mend > 0:
		p.State, p.StateClass = "▲ Needs mending", "mend"
	default:
		p.State, p.StateClass = "✓ Done", "good"
	}
	if !r.Began.IsZero() {
		p.When = "began " + stamp(r.Began)
	} else if r.Outcomes != nil && !r.Outcomes.First.IsZero() {
		p.When = fmt.Sprintf("rows finished between %s and %s", stamp(r.Outcomes.First.Local()), stamp(r.Outcomes.Last.Local()))
	}
	p.rows(s)
	if r.Outcomes != nil {
		p.outcomes(r.Outcomes)
	}
	if s.Requests.Total > 0 {
		p.Figures = figures(s)
	}
	if r.Calls != nil && s.Requests.Total > 0 {
		p.Chart = newChart(r.Calls)
		p.Latency = newLatency(r.Calls.Latency())
		p.Slowest = slowest(r.Calls.Slowest())
	}
	for _, f := range []pair{{"Input", s.Input}, {"Results", s.Results}, {"To mend", s.Failed}, {"To take it back", r.Undo}, {"To continue", s.Continue}} {
		if f.Value != "" && (f.Name != "Input" || s.Command != "report") {
			p.Files = append(p.Files, f)
		}
	}
	return p
}

func (r *Run) kind() string {
	if r.Summary.Command == "report" {
		return "refbulk: a results file"
	}
	return strings.Join(strings.Fields("refbulk "+r.Summary.Command+" "+r.Summary.Resource+" at "+r.Summary.Provider), " ")
}

func stamp(t time.Time) string { return t.Format("2 January 2006 at 15:04:05 MST") }

// The kinds into which a page sorts statuses, told apart by pattern as well as
// by colour.
const (
	done = "done" // filled
	same = "same" // dotted
	mend = "mend" // hatched
	left = "left" // empty
)

var kindLabels = []struct{ kind, label string }{
	{done, "done"}, {same, "nothing to do"}, {mend, "to mend"}, {left, "not reached"},
}

func kindOf(s row.Status) string {
	switch {
	case s.Wrote():
		return done
	case s.NeedsMending():
		return mend
	}
	return same
}

// rows fills in the counts and their bars.
func (p *page) rows(s *Summary) {
	sums := map[string]int{left: s.NotReached}
	add := func(name, kind, meaning string, n int) {
		p.Statuses = append(p.Statuses, status{
			Name: name, Count: number(n), Percent: percent(n, s.Rows), Pattern: kind, Meaning: meaning, Width: share(n, s.Rows),
		})
	}
	for _, st := range row.Statuses() {
		if n := s.Statuses[st.String()]; n > 0 {
			sums[kindOf(st)] += n
			add(st.String(), kindOf(st), cmp.Or(Meaning(st), "done"), n)
		}
	}
	if s.NotReached > 0 {
		add("not reached", left, "left for the next run", s.NotReached)
	}
	// Of those who were not there, some are to be mended: only the summary
	// knows which.
	if beyond := s.Mend - sums[mend]; beyond > 0 && beyond <= sums[same] {
		sums[mend], sums[same] = s.Mend, sums[same]-beyond
	}
	if p.RowsLabel = "rows read"; s.Unended {
		p.RowsLabel = "rows so far"
		return // of how many, nobody knows
	}
	x, texts := 0.0, []string(nil)
	for _, k := range kindLabels {
		n := sums[k.kind]
		if n == 0 {
			continue
		}
		width := float64(n) / float64(s.Rows) * 100
		p.Parts = append(p.Parts, part{Label: k.label, Pattern: k.kind, Count: number(n), Percent: percent(n, s.Rows), X: x, Width: width})
		texts = append(texts, fmt.Sprintf("%s %s", percent(n, s.Rows), k.label))
		x += width
	}
	p.PartsText = strings.Join(texts, ", ")
	if s.Settled > 0 {
		p.Remarks = append(p.Remarks, fmt.Sprintf("%s of them %s done by earlier runs and sent nothing.", number(s.Settled), wasWere(s.Settled)))
	}
}

// share is the part that n of all take, in percent, and a sliver for few of
// many, which would not be seen otherwise.
func share(n, all int) float64 {
	if all == 0 || n == 0 {
		return 0
	}
	return max(float64(n)/float64(all)*100, 0.5)
}

func percent(n, all int) string {
	if all == 0 {
		return "0%"
	}
	switch v := float64(n) / float64(all) * 100; {
	case v > 0 && v < 0.1:
		return "less than 0.1%"
	case v < 10 || v > 99 && v < 100:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", min(v, 99.9)), ".0") + "%"
	default:
		return fmt.Sprintf("%.0f%%", v)
	}
}

// mostShown causes stand on a page; further ones are counted.
const mostShown = 50

// outcomes fills in what only the results file tells.
func (p *page) outcomes(o *Outcomes) {
	p.Remarks = append(p.Remarks, o.remarks()...)
	for i, c := range o.Causes {
		if i == mostShown {
			p.MoreCauses = fmt.Sprintf("%s further causes stand in the results file.", number(len(o.Causes)-mostShown))
			break
		}
		where := fmt.Sprintf("row %d", c.Example.Row)
		if c.Example.Line > 0 {
			where += fmt.Sprintf(", line %d", c.Example.Line)
		}
		if c.Example.Target != "" {
			where += ", " + c.Example.Target
		}
		p.Causes = append(p.Causes, cause{
			Status: c.Status.String(), Rows: fmt.Sprintf("%s %s", number(c.Rows), plural(c.Rows, "row")), What: c.What, Advice: c.Advice,
			Where: where, Example: cmp.Or(c.Example.Error, c.What), Numbers: c.Numbers.Text(30),
		})
	}
	if o.Further > 0 {
		p.MoreCauses += fmt.Sprintf(" %s rows failed of causes too many to tell apart.", number(o.Further))
	}
}

// remarks are what is to be known of a results file beside its counts.
func (o *Outcomes) remarks() []string {
	var all []string
	if o.Gone > 0 {
		all = append(all, fmt.Sprintf("The results file also keeps %s of rows that the input no longer has.", entries(o.Gone)))
	}
	if o.Rehearsed > 0 {
		all = append(all, fmt.Sprintf("%s of a rehearsal left out.", entries(o.Rehearsed)))
	}
	if o.Torn {
		all = append(all, "The last line is cut off: a run is under way, or was killed. The next one mends it.")
	}
	return all
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return number(n) + " entries"
}

// figures are the numbers of a run's requests.
func figures(s *Summary) []pair {
	all := []pair{
		{"Requests", number(int(s.Requests.Total))}, {"To read", number(int(s.Requests.Reads))}, {"To write", number(int(s.Requests.Writes))},
		{"Tried again", number(int(s.Requests.Retries))}, {"Over the limit (429)", number(int(s.Requests.Throttled))},
	}
	if s.Limit > 0 {
		all = append(all, pair{"Busiest " + period(s.Window), fmt.Sprintf("%s of %s", number(s.WorstWindow), number(s.Limit))})
	}
	return append(all, pair{"Waited for the limit", seconds(s.WaitedSeconds).String()}, pair{"Took", seconds(s.DurationSeconds).String()})
}

func slowest(calls []Call) []slow {
	var all []slow
	for _, c := range calls {
		at := slow{Row: "none", Call: c.Method, Answer: fmt.Sprintf("HTTP %d", c.Status), Took: round(c.Took)}
		if c.Row > 0 {
			at.Row = number(c.Row)
		}
		if c.Status == 0 {
			at.Answer = "none came"
		}
		all = append(all, at)
	}
	return all
}

// round writes a time with three digits at most.
func round(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1ms"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d < 100*time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
