package retry

import (
	"time"

	"github.com/refbulk/refbulk/pkg/api"
)

// Policy is how often and after what waits work is tried again.
type Policy struct {
	Retries int           // tries after the first
	First   time.Duration // longest wait before the first retry; 0 = 500ms
	Most    time.Duration // longest wait of all; 0 = 30s

	// Late is how long after it left a call may still be applied, when its
	// answer never came.
	Late time.Duration
}

// Ripe is when work may be tried again whose call failed with e at the instant
// it ended: not before it is certain, as far as it can be, that the call is not
// applied later. What was broken off on the way is left to itself for a
// twentieth of Late after that, or a second when that is longer, but not beyond
// Late: the API knows nothing of the end, and goes on for as long as its answers
// take.
func (p Policy) Ripe(e *api.Error, ended time.Time) time.Time {
	if e.Verdict != api.Unknown {
		return time.Time{}
	}
	switch e.Pending() {
	case api.Underway:
		return e.Left.Add(p.Late)
	case api.Broken:
		return ended.Add(max(p.Late/20, min(p.Late, time.Second)))
	}
	return time.Time{}
}

// Wait is the pause before retry number n, counted from 1: an exponentially
// growing span of which the upper half is left to chance (0 ≤ chance < 1), so
// that workers which failed together do not come back together.
func (p Policy) Wait(n int, chance float64) time.Duration {
	span, most := p.First, p.Most
	if span <= 0 {
		span = 500 * time.Millisecond
	}
	if most <= 0 {
		most = 30 * time.Second
	}
	for ; n > 1 && span <= most/2; n-- {
		span *= 2
	}
	if n > 1 {
		span = most // it would be beyond
	}
	span = min(span, most)
	return span - span/2 + min(span/2, time.Duration(chance*float64(span/2)))
}
