package report

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Call is one call of the API that was answered, or was not.
type Call struct {
	Row    int // that it was made for; 0 for none
	Method string
	Status int // of the answer; 0 when none came
	Left   time.Time
	Took   time.Duration
}

// Sizes of what is kept of the calls of a run, however long it is.
const (
	mostSlices = 240
	mostSlow   = 10
)

// Calls gathers what is worth knowing of the calls of a run, in memory that
// does not grow: how many left when, how long they took, and the slowest. It
// is safe for concurrent use.
type Calls struct {
	began  time.Time
	limit  int
	window time.Duration

	mu        sync.Mutex
	slice     time.Duration // of time that one count stands for; doubled when there would be too many
	counts    []int
	throttled []int // of them answered 429
	total     int
	latency   Latency
	slow      []Call // the slowest, the slowest first
}

// NewCalls starts with no calls. Limit and window are those of the rate limit.
func NewCalls(began time.Time, limit int, window time.Duration) *Calls {
	return &Calls{began: began, limit: limit, window: window, slice: max(window/30, time.Millisecond)}
}

// tooMany is the status of a call over the rate limit.
const tooMany = 429

// Add counts a call.
func (c *Calls) Add(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.at(call.Left)
	for len(c.counts) <= at {
		c.counts, c.throttled = append(c.counts, 0), append(c.throttled, 0)
	}
	c.counts[at]++
	if call.Status == tooMany {
		c.throttled[at]++
	}
	c.total++
	c.latency.add(call.Took)
	c.rank(call)
}

// at is the place of an instant among the counts. Neighbours are added up
// until there is room for it.
func (c *Calls) at(left time.Time) int {
	since := max(left.Sub(c.began), 0)
	for int(since/c.slice) >= mostSlices {
		c.slice *= 2
		for _, counts := range []*[]int{&c.counts, &c.throttled} {
			half := (*counts)[:0]
			for i := 0; i < len(*counts); i += 2 {
				sum := (*counts)[i]
				if i+1 < len(*counts) {
					sum += (*counts)[i+1]
				}
				half = append(half, sum)
			}
			*counts = half
		}
	}
	return int(since / c.slice)
}

// rank keeps the call when it is among the slowest.
func (c *Calls) rank(call Call) {
	if len(c.slow) == mostSlow && call.Took <= c.slow[mostSlow-1].Took {
		return
	}
	if len(c.slow) == mostSlow {
		c.slow = c.slow[:mostSlow-1]
	}
	at, _ := slices.BinarySearchFunc(c.slow, call, func(a, b Call) int { return cmp.Compare(b.Took, a.Took) })
	c.slow = slices.Insert(c.slow, at, call)
}

// InWindow is the number of calls in the window that ends now.
func (c *Calls) InWindow(now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := int(now.Sub(c.began) / c.slice)
	return c.sum(last)
}

// sum is the number of calls in the window that ends with a slice. Where a
// slice is longer than the window, it is a window's share of it.
func (c *Calls) sum(last int) int {
	if c.slice > c.window {
		if last >= len(c.counts) {
			return 0
		}
		return int(float64(c.counts[last]) * float64(c.window) / float64(c.slice))
	}
	n := int(c.window / c.slice)
	total := 0
	for i := max(last-n+1, 0); i <= last && i < len(c.counts); i++ {
		total += c.counts[i]
	}
	return total
}

// Instant is how busy a run was at a time.
type Instant struct {
	After     time.Duration // since the run began
	Calls     int           // in the window that ended then
	Throttled bool          // a call was over the rate limit
}

// Course is how busy the run was over its time.
func (c *Calls) Course() []Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	course := make([]Instant, len(c.counts))
	for i := range c.counts {
		course[i] = Instant{After: time.Duration(i+1) * c.slice, Calls: c.sum(i), Throttled: c.throttled[i] > 0}
	}
	return course
}

// Slowest are the calls that took longest.
func (c *Calls) Slowest() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.slow)
}

// Latency is how long the calls took.
func (c *Calls) Latency() Latency {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latency
}
