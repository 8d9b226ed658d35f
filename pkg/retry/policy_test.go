package retry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"pgregory.net/rapid"
)

// aPolicy draws any policy, sensible or not: zeros, a first wait beyond the
// longest, spans near the end of what a Duration holds.
func aPolicy(t *rapid.T) Policy {
	span := rapid.OneOf(
		rapid.Int64Range(-1, 10),
		rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)),
		rapid.Int64Range(1<<61, 1<<63-1),
	)
	return Policy{First: time.Duration(span.Draw(t, "first")), Most: time.Duration(span.Draw(t, "most"))}
}

// full is the span of which Wait leaves half to chance.
func full(p Policy, n int) time.Duration {
	first, most := p.First, p.Most
	if first <= 0 {
		first = 500 * time.Millisecond
	}
	if most <= 0 {
		most = 30 * time.Second
	}
	span := uint64(first) // has room for twice the longest Duration
	for ; n > 1 && span < uint64(most); n-- {
		span *= 2
	}
	return time.Duration(min(span, uint64(most)))
}

func TestWaitIsInTheUpperHalfOfADoublingSpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, n := aPolicy(t), rapid.IntRange(-1, 100).Draw(t, "n")
		chance := rapid.Float64Range(0, 0.999999).Draw(t, "chance")
		got, span := p.Wait(n, chance), full(p, n)
		if got < span/2 || got > span {
			t.Fatalf("%+v.Wait(%d, %v) = %v, want it between %v and %v", p, n, chance, got, span/2, span)
		}
	})
}

func TestWaitGrowsWithTheTriesAndWithChance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, n := aPolicy(t), rapid.IntRange(1, 100).Draw(t, "n")
		chance, more := rapid.Float64Range(0, 0.5).Draw(t, "chance"), rapid.Float64Range(0, 0.4).Draw(t, "more")
		if a, b := p.Wait(n, chance), p.Wait(n+1, chance); b < a {
			t.Fatalf("%+v.Wait(%d, %v) = %v after %v, want no less", p, n+1, chance, b, a)
		}
		if a, b := p.Wait(n, chance), p.Wait(n, chance+more); b < a {
			t.Fatalf("%+v.Wait(%d, %v) = %v, with less chance %v, want no less", p, n, chance+more, b, a)
		}
	})
}

func TestWaitInNumbers(t *testing.T) {
	for _, test := range []struct {
		policy Policy
		n      int
		chance float64
		want   time.Duration
	}{
		{Policy{}, 1, 0, 250 * time.Millisecond},
		{Policy{}, 2, 0, 500 * time.Millisecond},
		{Policy{}, 3, 0.5, 1500 * time.Millisecond},
		{Policy{}, 7, 0, 15 * time.Second},
		{Policy{}, 1 << 40, 0, 15 * time.Second},
		{Policy{}, 0, 0, 250 * time.Millisecond},
		{Policy{First: time.Minute, Most: time.Second}, 1, 0, 500 * time.Millisecond},
		{Policy{First: 100 * time.Hour, Most: 1 << 62}, 60, 0, 1 << 61},
	} {
		if got := test.policy.Wait(test.n, test.chance); got != test.want {
			t.Errorf("%+v.Wait(%d, %v) = %v, want %v", test.policy, test.n, test.chance, got, test.want)
		}
	}
}

func TestACallThatMayStillBeUnderWayIsLeftAlone(t *testing.T) {
	left := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ended := left.Add(10 * time.Second)
	for _, test := range []struct {
		name   string
		failed api.Error
		want   time.Duration // after it left; 0 = at once
	}{
		{"our timeout", api.Error{Verdict: api.Unknown, Err: context.DeadlineExceeded}, time.Minute},
		{"abandoned", api.Error{Verdict: api.Unknown, Err: context.Canceled}, time.Minute},
		{"a proxy's timeout", api.Error{Verdict: api.Unknown, Status: http.StatusGatewayTimeout}, time.Minute},
		{"a content network's timeout", api.Error{Verdict: api.Unknown, Status: 524}, time.Minute},
		{"cut off", api.Error{Verdict: api.Unknown, Err: io.ErrUnexpectedEOF}, 13 * time.Second},
		{"cut off behind a proxy", api.Error{Verdict: api.Unknown, Status: http.StatusBadGateway}, 13 * time.Second},
		{"cut off behind a content network", api.Error{Verdict: api.Unknown, Status: 520}, 13 * time.Second},
		{"the API failed", api.Error{Verdict: api.Unknown, Status: http.StatusInternalServerError}, 0},
		{"an answer that says nothing", api.Error{Verdict: api.Unknown, Status: http.StatusOK, Err: io.EOF}, 0},
		{"never applied", api.Error{Verdict: api.Again, Err: context.DeadlineExceeded}, 0},
		{"refused", api.Error{Verdict: api.Refused, Status: http.StatusConflict}, 0},
	} {
		test.failed.Left = left
		got, want := Policy{Late: time.Minute}.Ripe(&test.failed, ended), time.Time{}
		if test.want > 0 {
			want = left.Add(test.want)
		}
		if !got.Equal(want) {
			t.Errorf("%s: Ripe() = %v, want %v", test.name, got, want)
		}
	}
	broken := &api.Error{Verdict: api.Unknown, Err: io.ErrUnexpectedEOF, Left: left}
	for late, want := range map[time.Duration]time.Duration{0: 0, time.Second / 2: time.Second / 2, 3 * time.Second: time.Second, time.Hour: 3 * time.Minute} {
		if got := (Policy{Late: late}).Ripe(broken, ended); !got.Equal(ended.Add(want)) {
			t.Errorf("cut off, with Late %v: Ripe() = %v, want %v after the end", late, got, want)
		}
	}
}

func TestALostCallIsTriedAgainAndGivenUpOnlyWhenItIsRipe(t *testing.T) {
	for _, test := range []struct {
		name     string
		outcomes []error
		up       bool // does it come to an end?
	}{
		{"tried again", []error{nil, nil}, true},
		{"given up", []error{nil, failed(api.Again)}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			l, _ := newLoop(upAndWell)
			l.Policy.Late, l.Policy.Most = time.Hour, time.Second
			began, calls := time.Now(), 0
			test.outcomes[0] = &api.Error{Verdict: api.Unknown, Err: context.DeadlineExceeded, Left: began}
			var second time.Duration
			err := l.Do(t.Context(), t.Context(), func(ctx context.Context) error {
				if calls == 1 {
					second = time.Since(began)
				}
				return script(&calls, test.outcomes...)(ctx)
			})
			if second != time.Hour || (err == nil) != test.up {
				t.Errorf("%s: Do() = %v with the second try after %v, want it after an hour", test.name, err, second)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLoop(upAndWell)
		l.Policy = Policy{Late: time.Hour}
		began, calls := time.Now(), 0
		err := l.Do(t.Context(), t.Context(), script(&calls, &api.Error{Verdict: api.Unknown, Err: context.DeadlineExceeded, Left: began}))
		var gaveUp *GaveUp
		if past := time.Since(began); !errors.As(err, &gaveUp) || past != time.Hour {
			t.Errorf("Do() without retries = %v after %v, want to give up after an hour, when it can be looked up", err, past)
		}
	})
}
