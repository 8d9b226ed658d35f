package retry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
)

// refused is a 429 for a call that had passed the gate at left.
func refused(left time.Time, retryAfter time.Duration) *api.Error {
	return &api.Error{Verdict: api.Wait, Status: 429, Left: left, RetryAfter: retryAfter}
}

func TestCallsRefusedTogetherAreOneOverrun(t *testing.T) {
	for _, test := range []struct {
		name       string
		retryAfter time.Duration // of the 429s
		spread     time.Duration // between the answers
		want       time.Duration // that the last is held
	}{
		{"at the same instant", 20 * time.Second, 0, 20 * time.Second},
		{"one after the other", 20 * time.Second, time.Second, 35 * time.Second},
		{"without a word of when to come back", 0, time.Second, 75 * time.Second},
		{"answers slower than the wait", time.Second, 5 * time.Second, 76 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, brake := newLoop(upAndWell)
				began := time.Now()
				var all sync.WaitGroup
				for i := range 16 {
					all.Go(func() {
						n := 0
						err := l.Do(t.Context(), t.Context(), func(context.Context) error {
							if n++; n == 1 {
								time.Sleep(time.Duration(i) * test.spread)
								return refused(began, test.retryAfter)
							}
							brake.pass()
							return nil
						})
						if err != nil || n != 2 {
							t.Errorf("Do(one 429 of many) = %v after %d calls, want success after 2", err, n)
						}
					})
				}
				all.Wait()
				if l.overruns != 1 || brake.halved() != 0 || len(brake.holds) != 16 {
					t.Errorf("16 calls refused together: %d overruns, halved %d times, holds %v, want 1, 0 and 16", l.overruns, brake.halved(), brake.holds)
				}
				if past := time.Since(began); past != test.want {
					t.Errorf("16 calls refused together took %v, want %v", past, test.want)
				}
			})
		})
	}
}

// A call may be kept between the gate and the wire, by the disk or by the
// scheduler. It passed before the hold all the same.
func TestACallThatPassedTheGateJustBeforeTheHoldBelongsToIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, brake := newLoop(upAndWell)
		if err := l.throttled(refused(time.Now(), 5*time.Second)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		if err := l.throttled(refused(time.Now(), 5*time.Second)); err != nil || l.overruns != 1 || brake.halved() != 0 {
			t.Errorf("throttled(1ms into the hold) = %v, overruns %d, want no error and 1", err, l.overruns)
		}
	})
}

func TestTheSecondOverrunHalvesAndTheThirdEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, brake := newLoop(upAndWell)
		began, n := time.Now(), 0
		halvedBefore := []int{}
		err := l.Do(t.Context(), t.Context(), func(context.Context) error {
			n++
			left := brake.pass()
			halvedBefore = append(halvedBefore, brake.halved())
			return refused(left, 0)
		})
		var stop *Stop
		if !errors.As(err, &stop) || !strings.Contains(stop.Reason, "third time") {
			t.Errorf("Do(429 for ever) = %v, want a *Stop that says why", err)
		}
		if fmt.Sprint(halvedBefore) != "[0 0 1]" || time.Since(began) != 2*time.Minute || n != 3 {
			t.Errorf("Do(429 for ever) made %d calls in %v with the limit halved %v times before each, want 3 in 2m0s, [0 0 1]", n, time.Since(began), halvedBefore)
		}
	})
}

func TestTheThirdOverrunKeepsAllOthersFromCalling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLoop(upAndWell)
		gate := pace.New(pace.Options{Limit: 100, Peak: -1})
		defer gate.Close()
		l.Brake = gate
		var passed atomic.Int64
		call := func(first error) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				pass, err := gate.Enter(ctx)
				if err != nil {
					return err
				}
				defer pass.Leave()
				passed.Add(1)
				if err := first; err != nil {
					first = nil
					return err
				}
				return refused(time.Now(), 0)
			}
		}
		// The queue of all ends with the first error, as a pool's does; that of
		// work in which an answer was lost does not matter any more.
		queue, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				first := error(nil)
				if i%2 == 0 {
					first = failed(api.Unknown)
				}
				err := l.Do(t.Context(), queue, call(first))
				var s *Stop
				if !errors.As(err, &s) {
					t.Errorf("Do() = %v, want the *Stop of the third 429", err)
				}
				stop(err)
			})
		}
		all.Wait()
		if got, most := passed.Load(), int64(3*8+4); l.overruns != 3 || got > most {
			t.Errorf("%d overruns in %d calls, want 3 in at most %d", l.overruns, got, most)
		}
	})
}

// A run that ends because of a 429 has its error for the cause of every place
// given up at the gate. Taken for the answer to a call, it would be waited out
// and tried again without end.
func TestThePlaceGivenUpBecauseOfA429IsNotA429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, verdict := range []api.Verdict{api.Wait, api.Again, api.Unknown, api.Stop} {
			l, brake := newLoop(upAndWell)
			gate := pace.New(pace.Options{})
			queue, stop := context.WithCancelCause(t.Context())
			why := &Stop{Reason: "over the limit", Err: failed(verdict)}
			stop(why)
			n := 0
			err := l.Do(t.Context(), queue, func(ctx context.Context) error {
				n++
				_, err := gate.Enter(ctx)
				return err
			})
			if !errors.Is(err, why) || n != 1 || len(brake.holds) != 0 {
				t.Errorf("Do(queue ended by a stop over %v) = %v after %d tries and holds %v, want %v after 1", verdict, err, n, brake.holds, why)
			}
			gate.Close()
		}
	})
}
