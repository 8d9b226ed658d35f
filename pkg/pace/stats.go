package pace

import "time"

// Stats is what one gate has seen since it was made.
type Stats struct {
	Requests    int64         // let through
	WorstWindow int           // the most that left in any one window
	Waited      time.Duration // wall-clock time in which somebody waited for the limit, the lock of its count, a hold or a belief, not for smoothing
	InFlight    int           // let through and not yet left
}

// Stats returns the numbers of the moment.
func (g *Gate) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	if g.waiting >= 0 {
		s.Waited += time.Since(g.start) - g.waiting
	}
	return s
}
