package sandbox

import (
	"crypto/sha256"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// strikesAllowed is how many overruns go unpunished: the vendor blocks who
// goes over the limit "more than three times".
const strikesAllowed = 3

// tokenKey stands for a token without being it. The zero key stands for every
// token that is not accepted, so that wrong ones take no memory.
type tokenKey [sha256.Size]byte

// gate counts arrivals against the limit: calls per token, overruns per
// caller's address, as the vendor does.
type gate struct {
	opts    Options
	began   time.Time
	lenient bool // nobody is blocked

	mu       sync.Mutex
	latest   time.Duration // the clock of the gate never runs back
	meters   map[tokenKey]*meter
	callers  map[string]*caller
	worst    int
	overruns int
	blocked  int
}

// caller is an address that went over the limit.
type caller struct {
	strikes    int
	lastStrike time.Duration
	blocked    bool
	until      time.Duration
}

// verdict is what the gate says of one arrival: 0 to go on, or the status to
// answer, and with a 429 how long until there is room.
type verdict struct {
	status int
	wait   time.Duration
}

func newGate(o Options) *gate {
	g := &gate{opts: o, began: o.Now()}
	g.reset()
	return g
}

// reset forgets arrivals, strikes and blocks.
func (g *gate) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.meters = map[tokenKey]*meter{}
	g.callers = map[string]*caller{}
	g.worst, g.overruns, g.blocked = 0, 0, 0
}

// arrive counts a call and judges it.
func (g *gate) arrive(token tokenKey, address string) verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := max(g.latest, g.opts.Now().Sub(g.began))
	g.latest = at
	m := g.meter(token, at)
	m.expire(at)
	v := g.judge(m, g.callers[address], at)
	m.arrivals.add(at, v.status == 0)
	g.worst = max(g.worst, m.arrivals.calls)
	if v.status == http.StatusTooManyRequests {
		g.overruns++
		if !g.lenient {
			g.strike(address, at)
		}
	}
	return v
}

func (g *gate) judge(m *meter, c *caller, at time.Duration) verdict {
	if c != nil && c.blocked && at < c.until {
		g.blocked++
		return verdict{status: http.StatusForbidden}
	}
	if g.opts.Limit > 0 && m.used() >= g.opts.Limit {
		return verdict{status: http.StatusTooManyRequests, wait: m.opensIn(at)}
	}
	m.admit(at)
	return verdict{}
}

func (g *gate) strike(address string, at time.Duration) {
	c := g.callers[address]
	if c == nil || c.blocked && at >= c.until {
		c = &caller{}
		g.callers[address] = c
	}
	if c.strikes > 0 && g.opts.StrikePerWindow && at-c.lastStrike < g.opts.Window {
		return
	}
	c.strikes++
	c.lastStrike = at
	if c.strikes > strikesAllowed {
		c.blocked, c.until = true, at+g.opts.BlockFor
	}
}

// manyMeters is where idle meters begin to be dropped.
const manyMeters = 1000

func (g *gate) meter(token tokenKey, at time.Duration) *meter {
	m := g.meters[token]
	if m != nil {
		return m
	}
	if len(g.meters) >= manyMeters {
		for key, old := range g.meters {
			if old.expire(at); old.idle() {
				delete(g.meters, key)
			}
		}
	}
	m = &meter{window: g.opts.Window, fixed: g.opts.CountFixedWindows}
	g.meters[token] = m
	return m
}

// tooMany is the header a 429 carries, if any.
func (g *gate) tooMany(wait time.Duration) http.Header {
	return retryAfter(g.opts.RetryAfter, wait, g.opts.Now())
}

func retryAfter(form RetryAfter, wait time.Duration, now time.Time) http.Header {
	seconds := math.Ceil(wait.Seconds())
	switch form {
	case RetryAfterSeconds:
		return http.Header{"Retry-After": {strconv.Itoa(int(seconds))}}
	case RetryAfterDate:
		// The header has whole seconds; rounding up keeps it from being early.
		date := now.Add(wait + time.Second - 1).Truncate(time.Second)
		return http.Header{"Retry-After": {date.UTC().Format(http.TimeFormat)}}
	}
	return nil
}

func (g *gate) totals() (worst, overruns, blocked int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.worst, g.overruns, g.blocked
}

func keyOf(token string) tokenKey {
	if token == "" {
		return tokenKey{}
	}
	return sha256.Sum256([]byte(token))
}
