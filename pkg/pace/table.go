package pace

import (
	"math"
	"slices"
	"time"
)

// never is when a slot came back that was not used yet: longer ago than any window.
const never = time.Duration(math.MinInt64 / 2)

// A slot is out with a request of a process, or has come back from one.
type slot struct {
	owner uint64        // the process that has it out; 0 when it came back
	lease Lease         // of the owner's, while out
	at    time.Duration // when it was taken, or came back
}

// A table is the slots of an account as the processes of a machine share them. It reads no clock and no
// disk, and it remembers what changed so that as little as possible is written.
type table struct {
	slots   []slot
	longest time.Duration // the longest window of any process: a slot is used again only after it
	dirty   span          // the slots that changed
	header  bool          // longest or the number of slots changed
}

// A span is the integers from lo up to but without hi.
type span struct{ lo, hi int }

func (s span) with(i int) span {
	if s.lo == s.hi {
		return span{i, i + 1}
	}
	return span{min(s.lo, i), max(s.hi, i+1)}
}

func (t *table) set(i int, s slot) {
	t.slots[i] = s
	t.dirty = t.dirty.with(i)
}

func (t *table) add(s slot) {
	t.slots = append(t.slots, s)
	t.dirty = t.dirty.with(len(t.slots) - 1)
	t.header = true
}

// fit makes room for a limit and notes a window, before slots are taken under them. Room is made at once
// so that a disk that fills up later has its blocks already.
func (t *table) fit(limit int, window time.Duration) {
	for len(t.slots) < limit {
		t.add(slot{at: never})
	}
	if window > t.longest {
		t.longest = window
		t.header = true
	}
}

// take takes a slot for a lease of owner, or says how long to wait.
func (t *table) take(owner uint64, lease Lease, limit int, window, now time.Duration) time.Duration {
	used, free := 0, -1
	for i, s := range t.slots {
		switch {
		case s.owner != 0 || now-s.at < window:
			used++
		case now-s.at >= t.longest:
			free = i
		}
	}
	if used >= limit {
		return earliest(t.back(window, now), used, limit, now, window)
	}
	taken := slot{owner: owner, lease: lease, at: now}
	if free < 0 { // the others are kept for a process with a longer window
		t.add(taken)
	} else {
		t.set(free, taken)
	}
	return 0
}

// back is when the slots that came back within a window did, oldest first.
func (t *table) back(window, now time.Duration) []time.Duration {
	var back []time.Duration
	for _, s := range t.slots {
		if s.owner == 0 && now-s.at < window {
			back = append(back, s.at)
		}
	}
	slices.Sort(back)
	return back
}

// give ends a lease: the slot came back at the instant given, or never left.
func (t *table) give(owner uint64, lease Lease, at time.Duration) {
	i := slices.IndexFunc(t.slots, func(s slot) bool { return s.owner == owner && s.lease == lease })
	if i >= 0 {
		t.set(i, slot{at: at})
	}
}

// bury takes the slots of a process for come back now: whatever it sent has arrived, or it can't be asked.
func (t *table) bury(owner uint64, now time.Duration) {
	for i, s := range t.slots {
		if s.owner == owner {
			t.set(i, slot{at: now})
		}
	}
}

// others lists the processes, other than the given one, that have slots out.
func (t *table) others(me uint64) []uint64 {
	var owners []uint64
	for _, s := range t.slots {
		if s.owner != 0 && s.owner != me && !slices.Contains(owners, s.owner) {
			owners = append(owners, s.owner)
		}
	}
	return owners
}

// doubt takes every slot that is not out for come back now. It is the answer to a count that can't be
// trusted: a window later it can.
func (t *table) doubt(now time.Duration) {
	for i, s := range t.slots {
		if s.owner == 0 {
			t.set(i, slot{at: now})
		}
	}
}

// restore puts the slots that owner has out, as known, back into a table that may have lost them.
func (t *table) restore(known []slot, owner uint64) {
	for i, s := range known {
		if s.owner != owner || i < len(t.slots) && t.slots[i] == s || slices.Contains(t.slots, s) {
			continue
		}
		i := slices.IndexFunc(t.slots, func(s slot) bool { return s.owner == 0 })
		if i < 0 {
			t.add(s)
		} else {
			t.set(i, s)
		}
	}
}
