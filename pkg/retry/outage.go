package retry

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
)

// probing is how the gaps between probes of an API that is down grow.
var probing = Policy{First: time.Second, Most: time.Minute}

// inquiry is one worker's asking whether the API is down, on behalf of all.
type inquiry struct {
	over  chan struct{} // closed by the worker that asks
	found finding       // set before over is closed
	down  bool          // it is, so far; guarded by the Loop's lock
}

// finding is what an inquiry came to.
type finding int

const (
	nothing finding = iota // its worker had to leave
	answers                // the API was never down
	wasDown                // it was, and is back
)

// untilUp waits while the API is known to be down, and returns how many
// outages there have been.
func (l *Loop) untilUp(ctx, wait context.Context) (outages int, err error) {
	for {
		l.mu.Lock()
		q, past := l.inquiry, l.outages
		up := q == nil || !q.down
		l.mu.Unlock()
		if up {
			return past, nil
		}
		if err := q.await(ctx, wait); err != nil {
			return past, err
		}
	}
}

// await waits for the end of an inquiry.
func (q *inquiry) await(ctx, wait context.Context) error {
	select {
	case <-q.over:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-wait.Done():
		return context.Cause(wait)
	}
}

// outage is asked by work that used up its tries: is it the work, or is the
// API down? One worker probes, all others wait for what it finds. It reports
// that the API answers, so that the work itself is at fault; or, after a
// pause, that it was down and is back; or the reason to end the run. Of the
// outages that are over the work has seen so many.
func (l *Loop) outage(ctx, wait context.Context, seen int, last *api.Error) (up bool, stop error) {
	if l.Probe == nil {
		return true, nil
	}
	for {
		if wait.Err() != nil {
			return false, context.Cause(wait)
		}
		q, mine, passed := l.inquiring(seen)
		switch {
		case passed:
			return false, nil
		case mine:
			return l.inquire(ctx, wait, q, last)
		}
		if err := q.await(ctx, wait); err != nil {
			return false, err
		}
		if q.found != nothing {
			return q.found == answers, nil
		}
	}
}

// inquiring is the inquiry under way, or one to be made by the caller; none
// when an outage is over that the work failed in and has not seen.
func (l *Loop) inquiring(seen int) (q *inquiry, mine, passed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.outages != seen:
		return nil, false, true
	case l.inquiry != nil:
		return l.inquiry, false, false
	}
	l.inquiry = &inquiry{over: make(chan struct{})}
	return l.inquiry, true, false
}

// inquire probes, and tells those who wait.
func (l *Loop) inquire(ctx, wait context.Context, q *inquiry, last *api.Error) (up bool, stop error) {
	defer close(q.over)
	found, stop := l.probe(ctx, wait, q, last)
	l.mu.Lock()
	defer l.mu.Unlock()
	q.found, l.inquiry = found, nil
	if found == wasDown {
		l.outages++
	}
	return found == answers, stop
}

// probe asks with growing gaps until the API answers.
func (l *Loop) probe(ctx, wait context.Context, q *inquiry, last *api.Error) (finding, error) {
	began := time.Now()
	for failed := 0; ; {
		err := l.Probe(pace.WithQueue(ctx, wait))
		e := failure(err)
		switch {
		case err == nil, e != nil && e.Verdict == api.Refused:
			return l.answered(failed, began), nil
		case e == nil:
			return nothing, err
		case e.Verdict == api.Stop:
			return nothing, l.end(&Stop{Reason: e.Error(), Err: e})
		case ctx.Err() != nil:
			return nothing, context.Cause(ctx)
		case e.Verdict == api.Wait:
			// Who answers so may stand in front of an API that is down.
			if err := l.throttled(e); err != nil {
				return nothing, err
			}
			continue
		}
		if failed++; failed == 1 {
			l.mu.Lock()
			q.down = true
			l.mu.Unlock()
			l.log().Warn("the API does not answer; the run waits for it", "because", last.Error(), "at most", l.MaxOutage.String())
		}
		past := time.Since(began)
		left := l.MaxOutage - past
		switch {
		case left <= 0:
			return nothing, l.end(&Stop{Err: last, Reason: fmt.Sprintf("the API has not answered for %v: %v", past.Round(time.Second), last)})
		case e.RetryAfter > left:
			return nothing, l.asksTooMuch(e)
		}
		gap := max(probing.Wait(failed, rand.Float64()), e.RetryAfter)
		if err := sleep(ctx, wait, min(gap, left)); err != nil {
			return nothing, err
		}
	}
}

// answered is what it means that the API answers after so many failed probes.
func (l *Loop) answered(failed int, began time.Time) finding {
	if failed == 0 {
		return answers
	}
	l.log().Warn("the API answers again", "after", time.Since(began).Round(time.Second).String())
	return wasDown
}
