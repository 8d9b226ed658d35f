package pace

import "time"

// A trail is instants in order, oldest first, as time since some fixed start. Adding and forgetting cost
// O(1), amortised.
type trail struct {
	at   []time.Duration
	head int // what is before it has been forgotten
}

func (t *trail) add(at time.Duration) { t.at = append(t.at, at) }

// forget drops the instants at or before the given one.
func (t *trail) forget(upTo time.Duration) {
	for t.head < len(t.at) && t.at[t.head] <= upTo {
		t.head++
	}
	if t.head*2 >= len(t.at) {
		t.at = append(t.at[:0], t.at[t.head:]...)
		t.head = 0
	}
}

func (t *trail) live() []time.Duration { return t.at[t.head:] }
