package pace

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// send runs n requests through a gate with so many workers, and says how long that took.
func send(t *testing.T, g *Gate, s *counter, n, workers int, latency time.Duration, seed uint64) time.Duration {
	t.Helper()
	start := time.Now()
	l := &load{gate: g, server: s, latency: latency, seed: seed, todo: n}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			if err := l.worker(w, func() (*Pass, error) { return g.Enter(t.Context()) }); err != nil {
				t.Errorf("Enter: got error %v, want a pass", err)
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

func TestNoWindowHoldsMoreThanTheLimitWhateverTheLatency(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		limit := rapid.IntRange(1, 40).Draw(r, "limit")
		window := time.Duration(rapid.IntRange(10, 60_000).Draw(r, "window")) * time.Millisecond
		latency := time.Duration(rapid.Float64Range(0, 2).Draw(r, "latency") * float64(window))
		peak := rapid.SampledFrom([]float64{-1, 0, 5}).Draw(r, "peak")
		n := rapid.IntRange(1, 200).Draw(r, "requests")
		workers := rapid.IntRange(1, 50).Draw(r, "workers")
		seed := rapid.Uint64().Draw(r, "seed")
		var err error
		synctest.Test(t, func(t *testing.T) {
			g, s := New(Options{Limit: limit, Window: window, Peak: peak}), newCounter()
			defer g.Close()
			send(t, g, s, n, workers, latency, seed)
			err = s.overrun(limit, window)
			if got := g.Stats(); got.Requests != int64(n) || got.InFlight != 0 || got.WorstWindow > limit {
				err = errors.Join(err, errors.New("stats don't add up"))
			}
		})
		if err != nil {
			r.Fatal(err)
		}
	})
}

func TestAListTakesTheTheoreticalMinimum(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		limit := rapid.IntRange(1, 600).Draw(r, "limit")
		n := rapid.IntRange(1, 2000).Draw(r, "requests")
		seed := rapid.Uint64().Draw(r, "seed")
		const window, latency = time.Minute, time.Second
		var took, want time.Duration
		synctest.Test(t, func(t *testing.T) {
			g, s := New(Options{Limit: limit, Window: window, Peak: -1}), newCounter()
			defer g.Close()
			took = send(t, g, s, n, min(n, 2*limit), latency, seed)
			want = time.Duration((n-1)/limit)*window*102/100 + latency
		})
		if took > want {
			r.Fatalf("%d requests at %d a window took %v, want at most %v", n, limit, took, want)
		}
	})
}

func TestSmoothingCostsALongListNothingAndKeepsThePeak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s := New(Options{Limit: 600}), newCounter()
		defer g.Close()
		const n = 6000
		took := send(t, g, s, n, 16, 300*time.Millisecond, 1)
		// The last window's worth is smoothed over 600/30 = 20 s, the others wait for slots anyway.
		if want := 9*time.Minute*102/100 + 20*time.Second; took > want {
			t.Errorf("%d requests took %v, want at most %v", n, took, want)
		}
		if err := s.overrun(600, time.Minute); err != nil {
			t.Error(err)
		}
		// 30 a second, a burst of 3, and what random latencies move from one second to the next.
		if err := s.overrun(30+3+10, time.Second); err != nil {
			t.Error(err)
		}
	})
}

func TestAListThatIsKnownToBeLongIsNotSmoothed(t *testing.T) {
	for _, test := range []struct {
		expected int
		want     time.Duration
	}{{600, 80 * time.Second}, {1200, 62 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			g, s := New(Options{Limit: 600}), newCounter()
			defer g.Close()
			g.Expect(test.expected)
			took := send(t, g, s, 1200, 64, time.Second/10, 1)
			if diff := took - test.want; diff > 3*time.Second || diff < -3*time.Second {
				t.Errorf("1200 requests at 600 a minute, %d of them expected, took %v, want about %v", test.expected, took, test.want)
			}
			if err := s.overrun(600, time.Minute); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAListShorterThanTheLimitGoesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s := New(Options{Limit: 600, Peak: -1}), newCounter()
		defer g.Close()
		if took := send(t, g, s, 600, 600, 0, 1); took != 0 {
			t.Errorf("600 requests at 600 a minute took %v, want no time", took)
		}
		if got := g.Stats(); got.Waited != 0 || got.WorstWindow != 600 {
			t.Errorf("Stats: got %+v, want no wait and 600 in the worst window", got)
		}
	})
}

func TestWithoutALimitNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s := New(Options{}), newCounter()
		defer g.Close()
		g.Halve()
		g.Believe(0, time.Minute)
		if took := send(t, g, s, 1000, 10, 0, 1); took != 0 {
			t.Errorf("1000 requests took %v, want no time", took)
		}
		g.Hold(time.Second)
		if took := send(t, g, s, 1, 1, 0, 1); took != time.Second {
			t.Errorf("held for 1s, a request took %v", took)
		}
	})
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{Limit: 1, Window: time.Second})
		defer g.Close()
		var mu sync.Mutex
		var got, want []int
		for i := range 50 {
			want = append(want, i)
			go func() {
				pass, err := g.Enter(t.Context())
				if err != nil {
					t.Errorf("Enter: %v", err)
					return
				}
				mu.Lock()
				got = append(got, i)
				mu.Unlock()
				pass.Leave()
			}()
			synctest.Wait()
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if !slices.Equal(got, want) {
			t.Errorf("50 waiters passed in the order %v, want the order they came in", got)
		}
	})
}

// occupied returns a gate of one slot, which is taken.
func occupied(t *testing.T) (*Gate, *Pass) {
	t.Helper()
	g := New(Options{Limit: 1, Window: time.Minute})
	pass, err := g.Enter(t.Context())
	if err != nil {
		t.Fatalf("Enter: %v", err)
	}
	return g, pass
}

func TestWhoGivesUpWaitingLosesNoSlot(t *testing.T) {
	boredom := errors.New("bored")
	for _, tt := range []struct {
		name string
		ctx  func(context.Context) (context.Context, func())
		want []error
	}{
		{"ended", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			return ctx, func() { cancel(boredom) }
		}, []error{context.Canceled, boredom}},
		{"deadline", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			return ctx, func() {
				time.Sleep(2 * time.Second)
				cancel()
			}
		}, []error{context.DeadlineExceeded}},
		{"queue", func(ctx context.Context) (context.Context, func()) {
			queue, cancel := context.WithCancelCause(context.Background())
			return WithQueue(ctx, queue), func() { cancel(boredom) }
		}, []error{ErrLeftQueue, context.Canceled, boredom}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, pass := occupied(t)
				defer g.Close()
				ctx, end := tt.ctx(t.Context())
				var wg sync.WaitGroup
				for range 10 { // one at the gate, nine behind it
					wg.Go(func() {
						_, err := g.Enter(ctx)
						for _, want := range tt.want {
							if !errors.Is(err, want) {
								t.Errorf("Enter: got error %v, want one that is %v", err, want)
							}
						}
						if errors.Is(err, boredom) && strings.Contains(err.Error(), context.Canceled.Error()) {
							t.Errorf("Enter: the error says %q, and a person knows no contexts", err)
						}
					})
				}
				synctest.Wait()
				end()
				wg.Wait()
				pass.Leave()
				start := time.Now()
				if _, err := g.Enter(t.Context()); err != nil {
					t.Errorf("Enter: %v", err)
				}
				if got, want := time.Since(start), stretched(time.Minute); got != want {
					t.Errorf("the next one waited %v, want %v", got, want)
				}
			})
		})
	}
}

func TestTheQueueEndsWaitingButNotTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{Limit: 1})
		defer g.Close()
		queue, stop := context.WithCancel(t.Context())
		ctx := WithQueue(t.Context(), queue)
		if _, err := g.Enter(ctx); err != nil {
			t.Fatalf("Enter: %v", err)
		}
		stop()
		if ctx.Err() != nil {
			t.Errorf("the call's context ended with its queue: %v", ctx.Err())
		}
		if _, err := g.Enter(ctx); !errors.Is(err, ErrLeftQueue) {
			t.Errorf("Enter: got error %v, want ErrLeftQueue", err)
		}
	})
}

func TestCloseEndsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := occupied(t)
		for range 3 {
			go func() {
				if _, err := g.Enter(t.Context()); !errors.Is(err, ErrClosed) {
					t.Errorf("Enter: got error %v, want ErrClosed", err)
				}
			}()
		}
		synctest.Wait()
		for range 2 {
			if err := g.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		synctest.Wait()
		if _, err := g.Enter(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("Enter: got error %v, want ErrClosed", err)
		}
	})
}

func TestAPassEndsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{Limit: 2, Peak: -1})
		defer g.Close()
		a, _ := g.Enter(t.Context())
		a.Leave()
		a.Leave()
		a.Cancel()
		b, _ := g.Enter(t.Context())
		b.Cancel()
		b.Leave()
		start := time.Now()
		for range 2 { // the first takes what b gave back, the second waits for a's slot
			if _, err := g.Enter(t.Context()); err != nil {
				t.Errorf("Enter: %v", err)
			}
		}
		if got, want := time.Since(start), stretched(time.Minute); got != want {
			t.Errorf("two more took %v, want %v", got, want)
		}
		if got := g.Stats().InFlight; got != 2 {
			t.Errorf("Stats: got %d in flight, want 2", got)
		}
	})
}

func TestACancelledPassWakesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, pass := occupied(t)
		defer g.Close()
		time.AfterFunc(time.Second, pass.Cancel)
		start := time.Now()
		if _, err := g.Enter(t.Context()); err != nil {
			t.Errorf("Enter: %v", err)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("the next one waited %v, want 1s", got)
		}
		if got := g.Stats().Waited; got != time.Second {
			t.Errorf("Stats: got %v waited, want 1s", got)
		}
	})
}

// A slowStore has something happen while a slot is being taken.
type slowStore struct {
	*local
	meanwhile func()
}

func (s slowStore) Take(ctx context.Context, limit int, window time.Duration) (Lease, time.Duration, error) {
	s.meanwhile()
	return s.local.Take(ctx, limit, window)
}

func TestAHoldThatComesWhileASlotIsTakenHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g *Gate
		store := slowStore{newLocal(), sync.OnceFunc(func() { g.Hold(10 * time.Second) })}
		g = New(Options{Limit: 1, Store: store})
		defer g.Close()
		start := time.Now()
		if _, err := g.Enter(t.Context()); err != nil {
			t.Errorf("Enter: %v", err)
		}
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("Enter: waited %v, want 10s: the hold, with its slot given back unused", got)
		}
	})
}

func TestWhoGivesUpWhileASlotIsTakenLosesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := New(Options{Limit: 1, Store: slowStore{newLocal(), cancel}})
		defer g.Close()
		if _, err := g.Enter(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Enter: got error %v, want Canceled", err)
		}
		start := time.Now()
		if _, err := g.Enter(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("Enter: got error %v after %v, want a pass at once", err, time.Since(start))
		}
	})
}
