package pace

import (
	"slices"
	"time"
)

// Hold keeps everyone waiting at this gate until d from now: a 429's Retry-After. Holds only grow. The
// caller puts a ceiling to d.
func (g *Gate) Hold(d time.Duration) {
	g.mu.Lock()
	g.hold = max(g.hold, time.Since(g.start)+d)
	g.mu.Unlock()
	g.log.Debug("all requests wait", "for", d)
}

// Halve halves the limit for the rest of this gate's life, down to 1, against the same shared count. A
// gate without a limit stays without.
func (g *Gate) Halve() {
	g.mu.Lock()
	if g.limit > 0 {
		g.limit = max(1, g.limit/2)
	}
	limit := g.limit
	g.mu.Unlock()
	if limit > 0 {
		g.log.Debug("the limit is halved from now on", "limit", limit, "window", g.window)
	}
}

// Believe takes in a rate header of an answer: how many requests the server says remain until it resets,
// a while from now. It is believed when that is less than the gate would let through, never when it is
// more. Requests in flight may or may not be counted in it, so they are taken off: call it after the
// Leave of the answer. A reset later than a window from now is cut to that: the next header tells.
func (g *Gate) Believe(remaining int, reset time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limit == 0 || reset <= 0 {
		return
	}
	now := time.Since(g.start)
	told := belief{remaining: max(0, remaining-g.stats.InFlight), until: now + min(reset, g.window)}
	g.belief = g.belief.hear(told, now)
}

// A belief is how many more requests may pass before an instant. The zero belief is over.
type belief struct {
	remaining int
	until     time.Duration
}

// hear returns what to believe after being told: while a belief stands, only a lower one replaces it,
// because answers may come in another order than they were counted.
func (b belief) hear(told belief, now time.Duration) belief {
	if now < b.until && b.remaining <= told.remaining {
		return b
	}
	return told
}

// wait says how long nobody may pass.
func (b belief) wait(now time.Duration) time.Duration {
	if b.remaining > 0 {
		return 0
	}
	return max(0, b.until-now)
}

// barred says how long a hold or a belief keeps everyone waiting, and the limit of the moment.
func (g *Gate) barred() (time.Duration, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wait(time.Since(g.start)), g.limit
}

// wait is called with the lock held.
func (g *Gate) wait(now time.Duration) time.Duration {
	return max(0, g.hold-now, g.belief.wait(now))
}

// admit counts a request as leaving now, unless a hold came while its slot was being taken.
func (g *Gate) admit(p *Pass) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Since(g.start)
	if g.wait(now) > 0 {
		return false
	}
	if now < g.belief.until {
		g.belief.remaining--
	}
	g.departs.forget(now - g.window)
	g.unsent = slices.DeleteFunc(g.unsent, func(at time.Duration) bool { return at <= now-g.window })
	g.departs.add(now)
	p.left = now
	g.stats.Requests++
	g.stats.InFlight++
	g.stats.WorstWindow = max(g.stats.WorstWindow, g.departs.count-len(g.unsent))
	return true
}

func (g *Gate) depart(p *Pass, sent bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stats.InFlight--
	if !sent {
		g.unsent = append(g.unsent, p.left)
	}
}

func (g *Gate) unlimited() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limit == 0
}
