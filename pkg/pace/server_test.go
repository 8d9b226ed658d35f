package pace

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// A counter stands for the server: it notes when requests arrive.
type counter struct {
	start time.Time
	mu    sync.Mutex
	at    []time.Duration
}

func newCounter() *counter { return &counter{start: time.Now()} }

func (c *counter) arrive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, time.Since(c.start))
}

func (c *counter) arrivals() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(slices.Values(c.at))
}

// overrun says where more than limit requests arrived in a window, sliding or fixed at any phase of the
// clock, or nil. A fixed window is a sliding one too; it is counted all the same, by other means.
func (c *counter) overrun(limit int, window time.Duration) error {
	at := c.arrivals()
	for i := limit; i < len(at); i++ {
		if gap := at[i] - at[i-limit]; gap < window {
			return fmt.Errorf("%d requests within %v up to %v, want at most %d in %v",
				limit+1, gap, at[i], limit, window)
		}
	}
	for _, phase := range []time.Duration{0, window / 3, window / 2} {
		fixed := map[time.Duration]int{}
		for _, a := range at {
			fixed[(a+phase)/window]++
		}
		for k, n := range fixed {
			if n > limit {
				return fmt.Errorf("%d requests in the fixed window %d (phase %v), want at most %d", n, k, phase, limit)
			}
		}
	}
	return nil
}

// A load is the requests of one process: workers that each pass the gate, arrive at some random instant
// before the answer, and leave with the answer.
type load struct {
	gate    *Gate
	server  *counter
	latency time.Duration // answers take up to this
	seed    uint64

	mu   sync.Mutex
	todo int
	dead bool
}

// next takes one request off the list.
func (l *load) next() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.todo--
	return l.todo >= 0 && !l.dead
}

func (l *load) alive() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.dead
}

// die ends the process as kill -9 does: nothing more arrives, nothing is given back.
func (l *load) die(store Store) {
	l.mu.Lock()
	l.dead = true
	l.mu.Unlock()
	if f, ok := store.(*File); ok {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.alive != nil {
			f.alive.Unlock()
		}
	}
}

// worker sends until nothing is to do; enter is what passes the gate.
func (l *load) worker(n int, enter func() (*Pass, error)) error {
	rng := rand.New(rand.NewPCG(l.seed, uint64(n)))
	for l.next() {
		pass, err := enter()
		if err != nil {
			return err
		}
		answer := time.Duration(rng.Int64N(int64(l.latency) + 1))
		arrival := time.Duration(rng.Int64N(int64(answer) + 1))
		time.Sleep(arrival)
		if !l.alive() {
			return nil
		}
		l.server.arrive()
		time.Sleep(answer - arrival)
		if !l.alive() {
			return nil
		}
		pass.Leave()
	}
	return nil
}
