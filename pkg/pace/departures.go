package pace

import (
	"encoding/binary"
	"time"
)

// departures are the instants of a window, oldest first, of which there may be a million: some three bytes
// each. They are told as time since some fixed start.
type departures struct {
	steps  []byte // from each instant to the next, as varints
	head   int    // of the step that leads from the oldest
	oldest time.Duration
	latest time.Duration
	count  int
}

// add takes an instant that is no earlier than the latest.
func (d *departures) add(at time.Duration) {
	if d.count == 0 {
		*d = departures{steps: d.steps[:0], oldest: at, latest: at, count: 1}
		return
	}
	d.steps = binary.AppendUvarint(d.steps, uint64(at-d.latest))
	d.latest = at
	d.count++
}

// forget drops the instants at or before the given one.
func (d *departures) forget(upTo time.Duration) {
	for d.count > 0 && d.oldest <= upTo {
		step, n := binary.Uvarint(d.steps[d.head:])
		d.oldest, d.head, d.count = d.oldest+time.Duration(step), d.head+n, d.count-1
	}
	if d.head*2 >= len(d.steps) {
		d.steps = append(d.steps[:0], d.steps[d.head:]...)
		d.head = 0
	}
}
