package sandbox

import (
	"errors"
	"fmt"
	"time"
)

// Defaults of Options: the vendor's documented limit, and the longer of the
// two penalties its texts name.
const (
	DefaultLimit    = 600
	DefaultWindow   = time.Minute
	DefaultBlockFor = 7 * 24 * time.Hour
)

// RetryAfter says what a 429 tells the caller about when to come back.
type RetryAfter int

const (
	RetryAfterNone    RetryAfter = iota // no header; the vendor documents none
	RetryAfterSeconds                   // whole seconds, rounded up
	RetryAfterDate                      // an HTTP date
)

// Options set up a Server. The zero value is a fresh example account under the
// documented limit, open to any token.
type Options struct {
	// Token is the one bearer token accepted. Empty: any that is not empty.
	Token string

	// Limit is how many calls a token may make in any Window. 0 is
	// DefaultLimit, and RecomlyLimit for all tokens together at Recomly;
	// negative switches the limit off.
	Limit int
	// Window is the length of the limit's window. 0 is DefaultWindow.
	Window time.Duration
	// CountFixedWindows counts in windows that open with a call and last
	// Window, instead of over the Window before each call.
	CountFixedWindows bool
	// RetryAfter is the form of the header on a 429.
	RetryAfter RetryAfter
	// StrikePerWindow counts the 429s of one Window as a single overrun.
	// Otherwise every 429 is one.
	StrikePerWindow bool
	// BlockFor is how long a caller with more than three overruns is shut
	// out. 0 is DefaultBlockFor.
	BlockFor time.Duration

	// Now is the clock of the limit and of dates. Nil is time.Now.
	Now func() time.Time
	// State is the account to begin with; it is copied. Nil is Example().
	State *State
	// Seed varies the codes of new users; runs with equal seeds repeat.
	Seed uint64
	// RefusedDomains are e-mail domains answered 422, as those without MX
	// records are.
	RefusedDomains []string
	// Behaviour settles the contested points of the API.
	Behaviour Behaviour
	// Faults are scheduled from the start.
	Faults []Fault
}

func (o Options) withDefaults() Options {
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	if o.Window == 0 {
		o.Window = DefaultWindow
	}
	if o.BlockFor == 0 {
		o.BlockFor = DefaultBlockFor
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.State == nil {
		fresh := Example()
		o.State = &fresh
	}
	return o
}

// recomlyGate counts that vendor's calls. It documents no penalty for going
// over the limit: nobody is blocked.
func (o Options) recomlyGate() *gate {
	if o.Limit == 0 {
		o.Limit = RecomlyLimit
	}
	g := newGate(o.withDefaults())
	g.lenient = true
	return g
}

func (o Options) check() error {
	var errs []error
	if o.Window < 0 || o.BlockFor < 0 {
		errs = append(errs, fmt.Errorf("window %v and block %v must not be negative", o.Window, o.BlockFor))
	}
	if err := o.State.check(); err != nil {
		errs = append(errs, fmt.Errorf("state: %w", err))
	}
	for _, f := range o.Faults {
		if err := f.check(); err != nil {
			errs = append(errs, fmt.Errorf("fault %q: %w", f, err))
		}
	}
	return errors.Join(errs...)
}
