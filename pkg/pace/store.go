package pace

import (
	"context"
	"time"
)

// A Lease is one taken slot, named by the [Store] that gave it; 0 is none. It means something to that
// Store alone.
type Lease uint64

// A Store keeps the count: which slots are out with a request, and when the others came back. Several
// gates, processes or machines may share one. Its methods may be called concurrently.
type Store interface {
	// Take takes a slot, if fewer than limit are out or came back less than window ago. Otherwise the
	// lease is 0, and asking again is worth it after wait (more than 0). It never waits for a slot; it
	// may wait a little, bounded, for the Store itself. What passes with time is no error but a wait;
	// an error means that no slot will ever come.
	//
	// Sharers may differ in limit and window: each is held to its own, against the count of all.
	Take(ctx context.Context, limit int, window time.Duration) (lease Lease, wait time.Duration, err error)

	// Give ends a lease. The slot counts for another window from now on, unless nothing was sent: then
	// it is free at once. A lease is given back once.
	Give(lease Lease, sent bool)

	// Close lets go of what the Store holds open. It ends no lease that is still out.
	Close() error
}

// earliest says how long until one more slot may be free. left holds when slots came back, oldest first,
// and used counts those and the ones still out, limit or more. A slot still out can't be free before a
// window from now, so nobody needs to be told when it comes back: waiting by this hint misses nothing.
func earliest(left []time.Duration, used, limit int, now, window time.Duration) time.Duration {
	over := used - limit
	if over >= len(left) {
		return window
	}
	return left[over] + window - now
}
