package wire

import (
	"errors"
	"os"
	"sync"
	"time"
)

const (
	// keepFor is how long a connection is kept without a request. Servers close
	// theirs after a minute or so. A write that meets the close on its way is lost
	// without a trace, so ours end first.
	keepFor = 30 * time.Second

	// mostKept is more than there are workers: a connection is never closed only
	// to be opened again.
	mostKept = 256

	// Where looking at a kept connection takes waiting, it is waited for lookFor,
	// and not for one that was in use before doubtAfter.
	doubtAfter = 50 * time.Millisecond
	lookFor    = time.Millisecond
)

// idle are the connections that no request is using, the one used last at the
// end.
type idle struct {
	mu    sync.Mutex
	conns []*conn
}

// keep reports whether there was room.
func (i *idle) keep(c *conn) bool {
	c.since = time.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.conns) == mostKept {
		return false
	}
	i.conns = append(i.conns, c)
	return true
}

// take gives the connection used last that is still alive, nil for none.
func (i *idle) take() *conn {
	for {
		c := i.pop()
		if c == nil {
			return nil
		}
		switch unused := time.Since(c.since); {
		case unused > keepFor:
			i.closeAll() // the others have been here for longer
		case c.isSilent(unused):
			return c
		}
		_ = c.Close() // nothing is under way on it
	}
}

func (i *idle) pop() *conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.conns) == 0 {
		return nil
	}
	last := len(i.conns) - 1
	c := i.conns[last]
	i.conns[last] = nil
	i.conns = i.conns[:last]
	return c
}

func (i *idle) closeAll() {
	for c := i.pop(); c != nil; c = i.pop() {
		_ = c.Close() // nothing is under way on it
	}
}

// isSilent reports whether the server has said nothing since the last answer:
// what it says unasked is that it closes the connection, or would be taken for
// the next answer.
func (c *conn) isSilent(unused time.Duration) bool {
	if silent, known := look(c.raw); known {
		return silent
	}
	if unused < doubtAfter {
		return true
	}
	c.readable = 1
	if c.SetReadDeadline(time.Now().Add(lookFor)) != nil {
		return false
	}
	_, err := c.in.Peek(1)
	return errors.Is(err, os.ErrDeadlineExceeded) && c.SetReadDeadline(time.Time{}) == nil
}
