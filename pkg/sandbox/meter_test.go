package sandbox

import (
	"testing"
	"time"
)

func TestArrivalsHoldNoMoreThanTwoWindows(t *testing.T) {
	m := meter{window: 100}
	for at := range time.Duration(100_000) {
		m.expire(at)
		m.arrivals.add(at, true)
		if held := len(m.arrivals.marks); held > 201 {
			t.Fatalf("at %d: %d marks held, want 201 at most", at, held)
		}
	}
	m.expire(200_000)
	if !m.idle() || cap(m.arrivals.marks) > 0 {
		t.Errorf("after a pause: %d calls, room for %d marks, want none", m.arrivals.calls, cap(m.arrivals.marks))
	}
}

func TestGateDropsIdleMeters(t *testing.T) {
	now := time.Unix(0, 0)
	g := newGate(Options{Limit: 1, Window: time.Second, BlockFor: 1, Now: func() time.Time { return now }})
	for i := range 10 * manyMeters {
		g.arrive(tokenKey{byte(i), byte(i >> 8)}, "127.0.0.1")
		now = now.Add(time.Second / 100)
	}
	if len(g.meters) > manyMeters {
		t.Errorf("%d meters, want %d at most", len(g.meters), manyMeters)
	}
}
