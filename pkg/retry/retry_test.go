package retry

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
)

func TestWorkIsTriedAgainUntilItSucceeds(t *testing.T) {
	for _, verdict := range []api.Verdict{api.Again, api.Unknown} {
		synctest.Test(t, func(t *testing.T) {
			l, _ := newLoop(upAndWell)
			calls := 0
			err := l.Do(t.Context(), t.Context(), script(&calls, failed(verdict), failed(verdict), failed(verdict), nil))
			if err != nil || calls != 4 || l.Retries() != 3 {
				t.Errorf("Do(3 failures with %v) = %v after %d calls, %d of them retries, want success after 4, 3", verdict, err, calls, l.Retries())
			}
		})
	}
}

func TestWorkIsGivenUpWhenItsTriesAreUsedUpAndTheAPIAnswers(t *testing.T) {
	for _, test := range []struct {
		outcomes  []error
		uncertain bool
	}{
		{[]error{failed(api.Again)}, false},
		{[]error{failed(api.Unknown)}, true},
		{[]error{failed(api.Unknown), failed(api.Again)}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			probes, calls := 0, 0
			l, _ := newLoop(script(&probes, nil))
			err := l.Do(t.Context(), t.Context(), script(&calls, test.outcomes...))
			var gaveUp *GaveUp
			if !errors.As(err, &gaveUp) {
				t.Fatalf("Do(always %v) = %v, want a *GaveUp", test.outcomes, err)
			}
			if gaveUp.Tries != 4 || calls != 4 || l.Retries() != 3 || gaveUp.Uncertain != test.uncertain || probes != 1 {
				t.Errorf("Do(always %v) = %+v after %d calls (%d retries) and %d probes, want 4 tries (3 retries), uncertain %v, 1 probe",
					test.outcomes, gaveUp, calls, l.Retries(), probes, test.uncertain)
			}
			if last := test.outcomes[len(test.outcomes)-1]; !errors.Is(err, last) {
				t.Errorf("Do(always %v) = %v, want it to wrap the last failure", test.outcomes, err)
			}
		})
	}
}

func TestWhatCannotHelpIsNotTriedAgain(t *testing.T) {
	refusal := fmt.Errorf("reading page 3: %w", failed(api.Refused))
	broken := errors.New("the disk is full")
	for _, want := range []error{refusal, broken, nil} {
		synctest.Test(t, func(t *testing.T) {
			l, _ := newLoop(upAndWell)
			calls := 0
			if err := l.Do(t.Context(), t.Context(), script(&calls, want)); err != want || calls != 1 {
				t.Errorf("Do(%v) = %v after %d calls, want it as it is after 1", want, err, calls)
			}
		})
	}
}

func TestAStopEndsAllWorkOfTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLoop(upAndWell)
		l.Policy = Policy{Retries: 5, First: time.Hour, Most: time.Hour}
		began := time.Now()
		waiting := make(chan error, 1)
		// Sent, with no answer: it would be seen through, but no call can succeed.
		calls := 0
		go func() { waiting <- l.Do(t.Context(), t.Context(), script(&calls, failed(api.Unknown), nil)) }()
		synctest.Wait()
		n := 0
		err := l.Do(t.Context(), t.Context(), script(&n, &api.Error{Verdict: api.Stop, Status: 401, Message: "unauthenticated"}))
		var stop *Stop
		if !errors.As(err, &stop) || api.StatusOf(err) != 401 {
			t.Fatalf("Do(401) = %v, want a *Stop with its status", err)
		}
		if got := <-waiting; got != err || calls != 1 || time.Since(began) != 0 {
			t.Errorf("Do() of other work = %v after %d calls and %v, want %v after 1 and no wait", got, calls, time.Since(began), err)
		}
		gate := pace.New(pace.Options{})
		defer gate.Close()
		enter := func(ctx context.Context) error { _, err := gate.Enter(ctx); return err }
		if err := l.Do(t.Context(), t.Context(), enter); !errors.Is(err, stop) || !errors.Is(err, pace.ErrLeftQueue) {
			t.Errorf("Do() of later work = %v, want no call to pass the gate, because of %v", err, stop)
		}
	})
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLoop(upAndWell)
		began, calls := time.Now(), 0
		busy := &api.Error{Verdict: api.Again, Status: 503, RetryAfter: 2 * time.Minute}
		err := l.Do(t.Context(), t.Context(), script(&calls, busy, nil))
		if past := time.Since(began); err != nil || past != busy.RetryAfter {
			t.Errorf("Do(503, Retry-After 2m) = %v after %v, want success after 2m", err, past)
		}
	})
}

func TestAWaitBeyondTheLongestOutageEndsTheRun(t *testing.T) {
	for _, verdict := range []api.Verdict{api.Wait, api.Again, api.Unknown} {
		synctest.Test(t, func(t *testing.T) {
			l, brake := newLoop(upAndWell)
			l.Policy.Retries = 0
			began, calls := time.Now(), 0
			err := l.Do(t.Context(), t.Context(), script(&calls, &api.Error{Verdict: verdict, RetryAfter: 7 * 24 * time.Hour}, nil))
			var stop *Stop
			if !errors.As(err, &stop) || calls != 1 || time.Since(began) != 0 || len(brake.holds) != 0 {
				t.Errorf("Do(%v, Retry-After a week) = %v after %d calls, %v and holds %v, want a *Stop at once", verdict, err, calls, time.Since(began), brake.holds)
			}
		})
	}
}

func TestTheEndOfTheQueueEndsWaitingUntilSomethingUncertainHasLeft(t *testing.T) {
	cause := errors.New("the operator said so")
	for _, test := range []struct {
		name      string
		first     error
		wantCalls int
		want      error
	}{
		{"nothing was applied", failed(api.Again), 1, cause},
		{"nobody knows", failed(api.Unknown), 2, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, _ := newLoop(upAndWell)
				queue, stop := context.WithCancelCause(t.Context())
				calls := 0
				err := l.Do(t.Context(), queue, func(context.Context) error {
					if calls++; calls == 1 {
						stop(cause)
						return test.first
					}
					return nil
				})
				if !errors.Is(err, test.want) || calls != test.wantCalls {
					t.Errorf("Do(%v, then success) = %v after %d calls, want %v after %d", test.first, err, calls, test.want, test.wantCalls)
				}
			})
		})
	}
}

func TestTheGateHearsOfTheQueueAndLaterOfTheCallsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLoop(upAndWell)
		gate := pace.New(pace.Options{})
		defer gate.Close()
		queue, stop := context.WithCancel(t.Context())
		calls, passed := 0, []error{}
		enter := func(ctx context.Context) error {
			calls++
			pass, err := gate.Enter(ctx)
			passed = append(passed, err)
			if err != nil {
				return err
			}
			pass.Leave()
			if calls == 1 {
				stop()
				return failed(api.Unknown)
			}
			return nil
		}
		if err := l.Do(t.Context(), queue, enter); err != nil || calls != 2 {
			t.Errorf("Do(a lost answer, then the end of the queue) = %v after %d calls, %v, want it seen through in 2", err, calls, passed)
		}
		if err := l.Do(t.Context(), queue, enter); !errors.Is(err, pace.ErrLeftQueue) || calls != 3 {
			t.Errorf("Do(new work after the end of the queue) = %v, want %v", err, pace.ErrLeftQueue)
		}
	})
}

func TestTheEndOfTheCallsEndsAtOnce(t *testing.T) {
	cause := errors.New("a second signal")
	for _, verdict := range []api.Verdict{api.Again, api.Unknown, api.Wait} {
		synctest.Test(t, func(t *testing.T) {
			l, _ := newLoop(upAndWell)
			l.Policy.First = time.Hour
			calls, abandon := context.WithCancelCause(t.Context())
			began, n := time.Now(), 0
			time.AfterFunc(time.Second, func() { abandon(cause) })
			err := l.Do(calls, t.Context(), func(ctx context.Context) error {
				if n++; n > 1 { // at the gate, after a 429
					<-ctx.Done()
					return context.Cause(ctx)
				}
				return failed(verdict)
			})
			if past := time.Since(began); err != cause || past != time.Second {
				t.Errorf("Do(%v, abandoned after 1s) = %v after %v, want %v", verdict, err, past, cause)
			}
		})
	}
}

func TestARefusalThatCameBeforeTheEndOfTheCallsCounts(t *testing.T) {
	calls, abandon := context.WithCancel(t.Context())
	l, _ := newLoop(upAndWell)
	refusal := failed(api.Refused)
	err := l.Do(calls, t.Context(), func(context.Context) error { abandon(); return refusal })
	if !errors.Is(err, refusal) {
		t.Errorf("Do(refused, then abandoned) = %v, want %v", err, refusal)
	}
}
