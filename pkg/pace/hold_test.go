package pace

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestHoldsOnlyGrow(t *testing.T) {
	for _, tt := range []struct {
		name  string
		holds []time.Duration // a second apart
		want  time.Duration   // from the first one on
	}{
		{"one", []time.Duration{10 * time.Second}, 10 * time.Second},
		{"a shorter one after", []time.Duration{10 * time.Second, time.Second}, 10 * time.Second},
		{"a longer one after", []time.Duration{10 * time.Second, 20 * time.Second}, 21 * time.Second},
		{"none", []time.Duration{-time.Second}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := New(Options{Limit: 10})
				defer g.Close()
				start := time.Now()
				for i, d := range tt.holds {
					time.AfterFunc(time.Duration(i)*time.Second, func() { g.Hold(d) })
				}
				synctest.Wait()
				if _, err := g.Enter(t.Context()); err != nil {
					t.Errorf("Enter: %v", err)
				}
				if got := time.Since(start); got != tt.want {
					t.Errorf("Enter: waited %v, want %v", got, tt.want)
				}
				if got := g.Stats().Waited; got != tt.want {
					t.Errorf("Stats: got %v waited, want %v", got, tt.want)
				}
			})
		})
	}
}

// within counts how many pass at once, and how many within a while.
func within(t *testing.T, g *Gate, d time.Duration) (atOnce, later int) {
	t.Helper()
	var mu sync.Mutex
	n := 0
	for range 30 {
		go func() {
			pass, err := g.Enter(t.Context())
			if err != nil {
				return
			}
			pass.Leave()
			mu.Lock()
			defer mu.Unlock()
			n++
		}()
	}
	count := func() int {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return n
	}
	atOnce = count()
	time.Sleep(d)
	return atOnce, count()
}

func TestHalve(t *testing.T) {
	for _, tt := range []struct{ limit, halvings, want int }{
		{10, 1, 5}, {7, 1, 3}, {10, 2, 2}, {2, 1, 1}, {1, 1, 1}, {3, 9, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := New(Options{Limit: tt.limit, Peak: -1})
			for range tt.halvings {
				g.Halve()
			}
			if got, _ := within(t, g, 0); got != tt.want {
				t.Errorf("limit %d halved %d times: %d passed, want %d", tt.limit, tt.halvings, got, tt.want)
			}
			g.Close()
		})
	}
}

func TestHalvingWhileOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{Limit: 8, Peak: -1})
		atOnce, later := within(t, g, time.Second)
		g.Halve()
		if atOnce != 8 || later != 8 {
			t.Errorf("limit 8: %d and %d passed, want 8 and 8", atOnce, later)
		}
		if _, later = within(t, g, stretched(time.Minute)); later != 0 {
			t.Errorf("newcomers passed before those who waited: %d", later)
		}
		if got := g.Stats().Requests; got != 8+4 {
			t.Errorf("a window after halving 8: %d passed, want 8 + 4", got)
		}
		g.Close()
	})
}

func TestARateHeaderIsBelievedWhenItSaysLess(t *testing.T) {
	type header struct {
		remaining int
		reset     time.Duration
	}
	for _, tt := range []struct {
		name          string
		inFlight      int
		headers       []header
		atOnce, later int // later: 31 s after; the limit is 10
	}{
		{"less", 0, []header{{3, 30 * time.Second}}, 3, 10},
		{"nothing", 0, []header{{0, 30 * time.Second}}, 0, 10},
		{"nonsense", 0, []header{{-5, 30 * time.Second}}, 0, 10},
		{"more", 0, []header{{500, 30 * time.Second}}, 10, 10},
		{"those in flight may not be counted in it", 2, []header{{3, 30 * time.Second}}, 1, 8},
		{"no more than was said before", 0, []header{{3, 30 * time.Second}, {9, 40 * time.Second}}, 3, 10},
		{"less than was said before", 0, []header{{9, 30 * time.Second}, {3, 20 * time.Second}}, 3, 10},
		{"over already", 0, []header{{0, 0}}, 10, 10},
		{"in the past", 0, []header{{0, -time.Second}}, 10, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := New(Options{Limit: 10, Peak: -1})
				for range tt.inFlight {
					if _, err := g.Enter(t.Context()); err != nil {
						t.Fatalf("Enter: %v", err)
					}
				}
				for _, h := range tt.headers {
					g.Believe(h.remaining, h.reset)
				}
				atOnce, later := within(t, g, 31*time.Second)
				if atOnce != tt.atOnce || later != tt.later {
					t.Errorf("%d passed at once and %d in 31s, want %d and %d", atOnce, later, tt.atOnce, tt.later)
				}
				g.Close()
			})
		})
	}
}

func TestNoRateHeaderStopsTheGateForMoreThanAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{Limit: 10})
		defer g.Close()
		g.Believe(0, 24*time.Hour)
		start := time.Now()
		if _, err := g.Enter(t.Context()); err != nil {
			t.Errorf("Enter: %v", err)
		}
		if got := time.Since(start); got != time.Minute {
			t.Errorf("Enter: waited %v, want 1m", got)
		}
	})
}
