package retry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
)

// Stop is the error that ends a whole run: what happened and that it can be
// taken up again.
type Stop struct {
	Reason string // a clause for a person
	Err    error  // the call's error, nil when there was none
}

// Error is the reason.
func (s *Stop) Error() string { return s.Reason }

// Unwrap is the call's error.
func (s *Stop) Unwrap() error { return s.Err }

// GaveUp is the error of work that failed as often as the policy allows,
// although the API answers others.
type GaveUp struct {
	Tries     int
	Uncertain bool // a try may have been applied
	Err       error
}

// Error says how often it was tried, and the last error.
func (g *GaveUp) Error() string { return fmt.Sprintf("gave up after %d tries: %v", g.Tries, g.Err) }

// Unwrap is the last error.
func (g *GaveUp) Unwrap() error { return g.Err }

// failure is the call's error that err carries, and nil when no call was
// made. A Stop, and a place given up because of one, carry the error of
// another call.
func failure(err error) *api.Error {
	if err == nil {
		return nil
	}
	var stop *Stop
	var e *api.Error
	if errors.Is(err, pace.ErrLeftQueue) || errors.As(err, &stop) || !errors.As(err, &e) {
		return nil
	}
	return e
}

// waiting is a context in which work waits: all work that goes on no longer than
// the same queue.
type waiting struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	works  int
}

// patience is a context in which work waits: it ends with queue, and when the
// run has to end. Calls do not end with it. The caller calls leave.
func (l *Loop) patience(queue context.Context) (wait context.Context, leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.waits[queue]
	if w == nil {
		w = &waiting{}
		w.ctx, w.cancel = context.WithCancelCause(queue)
		if l.stopped != nil {
			w.cancel(l.stopped)
		}
		if l.waits == nil {
			l.waits = map[context.Context]*waiting{}
		}
		l.waits[queue] = w
	}
	w.works++
	return w.ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if w.works--; w.works == 0 {
			delete(l.waits, queue)
			w.cancel(nil)
		}
	}
}

// end has all work stop waiting, also what would be seen through otherwise:
// further calls would be in vain, or are what the vendor blocks an address
// for. It returns the first reason there was.
func (l *Loop) end(s *Stop) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped == nil {
		l.stopped = s
		for _, w := range l.waits {
			w.cancel(s)
		}
	}
	return l.stopped
}

// throttled answers a 429: the first keeps everyone waiting, the second also
// halves the limit, the third ends the run, because the vendor blocks the
// address of those who go on. Calls that were on their way when the first
// answer came belong to the same overrun. Since nobody passes the gate during
// a hold, those are the ones that passed it before the end of the hold.
func (l *Loop) throttled(e *api.Error) error {
	if e.RetryAfter > l.MaxOutage {
		return l.asksTooMuch(e)
	}
	hold := e.RetryAfter
	if hold <= 0 {
		hold = l.Window
	}
	n := l.overrun(e.Left, hold)
	if n == 0 {
		return nil
	}
	l.log().Warn("the API refused a call because of its rate limit; everyone waits", "times", n, "wait", hold.String())
	switch n {
	case 1:
		return nil
	case 2:
		l.log().Warn("second time over the rate limit: the limit is halved for the rest of the run")
		return nil
	}
	return l.end(&Stop{Err: e, Reason: "the API refused calls because of its rate limit for the third time, and blocks those who go on; " +
		"does another program use the same account? Wait some minutes and run again, with a lower --limit"})
}

// overrun puts the brake on and returns the number of the overrun that a call
// began which had passed the gate at left, or 0 when it began none.
func (l *Loop) overrun(left time.Time, hold time.Duration) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := time.Now().Add(hold)
	l.Brake.Hold(hold)
	if !left.IsZero() && left.Before(l.heldUntil) {
		return 0
	}
	l.heldUntil = until
	l.overruns++
	if l.overruns == 2 {
		l.Brake.Halve()
	}
	return l.overruns
}

func (l *Loop) asksTooMuch(e *api.Error) error {
	return l.end(&Stop{Err: e, Reason: fmt.Sprintf("the API asks to be left alone for %v: %v", e.RetryAfter.Round(time.Second), e)})
}
