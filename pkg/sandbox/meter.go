package sandbox

import "time"

// meter counts the calls of one token. Refused calls take no room, or a caller
// who keeps asking would never be let in again; they do count as arrivals.
type meter struct {
	window   time.Duration
	fixed    bool
	arrivals arrivals      // of the last window
	opened   time.Duration // fixed windows: when the present one opened
	inside   int           // fixed windows: calls admitted in it
}

// expire forgets what lies a window or more before at.
func (m *meter) expire(at time.Duration) {
	m.arrivals.forget(at - m.window)
	if m.fixed && m.inside > 0 && at-m.opened >= m.window {
		m.inside = 0
	}
}

// used is how much of the limit is taken.
func (m *meter) used() int {
	if m.fixed {
		return m.inside
	}
	return m.arrivals.admitted
}

// admit takes room in a fixed window; the sliding one is the arrivals.
func (m *meter) admit(at time.Duration) {
	if m.inside == 0 {
		m.opened = at
	}
	if m.fixed {
		m.inside++
	}
}

// opensIn is how long until there is room again, when there is none.
func (m *meter) opensIn(at time.Duration) time.Duration {
	oldest := m.opened
	if !m.fixed {
		oldest = m.arrivals.oldestAdmitted()
	}
	return oldest + m.window - at
}

func (m *meter) idle() bool { return m.arrivals.calls == 0 && m.inside == 0 }

// arrivals is a queue of calls in order of time. It holds what one window
// brings and at most as much again that is already forgotten.
type arrivals struct {
	marks    []mark
	head     int // marks before it are forgotten
	calls    int
	admitted int
}

// mark is the calls of one instant.
type mark struct {
	at              time.Duration
	calls, admitted int
}

func (a *arrivals) add(at time.Duration, admitted bool) {
	if n := len(a.marks); n == a.head || a.marks[n-1].at != at {
		a.marks = append(a.marks, mark{at: at})
	}
	last := &a.marks[len(a.marks)-1]
	last.calls++
	a.calls++
	if admitted {
		last.admitted++
		a.admitted++
	}
}

// forget drops the calls at or before end.
func (a *arrivals) forget(end time.Duration) {
	for a.head < len(a.marks) && a.marks[a.head].at <= end {
		a.calls -= a.marks[a.head].calls
		a.admitted -= a.marks[a.head].admitted
		a.head++
	}
	if live := a.marks[a.head:]; a.head > len(live) {
		// Into a new slice, not down the old one: a busy minute must not
		// hold its memory for ever.
		a.marks = append(make([]mark, 0, 2*len(live)), live...)
		a.head = 0
	}
}

// oldestAdmitted is when the first call that still takes room came.
func (a *arrivals) oldestAdmitted() time.Duration {
	for _, m := range a.marks[a.head:] {
		if m.admitted > 0 {
			return m.at
		}
	}
	return 0
}
