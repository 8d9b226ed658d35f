package batch

import "golang.org/x/sync/errgroup"

// aheadBy is how many items are handed over at once: enough that handing over
// costs next to nothing, and few enough to stay in a core's own memory.
const aheadBy = 64

// handfuls are under way at most: so many that when one side is kept from its
// core for a while, by the collector or a third goroutine, the other still has
// something to do. With two of them both sides stop for each handful, and
// reading takes a third longer.
const handfuls = 8

// Ahead reads items in a goroutine of its own, up to eight handfuls ahead of
// the one who uses them, so that both go on side by side. It belongs to one
// goroutine, which closes it.
type Ahead[T any] struct {
	full chan handful[T]
	free chan []T // on their way back
	stop chan struct{}
	done errgroup.Group

	items []T // those of the latest handful
	used  int
	err   error // that ended reading; comes after the items
}

type handful[T any] struct {
	items []T
	err   error
}

// NewAhead begins to call next, from one goroutine, until it returns an error.
func NewAhead[T any](next func() (T, error)) *Ahead[T] {
	a := &Ahead[T]{full: make(chan handful[T], handfuls), free: make(chan []T, handfuls), stop: make(chan struct{})}
	for range cap(a.free) {
		a.free <- make([]T, 0, aheadBy)
	}
	a.done.Go(func() error {
		for {
			select {
			case items := <-a.free:
				if !a.fill(items[:0], next) {
					return nil
				}
			case <-a.stop:
				return nil
			}
		}
	})
	return a
}

// fill hands over a handful of items, and reports whether there may be more.
func (a *Ahead[T]) fill(items []T, next func() (T, error)) bool {
	var err error
	for err == nil && len(items) < cap(items) {
		var item T
		if item, err = next(); err == nil {
			items = append(items, item)
		}
	}
	select {
	case a.full <- handful[T]{items, err}:
		return err == nil
	case <-a.stop:
		return false
	}
}

// Next gives the next item, which is good until the call after it. After the
// last one it returns the error that ended reading, again and again.
func (a *Ahead[T]) Next() (*T, error) {
	for a.used == len(a.items) {
		if a.err != nil {
			return nil, a.err
		}
		if a.items != nil {
			clear(a.items) // what they hold need not wait to be overwritten
			a.free <- a.items
		}
		h := <-a.full
		a.items, a.err, a.used = h.items, h.err, 0
	}
	a.used++
	return &a.items[a.used-1], nil
}

// Close ends reading, and returns when it has come to rest. It is called once.
func (a *Ahead[T]) Close() {
	close(a.stop)
	_ = a.done.Wait() // it has no errors but those of Next
}
