package pace

import (
	"context"
	"sync"
	"time"
)

// local is the Store of one process.
type local struct {
	start time.Time // instants are counted from here, on the monotonic clock

	mu   sync.Mutex
	out  int   // requests under way
	left trail // when the others were answered
}

func newLocal() *local { return &local{start: time.Now()} }

func (l *local) Take(_ context.Context, limit int, window time.Duration) (Lease, time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.start)
	l.left.forget(now - window)
	left := l.left.live()
	used := l.out + len(left)
	if used >= limit {
		return 0, earliest(left, used, limit, now, window), nil
	}
	l.out++
	return 1, 0, nil
}

func (l *local) Give(_ Lease, sent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out--
	if sent {
		l.left.add(time.Since(l.start))
	}
}

func (l *local) Close() error { return nil }
