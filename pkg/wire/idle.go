package wire

import (
	"crypto/tls"
	"errors"
	"os"
	"sync"
	"time"
)

const (
	// keepFor is how long a connection may be used again. Servers close theirs
	// after a minute or so. A write that meets the close on its way is lost
	// without a trace, so ours end first.
	keepFor = 30 * time.Second

	// lookFor is how long a kept connection is listened to before it is used
	// again, where the kernel cannot be asked what has come.
	lookFor = time.Millisecond
)

// idle are the connections that no request is using, the one used last at the
// end: never more than were in use at once.
type idle struct {
	mu    sync.Mutex
	conns []*conn
}

func (i *idle) keep(c *conn) {
	c.since = time.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.conns = append(i.conns, c)
}

// take gives the connection used last that is still alive, nil for none.
func (i *idle) take() *conn {
	for {
		c := i.pop()
		if c == nil {
			return nil
		}
		switch {
		case time.Since(c.since) > keepFor:
			i.closeAll() // the others have been here for longer
		case c.isSilent():
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
func (c *conn) isSilent() bool {
	until := time.Now().Add(lookFor)
	if silent, known := look(c.raw); known {
		if _, encrypted := c.Conn.(*tls.Conn); !silent || !encrypted {
			return silent
		}
		until = past // the kernel is silent; what came before may not be decrypted yet
	}
	c.readable = 1
	if c.SetReadDeadline(until) != nil {
		return false
	}
	_, err := c.in.Peek(1)
	return errors.Is(err, os.ErrDeadlineExceeded) && c.SetReadDeadline(time.Time{}) == nil
}
