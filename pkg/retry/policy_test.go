package retry

import (
	"testing"
	"time"

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
