package retry

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
)

// backend is an API that is down for a while.
type backend struct {
	upAt          time.Time
	calls, probes atomic.Int64
	atOnce        atomic.Int64 // probes under way
	crowd         atomic.Bool  // there were two at once
}

func (b *backend) call(context.Context) error {
	b.calls.Add(1)
	time.Sleep(10 * time.Millisecond)
	if time.Now().Before(b.upAt) {
		return failed(api.Again)
	}
	return nil
}

func (b *backend) probe(ctx context.Context) error {
	b.probes.Add(1)
	if b.atOnce.Add(1) > 1 {
		b.crowd.Store(true)
	}
	defer b.atOnce.Add(-1)
	time.Sleep(10 * time.Millisecond)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case time.Now().Before(b.upAt):
		return failed(api.Again)
	}
	return nil
}

func TestAnOutageFailsNoWorkAndIsProbedByOne(t *testing.T) {
	for _, down := range []time.Duration{30 * time.Second, 5 * time.Minute, 14*time.Minute + 50*time.Second} {
		synctest.Test(t, func(t *testing.T) {
			b := &backend{upAt: time.Now().Add(down)}
			l, _ := newLoop(b.probe)
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					if err := l.Do(t.Context(), t.Context(), b.call); err != nil {
						t.Errorf("Do() through an outage of %v = %v, want success", down, err)
					}
				})
			}
			all.Wait()
			if b.crowd.Load() {
				t.Errorf("an outage of %v was probed by two at once, want one", down)
			}
			// Each failed at most as often as the policy allows, and once more
			// while the first probe was on its way.
			if calls, most := b.calls.Load(), int64(16*(l.Policy.Retries+3)); calls > most {
				t.Errorf("an outage of %v met %d calls, want at most %d", down, calls, most)
			}
			if past := time.Since(b.upAt); past > 70*time.Second {
				t.Errorf("an outage of %v was over %v before all was done, want a minute at most", down, past)
			}
		})
	}
}

func TestWorkHasFreshTriesAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{upAt: time.Now().Add(3 * time.Minute)}
		l, _ := newLoop(b.probe)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				hiccups := 0
				time.Sleep(time.Duration(i) * 300 * time.Millisecond) // in all states when it begins
				err := l.Do(t.Context(), t.Context(), func(ctx context.Context) error {
					if err := b.call(ctx); err != nil {
						return err
					}
					if hiccups++; hiccups <= l.Policy.Retries {
						return failed(api.Again)
					}
					return nil
				})
				if err != nil {
					t.Errorf("Do(an outage, then %d hiccups) = %v, want success", l.Policy.Retries, err)
				}
			})
		}
		all.Wait()
	})
}

func TestNobodyCallsWhileTheAPIIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{upAt: time.Now().Add(10 * time.Minute)}
		l, _ := newLoop(b.probe)
		var all sync.WaitGroup
		all.Go(func() { _ = l.Do(t.Context(), t.Context(), b.call) })
		time.Sleep(time.Minute)
		before := b.calls.Load()
		all.Go(func() {
			if err := l.Do(t.Context(), t.Context(), b.call); err != nil {
				t.Errorf("Do() begun in an outage = %v, want success after it", err)
			}
		})
		time.Sleep(8 * time.Minute)
		if got := b.calls.Load() - before; got != 0 {
			t.Errorf("%d calls in the midst of an outage, want none", got)
		}
		all.Wait()
	})
}

func TestWorkThatFailsWhileTheAPIAnswersIsGivenUpByOneProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{upAt: time.Now()}
		l, _ := newLoop(b.probe)
		l.Policy.Retries = 0
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				var gaveUp *GaveUp
				n := 0
				if err := l.Do(t.Context(), t.Context(), script(&n, failed(api.Again))); !errors.As(err, &gaveUp) || n != 1 {
					t.Errorf("Do(always failing) = %v after %d calls, want a *GaveUp after 1", err, n)
				}
			})
		}
		all.Wait()
		if got := b.probes.Load(); got != 1 {
			t.Errorf("16 failures at once were probed %d times, want 1", got)
		}
	})
}

func TestTheLongestOutageEndsTheRunForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{upAt: time.Now().Add(24 * time.Hour)}
		l, _ := newLoop(b.probe)
		began := time.Now()
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				first := failed(api.Again)
				if i%2 == 0 {
					first = failed(api.Unknown) // would be seen through as long as calls live
				}
				err := l.Do(t.Context(), t.Context(), func(ctx context.Context) error {
					if f := first; f != nil {
						first = nil
						return f
					}
					return b.call(ctx)
				})
				var stop *Stop
				if !errors.As(err, &stop) {
					t.Errorf("Do() in an endless outage = %v, want a *Stop", err)
				}
			})
		}
		all.Wait()
		if past := time.Since(began); past < l.MaxOutage || past > l.MaxOutage+10*time.Second {
			t.Errorf("an endless outage took %v, want %v and the tries before it", past, l.MaxOutage)
		}
	})
}

func TestWhenTheProberLeavesAnotherTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{upAt: time.Now().Add(5 * time.Minute)}
		l, _ := newLoop(b.probe)
		queue, stop := context.WithCancelCause(t.Context())
		cause := errors.New("the operator said so")
		prober := make(chan error, 1)
		go func() { prober <- l.Do(t.Context(), queue, b.call) }()
		time.Sleep(time.Minute)
		waiter := make(chan error, 1)
		// In a run that ends, only what has been sent already is seen through.
		n := 0
		go func() {
			waiter <- l.Do(t.Context(), t.Context(), func(ctx context.Context) error { n++; return b.call(ctx) })
		}()
		synctest.Wait()
		stop(cause)
		if err := <-prober; !errors.Is(err, cause) {
			t.Errorf("Do() of the prober = %v, want %v", err, cause)
		}
		if err := <-waiter; err != nil || time.Now().Before(b.upAt) {
			t.Errorf("Do() of who waited = %v, want success once the API is up", err)
		}
	})
}

func TestWhoWaitedProbesNextWithoutAnotherCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{upAt: time.Now().Add(5 * time.Minute)}
		l, _ := newLoop(b.probe)
		l.Policy.Retries = 0
		queue, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, stop)
		var all sync.WaitGroup
		all.Go(func() { _ = l.Do(t.Context(), queue, b.call) })
		time.Sleep(time.Millisecond) // so that it probes first
		all.Go(func() { _ = l.Do(t.Context(), queue, b.call) })
		all.Go(func() {
			if err := l.Do(t.Context(), t.Context(), b.call); err != nil {
				t.Errorf("Do() = %v, want success after the outage", err)
			}
		})
		all.Wait()
		if got := b.calls.Load(); got != 4 {
			t.Errorf("%d calls, want one of each of three, and one after the outage", got)
		}
	})
}

// An answer that took longer to fail than the outage lasted is no fault of
// the work.
func TestAFailureFromAnOutageThatIsOverIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{upAt: time.Now().Add(500 * time.Millisecond)}
		l, _ := newLoop(b.probe)
		l.Policy.Retries = 0
		var all sync.WaitGroup
		for _, latency := range []time.Duration{0, 30 * time.Second} {
			all.Go(func() {
				n := 0
				err := l.Do(t.Context(), t.Context(), func(context.Context) error {
					if n++; n > 1 {
						return nil
					}
					time.Sleep(latency)
					return failed(api.Again)
				})
				if err != nil || n != 2 {
					t.Errorf("Do(sent in an outage, failed %v later) = %v after %d calls, want success with a fresh try", latency, err, n)
				}
			})
		}
		all.Wait()
		if l.outages != 1 {
			t.Errorf("%d outages, want 1", l.outages)
		}
	})
}

func TestTheNextProbeWaitsAsLongAsTheAPIAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		probes, calls := 0, 0
		l, _ := newLoop(script(&probes, &api.Error{Verdict: api.Again, Status: 503, RetryAfter: 7 * time.Minute}, nil))
		l.Policy.Retries = 0
		began := time.Now()
		err := l.Do(t.Context(), t.Context(), script(&calls, failed(api.Again), nil))
		if past := time.Since(began); err != nil || past != 7*time.Minute || probes != 2 {
			t.Errorf("Do(probe answered 503, Retry-After 7m) = %v after %v and %d probes, want success after 7m and 2", err, past, probes)
		}
	})
}

func TestWhatTheProbeLearns(t *testing.T) {
	cause := errors.New("the queue ended")
	for _, test := range []struct {
		name   string
		probes []error
		want   func(error) bool
		calls  int
	}{
		{"a refusal is an answer", []error{failed(api.Refused)}, isGaveUp, 1},
		{"a token that is not good any more", []error{failed(api.Stop)}, isStop, 1},
		{"a 429 says nothing of the API behind", []error{refused(time.Time{}, time.Second), failed(api.Again), nil}, isNil, 2},
		{"a wait beyond the longest outage", []error{&api.Error{Verdict: api.Again, RetryAfter: time.Hour}}, isStop, 1},
		{"three overruns", []error{refused(time.Time{}, time.Second)}, isStop, 1},
		{"the queue ended", []error{cause}, func(err error) bool { return errors.Is(err, cause) }, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				probes, calls := 0, 0
				l, _ := newLoop(script(&probes, test.probes...))
				l.Policy.Retries = 0
				err := l.Do(t.Context(), t.Context(), script(&calls, failed(api.Again), nil))
				if !test.want(err) || calls != test.calls {
					t.Errorf("Do(a failure, probes %v) = %v after %d calls, want another after %d", test.probes, err, calls, test.calls)
				}
			})
		})
	}
}

func isNil(err error) bool    { return err == nil }
func isStop(err error) bool   { var s *Stop; return errors.As(err, &s) }
func isGaveUp(err error) bool { var g *GaveUp; return errors.As(err, &g) }
