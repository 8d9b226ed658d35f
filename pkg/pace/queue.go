package pace

import (
	"context"
	"errors"
	"fmt"
)

// ErrClosed is returned by Enter once the gate was closed.
var ErrClosed = errors.New("the gate is closed")

// ErrLeftQueue is returned by Enter, wrapped with the cause, when the queue of [WithQueue] ended while
// the request was still waiting: nothing was sent.
var ErrLeftQueue = errors.New("gave up its place at the gate")

type queueKey struct{}

// WithQueue returns a context under which waiting at a gate ends when queue ends too, while the context
// itself lives on for the call that follows. So a run that is asked to stop gives up what has not been
// sent, and finishes what is in flight.
func WithQueue(ctx, queue context.Context) context.Context {
	return context.WithValue(ctx, queueKey{}, queue)
}

// queueOf is the queue that ctx carries, or one that never ends.
func queueOf(ctx context.Context) context.Context {
	if queue, ok := ctx.Value(queueKey{}).(context.Context); ok {
		return queue
	}
	return context.Background()
}

// ended says why waiting is over, or nil while it is not.
func (g *Gate) ended(ctx context.Context) error {
	queue := queueOf(ctx)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("waiting at the gate: %w", reason(ctx))
	case queue.Err() != nil:
		return fmt.Errorf("%w: %w", ErrLeftQueue, reason(queue))
	}
	select {
	case <-g.closed:
		return ErrClosed
	default:
		return nil
	}
}

// reason is the error of an ended context together with its cause, so that a caller may look for either.
func reason(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return because{cause, err}
}

// because is a cause in its own words: that a context ended says nothing to a person.
type because struct {
	error
	ended error
}

// Unwrap gives both.
func (b because) Unwrap() []error { return []error{b.error, b.ended} }
