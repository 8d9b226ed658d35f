package report

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// chart is the course of a run, drawn: how many requests were made in the
// window before every instant, against the limit.
type chart struct {
	Caption, Text string
	Width, Height int
	Lines         []rule
	Limit         *rule
	Area          string
	Over          []string // marks where a request was over the limit
	Ticks         []tick
}

type rule struct {
	X1, X2, Y, LabelX, LabelY float64
	Label                     string
}

type tick struct {
	X, Y          float64
	Anchor, Label string
}

// The frame of a chart.
const (
	chartWidth, chartHeight              = 860, 260
	chartLeft, chartRight, chartTop, low = 52.0, 850.0, 16.0, 226.0
)

// newChart draws calls; nil when there is no course to draw.
func newChart(c *Calls) *chart {
	course := c.Course()
	if len(course) < 3 {
		return nil
	}
	most, over := 0, 0
	for _, i := range course {
		most = max(most, i.Calls)
		if i.Throttled {
			over++
		}
	}
	top := ceiling(max(most, c.limit))
	end := course[len(course)-1].After
	x := func(after time.Duration) float64 {
		return math.Round((chartLeft+(chartRight-chartLeft)*float64(after)/float64(end))*10) / 10
	}
	y := func(n int) float64 { return math.Round((low-(low-chartTop)*float64(n)/float64(top))*10) / 10 }
	ch := &chart{
		Caption: "Requests in the " + period(c.window) + " before each moment" + limitClause(c.limit),
		Text:    fmt.Sprintf("The busiest %s had %s requests%s.", period(c.window), number(most), limitClause(c.limit)),
		Width:   chartWidth, Height: chartHeight,
	}
	for _, n := range []int{0, top / 2, top} {
		ch.Lines = append(ch.Lines, rule{X1: chartLeft, X2: chartRight, Y: y(n), LabelX: chartLeft - 6, LabelY: y(n) + 4, Label: number(n)})
	}
	if c.limit > 0 {
		ch.Limit = &rule{X1: chartLeft, X2: chartRight, Y: y(c.limit), LabelX: chartRight - 4, LabelY: y(c.limit) + 15, Label: "limit " + number(c.limit)}
	}
	var path strings.Builder
	fmt.Fprintf(&path, "M%v %v", chartLeft, low)
	for _, i := range course {
		fmt.Fprintf(&path, " L%v %v", x(i.After), y(i.Calls))
		if i.Throttled {
			ch.Over = append(ch.Over, fmt.Sprintf("M%v %v l-5 9 l10 0 z", x(i.After), y(i.Calls)+2))
		}
	}
	fmt.Fprintf(&path, " L%v %v Z", x(end), low)
	ch.Area = path.String()
	if over > 0 {
		ch.Caption += "; ▲ marks requests that the API refused as too many"
	}
	for i, anchor := range []string{"start", "middle", "end"} {
		at := end * time.Duration(i) / 2
		ch.Ticks = append(ch.Ticks, tick{X: x(at), Y: low + 20, Anchor: anchor, Label: round0(at)})
	}
	return ch
}

func limitClause(limit int) string {
	if limit == 0 {
		return ""
	}
	return ", of " + number(limit) + " allowed"
}

// ceiling is the next round number that is not below n.
func ceiling(n int) int {
	for size := 10; ; size *= 10 {
		for _, digit := range []int{1, 2, 4, 6, 8} {
			if n <= digit*size {
				return digit * size
			}
		}
	}
}

// round0 is an instant of a run, as short as it can be read.
func round0(d time.Duration) string {
	switch {
	case d == 0:
		return "begin"
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d < time.Hour:
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

// latency is how long calls took, in a few classes.
type latency struct {
	Half, Ninety, NinetyNine, Most string
	Classes                        []status
}

// classBounds are where the classes of a page end.
var classBounds = []time.Duration{
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, math.MaxInt64,
}

func newLatency(l Latency) *latency {
	if l.Total() == 0 {
		return nil
	}
	sums := make([]int, len(classBounds))
	for i, n := range l.counts {
		for at, most := range classBounds {
			// A class belongs to where the most of it lies.
			if time.Duration(float64(bound(i))/math.Sqrt(latencyGrowth)) <= most {
				sums[at] += n
				break
			}
		}
	}
	shown := &latency{
		Half: round(l.Quantile(.5)), Ninety: round(l.Quantile(.9)), NinetyNine: round(l.Quantile(.99)), Most: round(l.Quantile(1)),
	}
	for at, n := range sums {
		if n == 0 {
			continue
		}
		name := "longer"
		if at < len(classBounds)-1 {
			name = classBounds[at].String()
		}
		shown.Classes = append(shown.Classes, status{Name: name, Count: number(n), Percent: percent(n, l.Total()), Width: share(n, l.Total())})
	}
	return shown
}
