// Package retry does a piece of work again while that can help. What a failed
// call means it takes from the verdict of its api.Error; when to try again
// and how long to wait is a pure policy; the loop sleeps, keeps everyone
// waiting while the API is down or has refused more calls, and says when the
// run has to end: then for all of its work. Every wait obeys its context.
package retry

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
)

// Brake slows everyone down: the gate, seen from here.
type Brake interface {
	// Hold lets no call leave for d from now.
	Hold(d time.Duration)
	// Halve halves the rate limit for good.
	Halve()
}

// Loop tries work again. One Loop serves a whole run: what one worker learns
// of the API holds for all. It is safe for concurrent use once set up.
type Loop struct {
	Policy    Policy
	Brake     Brake                           // needed
	Window    time.Duration                   // of the rate limit: the wait after a 429 that names none
	MaxOutage time.Duration                   // longest time the API may be down, and longest wait it may ask for
	Probe     func(ctx context.Context) error // a cheap read that tells whether the API answers; nil = it is taken to
	Log       *slog.Logger                    // nil = nowhere

	mu        sync.Mutex
	retries   int64
	overruns  int                          // of the rate limit
	heldUntil time.Time                    // end of the hold for the latest overrun
	inquiry   *inquiry                     // under way; nil for none
	outages   int                          // that are over
	stopped   *Stop                        // why the run has to end; nil while it has not
	waits     map[context.Context]*waiting // by the queue whose end they wait for as well
}

// Retries is the number of tries after the first, over all work so far.
func (l *Loop) Retries() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.retries
}

// Do calls op until it succeeds, is refused, or the run has to end. While
// nothing uncertain has left, waiting ends with queue; once a call of op has
// Unknown for its verdict, the work is seen through as long as ctx lives and
// no work of this Loop had to stop the run. Neither another try nor its end is
// before the Policy calls it Ripe, so that a look finds what was applied. Work
// is not given up for want of a way to the API before MaxOutage is over. The
// error is a *Stop, a *GaveUp, the one of op that wraps an *api.Error of a
// refusal, the cause for which a context ended, or what else op returned.
func (l *Loop) Do(ctx, queue context.Context, op func(ctx context.Context) error) error {
	wait, leave := l.patience(queue)
	defer func() { leave() }()
	began, uncertain, seen := time.Now(), false, 0
	var ripe time.Time // for another try
	for tries, failures := 1, 0; ; tries++ {
		outages, err := l.untilUp(ctx, wait)
		if err != nil {
			return err
		}
		if err := sleep(ctx, wait, time.Until(ripe)); err != nil {
			return err
		}
		if outages != seen {
			seen, failures = outages, 0 // what failed before was not the work's fault
		}
		if tries > 1 {
			l.countRetry()
		}
		err = op(pace.WithQueue(ctx, wait))
		e := failure(err)
		if e == nil {
			return err
		}
		if e.Verdict == api.Unknown && !uncertain {
			uncertain = true
			leave()
			wait, leave = l.patience(ctx)
		}
		if done, err := l.settled(ctx, e, err); done {
			return err
		}
		if e.Verdict == api.Wait {
			continue // the gate holds it
		}
		if r := l.Policy.Ripe(e, time.Now()); r.After(ripe) {
			ripe = r
		}
		if failures++; failures > l.Policy.Retries {
			answers, stop := l.outage(ctx, wait, seen, e)
			switch {
			case stop != nil:
				return stop
			case !answers:
				continue
			case !e.Unreached() || time.Since(began) >= l.MaxOutage:
				if err := sleep(ctx, wait, time.Until(ripe)); err != nil {
					return err
				}
				return &GaveUp{Tries: tries, Uncertain: uncertain, Err: err}
			}
			// The API was away, and is back already: that is no fault of the work.
		}
		l.log().Debug("trying again", "try", tries+1, "because", err.Error())
		pause := max(l.Policy.Wait(failures, rand.Float64()), e.RetryAfter)
		if err := sleep(ctx, wait, pause); err != nil {
			return err
		}
	}
}

// settled reports whether a failure leaves nothing to try, and the error to
// return then: the API has spoken, the calls are over, or the run has to end.
func (l *Loop) settled(ctx context.Context, e *api.Error, err error) (bool, error) {
	switch {
	case e.Verdict == api.Refused:
		return true, err
	case e.Verdict == api.Stop:
		return true, l.end(&Stop{Reason: e.Error(), Err: e})
	case ctx.Err() != nil:
		return true, context.Cause(ctx)
	case e.Verdict == api.Wait:
		err := l.throttled(e)
		return err != nil, err
	case e.RetryAfter > l.MaxOutage:
		return true, l.asksTooMuch(e)
	}
	return false, nil
}

func (l *Loop) countRetry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retries++
}

func (l *Loop) log() *slog.Logger {
	if l.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l.Log
}

// sleep waits for d, or for the end of either context.
func sleep(ctx, wait context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-wait.Done():
		return context.Cause(wait)
	}
}
