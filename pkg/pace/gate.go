package pace

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Defaults of [Options].
const (
	// DefaultWindow is the window in which APIs usually count.
	DefaultWindow = time.Minute
	// DefaultPeak spreads 600 requests over 20 s, no more than a busy web page asks of a server.
	DefaultPeak = 30.0
)

// Options say how many may pass. The zero value lets everything through.
type Options struct {
	// Limit is how many requests may arrive in a Window, over all users of the same Store. 0 or less is
	// no limit: then Enter waits for Hold alone, and the other options mean nothing.
	Limit int
	// Window is the time in which the server counts; 0 is DefaultWindow.
	Window time.Duration
	// Peak is how many requests a second this gate lets through while it has slots to give, with bursts
	// of a tenth of it, so that n requests take n/Peak seconds at least; 0 is DefaultPeak, less is
	// unsmoothed.
	Peak float64
	// Store keeps the count; nil counts in this process alone. The gate closes it.
	Store Store
	// Log hears what slows the gate down; nil discards it.
	Log *slog.Logger
}

// A Gate lets requests through, first come, first served. Its methods may be called concurrently.
type Gate struct {
	store  Store
	window time.Duration // as the server counts
	smooth *rate.Limiter // nil when unsmoothed
	log    *slog.Logger
	start  time.Time // instants below are counted from here, on the monotonic clock

	// turn holds one token: who has it is next, and waits for a slot while the others wait for the
	// token. Blocked receivers are served in the order they came.
	turn    chan struct{}
	changed chan struct{} // a slot came back unused; wakes who has the turn
	closed  chan struct{} // closed by Close
	once    sync.Once

	mu      sync.Mutex
	limit   int
	hold    time.Duration // nobody passes before
	belief  belief
	waiting time.Duration   // since when the one whose turn it is waits; negative when it does not
	departs departures      // of the last window
	unsent  []time.Duration // of those, which turned out not to have left
	stats   Stats
}

// New returns a gate, to be closed by the caller.
func New(opt Options) *Gate {
	if opt.Window <= 0 {
		opt.Window = DefaultWindow
	}
	if opt.Peak == 0 {
		opt.Peak = DefaultPeak
	}
	if opt.Store == nil {
		opt.Store = newLocal()
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gate{
		store:   opt.Store,
		window:  opt.Window,
		log:     opt.Log,
		start:   time.Now(),
		turn:    make(chan struct{}, 1), // holds the token while nobody has the turn
		changed: make(chan struct{}, 1), // remembers one wake-up for who is not asleep yet
		closed:  make(chan struct{}),
		limit:   max(opt.Limit, 0),
		waiting: -1,
	}
	if opt.Peak > 0 {
		// A burst makes up for timers that fire late.
		g.smooth = rate.NewLimiter(rate.Limit(opt.Peak), int(math.Ceil(opt.Peak/10)))
	}
	g.turn <- struct{}{}
	return g
}

// Enter waits for a slot. The caller calls Leave on the pass when the answer has been seen or the attempt
// was given up, or Cancel when it certainly never left; until then the slot stays taken.
//
// Waiting ends early, and no slot is lost, when ctx ends (the error wraps its cause), when its queue ends
// (see [WithQueue]) or when the gate is closed ([ErrClosed]). Any other error comes from the Store.
func (g *Gate) Enter(ctx context.Context) (*Pass, error) {
	if err := g.ended(ctx); err != nil {
		return nil, err
	}
	select {
	case <-g.turn:
	case <-ctx.Done():
		return nil, g.ended(ctx)
	case <-queueOf(ctx).Done():
		return nil, g.ended(ctx)
	case <-g.closed:
		return nil, ErrClosed
	}
	defer func() { g.turn <- struct{}{} }()
	defer g.rest()
	return g.next(ctx)
}

// next lets the one whose turn it is through.
func (g *Gate) next(ctx context.Context) (*Pass, error) {
	if err := g.paced(ctx); err != nil {
		return nil, err
	}
	for {
		wait, limit := g.barred()
		if wait > 0 {
			if err := g.pause(ctx, wait); err != nil {
				return nil, err
			}
			continue
		}
		lease, wait, err := g.take(ctx, limit)
		if err != nil {
			return nil, fmt.Errorf("taking a slot of the limit: %w", err)
		}
		if lease == 0 && limit > 0 {
			if err := g.pause(ctx, wait); err != nil {
				return nil, err
			}
			continue
		}
		pass := &Pass{gate: g, lease: lease}
		err = g.ended(ctx)
		if err == nil && g.admit(pass) {
			return pass, nil
		}
		pass.giveBack()
		if err != nil {
			return nil, err
		}
	}
}

// take asks the Store, if there is a limit.
func (g *Gate) take(ctx context.Context, limit int) (Lease, time.Duration, error) {
	if limit == 0 {
		return 0, 0, nil
	}
	return g.store.Take(ctx, limit, stretched(g.window))
}

// stretched makes a window a thousandth longer: NTP slews a clock by at most 500 ppm, and the server's may
// be slewed the other way than ours.
func stretched(window time.Duration) time.Duration { return window + window/1000 }

// paced waits for the smoothing. It comes before the slot, which would stay taken meanwhile.
func (g *Gate) paced(ctx context.Context) error {
	if g.smooth == nil || g.unlimited() {
		return nil
	}
	r := g.smooth.Reserve()
	for d := r.Delay(); d > 0; d = r.Delay() {
		if err := g.sleep(ctx, d); err != nil {
			r.Cancel()
			return err
		}
	}
	return nil
}

// pause waits for the limit or a hold, on the account of Stats.Waited.
func (g *Gate) pause(ctx context.Context, d time.Duration) error {
	g.mu.Lock()
	if g.waiting < 0 {
		g.waiting = time.Since(g.start)
	}
	g.mu.Unlock()
	return g.sleep(ctx, d)
}

// rest ends the account that pause opened.
func (g *Gate) rest() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting >= 0 {
		g.stats.Waited += time.Since(g.start) - g.waiting
		g.waiting = -1
	}
}

// sleep waits until d has passed or something changed; it fails when waiting is over.
func (g *Gate) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-g.changed:
	case <-ctx.Done():
	case <-queueOf(ctx).Done():
	case <-g.closed:
	}
	return g.ended(ctx)
}

// Expect tells that about n requests are to come. When they do not fit into one window they are no
// longer smoothed to the peak: a slot comes back a window after it was used, so what is held back at the
// beginning of a long list is missing at its end.
func (g *Gate) Expect(n int) {
	g.mu.Lock()
	limit := g.limit
	g.mu.Unlock()
	if g.smooth != nil && limit > 0 && n > limit {
		g.smooth.SetLimit(rate.Inf)
	}
}

// Close ends all waiting and closes the Store. Leave every pass before.
func (g *Gate) Close() error {
	err := error(nil)
	g.once.Do(func() {
		close(g.closed)
		err = g.store.Close()
	})
	return err
}
