package sandbox_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// clock is a Now that a test moves.
type clock struct{ at time.Time }

func newClock() *clock                    { return &clock{fixedDay()} }
func (c *clock) now() time.Time           { return c.at }
func (c *clock) advance(by time.Duration) { c.at = c.at.Add(by) }

// admits is the limit said plainly: a call is let in when fewer than limit
// calls were, in the window that ends with it. worst is the most arrivals of
// any window.
func admits(times []time.Duration, limit int, window time.Duration, fixed bool) (in []bool, worst int) {
	opened, inside := time.Duration(0), 0
	for i, at := range times {
		used, arrived := 0, 1
		for j := range i {
			if at-times[j] >= window {
				continue
			}
			arrived++
			if in[j] {
				used++
			}
		}
		worst = max(worst, arrived)
		if fixed {
			if inside == 0 || at-opened >= window {
				opened, inside = at, 0
			}
			used = inside
		}
		in = append(in, used < limit)
		if used < limit {
			inside++
		}
	}
	return in, worst
}

func TestLimitAdmitsWhatItsWindowAllows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const window = 10 * time.Second
		limit := rapid.IntRange(1, 5).Draw(rt, "limit")
		fixed := rapid.Bool().Draw(rt, "fixed")
		gaps := rapid.SliceOfN(rapid.IntRange(0, 6), 0, 40).Draw(rt, "gaps")
		c := newClock()
		// Nobody is blocked for more than an instant, so that the limit shows.
		s := sandbox.New(sandbox.Options{Limit: limit, Window: window, CountFixedWindows: fixed, Now: c.now, BlockFor: 1})
		var times []time.Duration
		for _, gap := range gaps {
			c.advance(time.Duration(gap)*time.Second + 2)
			times = append(times, c.at.Sub(fixedDay()))
		}
		want, worst := admits(times, limit, window, fixed)
		for i, at := range times {
			c.at = fixedDay().Add(at)
			got := send(s, request("GET", sandbox.BasePath+"/campaigns", "")).status
			if (got == http.StatusOK) != want[i] {
				rt.Fatalf("call %d of %v: status %d, want admitted %v", i, times, got, want[i])
			}
		}
		if got := s.Counts().WorstWindow; got != worst {
			rt.Errorf("worst window of %v = %d, want %d", times, got, worst)
		}
	})
}

func TestCallsAWindowApartDoNotMeet(t *testing.T) {
	c := newClock()
	s := newServer(sandbox.Options{Limit: 1, Now: c.now})
	wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 200)
	c.advance(time.Minute - 1)
	wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 429)
	c.advance(1)
	wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 200)
}

func TestDefaultLimitIs600AMinute(t *testing.T) {
	s := newServer(sandbox.Options{})
	for range sandbox.DefaultLimit {
		wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 200)
	}
	wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 429)
}

func TestNegativeLimitIsNone(t *testing.T) {
	s := newServer(sandbox.Options{Limit: -1})
	for range 2 * sandbox.DefaultLimit {
		wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 200)
	}
	if worst := s.Counts().WorstWindow; worst != 2*sandbox.DefaultLimit {
		t.Errorf("worst window = %d, want %d", worst, 2*sandbox.DefaultLimit)
	}
}

func TestTokensHaveTheirOwnLimit(t *testing.T) {
	s := newServer(sandbox.Options{Limit: 1})
	wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 200)
	other := request("GET", sandbox.BasePath+"/campaigns", "")
	other.Header.Set("Authorization", "Bearer other")
	wantStatus(t, send(s, other), 200)
	wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 429)
}

func TestRetryAfterHasTheFormAsked(t *testing.T) {
	tests := []struct {
		form sandbox.RetryAfter
		want string
	}{
		{sandbox.RetryAfterNone, ""},
		{sandbox.RetryAfterSeconds, "50"},
		{sandbox.RetryAfterDate, "Tue, 03 Feb 2026 12:01:00 GMT"},
	}
	for _, fixed := range []bool{false, true} {
		for _, tt := range tests {
			c := newClock()
			s := newServer(sandbox.Options{Limit: 1, RetryAfter: tt.form, CountFixedWindows: fixed, Now: c.now})
			ask(t, s, "GET", "/campaigns", "")
			c.advance(10*time.Second + time.Millisecond)
			got := ask(t, s, "GET", "/campaigns", "")
			wantStatus(t, got, 429)
			if after := got.header.Get("Retry-After"); after != tt.want {
				t.Errorf("form %d: Retry-After = %q, want %q", tt.form, after, tt.want)
			}
			if seconds, err := strconv.Atoi(tt.want); err == nil {
				c.advance(time.Duration(seconds) * time.Second)
				wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 200)
			}
		}
	}
}

func TestMoreThanThreeOverrunsBlockTheAddress(t *testing.T) {
	c := newClock()
	s := newServer(sandbox.Options{Limit: 1, Now: c.now, BlockFor: time.Hour})
	want := []int{200, 429, 429, 429, 429, 403, 403}
	for i, status := range want {
		if got := ask(t, s, "GET", "/campaigns", "").status; got != status {
			t.Fatalf("call %d: status %d, want %d of %v", i, got, status, want)
		}
	}
	other := request("GET", sandbox.BasePath+"/campaigns", "")
	other.Header.Set("Authorization", "Bearer other")
	wantStatus(t, send(s, other), 403) // the address is blocked, not the token
	elsewhere := request("GET", sandbox.BasePath+"/campaigns", "")
	elsewhere.Header.Set("Authorization", "Bearer other")
	elsewhere.RemoteAddr = "127.0.0.2:4000"
	wantStatus(t, send(s, elsewhere), 200)

	if n := s.Counts(); n.Overruns != 4 || n.Blocked != 3 {
		t.Errorf("overruns, blocked = %d, %d, want 4, 3", n.Overruns, n.Blocked)
	}
	c.advance(time.Hour)
	for _, status := range []int{200, 429, 429, 429, 429, 403} { // strikes begin anew
		wantStatus(t, ask(t, s, "GET", "/campaigns", ""), status)
	}
}

func TestStrikesMayBeCountedByWindow(t *testing.T) {
	c := newClock()
	s := newServer(sandbox.Options{Limit: 1, Now: c.now, StrikePerWindow: true})
	for round := range 4 {
		for call, status := range []int{200, 429, 429, 429} {
			want := status
			if round == 3 && call > 1 {
				want = 403 // the fourth round's first 429 was the fourth strike
			}
			if got := ask(t, s, "GET", "/campaigns", "").status; got != want {
				t.Fatalf("round %d, call %d: status %d, want %d", round, call, got, want)
			}
		}
		c.advance(time.Minute)
	}
}

func TestWatchingIsNotCounted(t *testing.T) {
	s := newServer(sandbox.Options{Limit: 1})
	for range 3 {
		wantStatus(t, send(s, request("GET", "/_sandbox/counts", "")), 200)
	}
	wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 200)
	if n := s.Counts().Requests; n != 1 {
		t.Errorf("requests = %d, want 1", n)
	}
}

func TestManyTokensAreAllCounted(t *testing.T) {
	c := newClock()
	s := newServer(sandbox.Options{Limit: 1, Now: c.now, BlockFor: 1})
	for i := range 3000 {
		r := request("GET", sandbox.BasePath+"/campaigns", "")
		r.Header.Set("Authorization", fmt.Sprintf("Bearer token-%d", i))
		wantStatus(t, send(s, r), 200)
		c.advance(50 * time.Millisecond)
	}
	last := request("GET", sandbox.BasePath+"/campaigns", "")
	last.Header.Set("Authorization", "Bearer token-2999")
	wantStatus(t, send(s, last), 429)
}
