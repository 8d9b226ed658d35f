package report

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var began = time.Date(2026, 11, 21, 9, 25, 44, 0, time.UTC)

func TestTheCourseOfALongRunTakesNoMoreRoomThanThatOfAShortOne(t *testing.T) {
	c := NewCalls(began, 600, time.Minute)
	const minutes = 26 * 60
	for m := range minutes {
		for n := range 600 {
			c.Add(Call{Left: began.Add(time.Duration(m)*time.Minute + time.Duration(n)*100*time.Millisecond), Took: time.Millisecond})
		}
	}
	course := c.Course()
	if len(course) > mostSlices {
		t.Errorf("a day has %d instants, want %d at most", len(course), mostSlices)
	}
	for _, i := range course[:len(course)-1] {
		if i.Calls < 595 || i.Calls > 605 {
			t.Fatalf("after %v there were %d calls in a minute, want 600", i.After, i.Calls)
		}
	}
}

func TestNoCallIsLostWhenTheCourseIsCoarsened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := NewCalls(began, 10, time.Second)
		calls := rapid.SliceOfN(rapid.IntRange(0, 1000), 1, 200).Draw(t, "seconds")
		for _, s := range calls {
			c.Add(Call{Left: began.Add(time.Duration(s) * time.Second), Status: tooMany})
		}
		sum, over := 0, 0
		for i := range c.counts {
			sum += c.counts[i]
			over += c.throttled[i]
		}
		if sum != len(calls) || over != len(calls) || c.latency.Total() != len(calls) || len(c.counts) > mostSlices {
			t.Fatalf("%d calls, %d counted, %d over the limit, %d slices", len(calls), sum, over, len(c.counts))
		}
	})
}

func TestTheWindowThatEndsNowHoldsItsCallsAlone(t *testing.T) {
	c := NewCalls(began, 600, time.Minute)
	for s := range 90 {
		c.Add(Call{Left: began.Add(time.Duration(s) * time.Second)})
	}
	for _, test := range []struct{ after, want int }{{59, 60}, {89, 60}, {119, 30}, {149, 0}, {1000, 0}} {
		if got := c.InWindow(began.Add(time.Duration(test.after) * time.Second)); got != test.want {
			t.Errorf("after %ds InWindow is %d, want %d", test.after, got, test.want)
		}
	}
}

func TestTheSlowestCallsAreKeptTheSlowestFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := NewCalls(began, 0, time.Minute)
		took := rapid.SliceOf(rapid.IntRange(0, 100)).Draw(t, "took")
		for row, ms := range took {
			c.Add(Call{Row: row + 1, Left: began, Took: time.Duration(ms) * time.Millisecond})
		}
		slow := c.Slowest()
		if len(slow) != min(len(took), mostSlow) {
			t.Fatalf("of %d calls %d are kept", len(took), len(slow))
		}
		for i, s := range slow {
			longer := 0
			for _, ms := range took {
				if time.Duration(ms)*time.Millisecond > s.Took {
					longer++
				}
			}
			if longer > i {
				t.Fatalf("the call in place %d took %v, and %d took longer", i, s.Took, longer)
			}
		}
	})
}

func TestAQuantileIsAtMostAFifthTooHigh(t *testing.T) {
	var l Latency
	for ms := 1; ms <= 1000; ms++ {
		l.add(time.Duration(ms) * time.Millisecond)
	}
	for _, test := range []struct {
		share float64
		want  time.Duration
	}{{.5, 500 * time.Millisecond}, {.9, 900 * time.Millisecond}, {.99, 990 * time.Millisecond}, {1, time.Second}} {
		if got := l.Quantile(test.share); got < test.want || float64(got) > 1.2*float64(test.want) {
			t.Errorf("Quantile(%v) = %v, want %v or a fifth more", test.share, got, test.want)
		}
	}
	l.add(time.Hour)
	if got := l.Quantile(1); got != time.Hour {
		t.Errorf("the longest is %v, want an hour", got)
	}
	if got := (&Latency{}).Quantile(.5); got != 0 {
		t.Errorf("of no calls half took %v", got)
	}
}
