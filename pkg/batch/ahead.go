package batch

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"
)

// aheadBy is how many items are handed over at once: enough that handing over
// costs next to nothing, and few enough to stay in a core's own memory.
const aheadBy = 64

// Ahead calls each with every item that next gives, in order, until next
// returns io.EOF. Next is called in a goroutine of its own, up to three
// handfuls of items ahead of each, so that reading and using the items may go
// on side by side. It returns the first error of either, or the cause for
// which ctx ended, after both have come to rest.
func Ahead[T any](ctx context.Context, next func() (T, error), each func(*T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	full := make(chan []T)
	free := make(chan []T, 2) // slices on their way back: one is being filled, one used, one may wait
	for range cap(free) {
		free <- make([]T, 0, aheadBy)
	}
	var reader errgroup.Group
	reader.Go(func() error {
		defer close(full)
		for {
			var items []T
			select {
			case items = <-free:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			items, err := fill(items[:0], next)
			if len(items) > 0 {
				select {
				case full <- items:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			if err != nil {
				return err
			}
		}
	})
	err := use(full, free, each)
	cancel(err)
	if readErr := reader.Wait(); err == nil && !errors.Is(readErr, io.EOF) {
		err = readErr
	}
	return err
}

// fill reads a handful of items.
func fill[T any](items []T, next func() (T, error)) ([]T, error) {
	for len(items) < cap(items) {
		item, err := next()
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

// use hands the items on, and the empty slices back.
func use[T any](full <-chan []T, free chan<- []T, each func(*T) error) error {
	for items := range full {
		for i := range items {
			if err := each(&items[i]); err != nil {
				return err
			}
		}
		free <- items
	}
	return nil
}
