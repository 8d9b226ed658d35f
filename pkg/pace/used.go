package pace

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// counting is a [Store] that can tell how much of its count is used.
type counting interface {
	// used counts the slots that are out or came back less than window ago. It takes none.
	used(ctx context.Context, window time.Duration) (int, error)
}

// Used counts the slots of the limit that are in use at the moment, over all who share the Store: those
// out with a request, and those that came back less than a window ago. It takes none.
func (g *Gate) Used(ctx context.Context) (int, error) {
	s, ok := g.store.(counting)
	if !ok {
		return 0, errors.New("the count of requests cannot be read")
	}
	n, err := s.used(ctx, stretched(g.window))
	if err != nil {
		return 0, fmt.Errorf("reading the count of requests: %w", err)
	}
	return n, nil
}

func (l *local) used(_ context.Context, window time.Duration) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left.forget(time.Since(l.start) - window)
	return l.out + len(l.left.live()), nil
}

func (f *File) used(_ context.Context, window time.Duration) (n int, err error) {
	for range lockTries {
		done := f.exclusively(0, 0, func(now time.Duration) {
			for _, s := range f.table.slots {
				if s.owner != 0 || now-s.at < window {
					n++
				}
			}
		})
		if done {
			return n, nil
		}
		time.Sleep(lockRetry)
	}
	return 0, errors.New("other processes keep it busy")
}

func (r *Redis) used(ctx context.Context, window time.Duration) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	now, err := r.client.Time(ctx).Result()
	if err != nil {
		return 0, err
	}
	pipe := r.client.Pipeline()
	out := pipe.ZCard(ctx, r.keys[0])
	left := pipe.ZCount(ctx, r.keys[1], fmt.Sprintf("(%d", now.Add(-window).UnixMicro()), "+inf")
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, err
	}
	return int(out.Val() + left.Val()), nil
}
