package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"syscall"
	"time"
)

// mostHeader bounds what comes of an answer before its body, in bytes, with the
// answers before it that tell of work under way (102, 103).
const mostHeader = 1 << 20

// conn is a connection with at most one request under way. It is used by one
// goroutine at a time.
type conn struct {
	net.Conn
	raw  syscall.RawConn // nil where the kernel's connection is not to be had
	in   *bufio.Reader
	out  *bufio.Writer
	idle *idle

	written  int64 // bytes of the request that left
	readable int64 // bytes that may yet be read
	since    time.Time
}

func newConn(line net.Conn, home *idle) *conn {
	c := &conn{Conn: line, raw: rawOf(line), idle: home}
	c.in, c.out = bufio.NewReader(reading{c}), bufio.NewWriter(writing{c})
	return c
}

// rawOf is the kernel's connection below one that may be encrypted, nil when it
// is hidden.
func rawOf(line net.Conn) syscall.RawConn {
	for {
		secured, ok := line.(*tls.Conn)
		if !ok {
			break
		}
		line = secured.NetConn()
	}
	if below, ok := line.(syscall.Conn); ok {
		if raw, err := below.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

// reading is the incoming side, up to a bound.
type reading struct{ *conn }

func (c reading) Read(p []byte) (int, error) {
	if c.readable <= 0 {
		return 0, ErrHungUp
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.readable)])
	c.readable -= int64(n)
	return n, err
}

// writing is the outgoing side, counted.
type writing struct{ *conn }

func (c writing) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written += int64(n)
	return n, err
}

// exchange sends a request and reads the header of its answer. The connection
// is closed after an error; else the answer's body has it.
func (c *conn) exchange(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	goOn := context.AfterFunc(ctx, c.cut)
	c.written = 0
	answer, err := c.ask(r)
	if err != nil {
		goOn()
		_ = c.Close() // it is of no use any more, and what went wrong is known
		return nil, because(ctx, err)
	}
	c.readable = math.MaxInt64
	answer.Body = &body{ReadCloser: answer.Body, conn: c, ctx: ctx, goOn: goOn, last: answer.Close, ended: answer.Body == http.NoBody}
	return answer, nil
}

func (c *conn) ask(r *http.Request) (*http.Response, error) {
	if err := c.write(r); err != nil {
		return nil, err
	}
	if err := c.out.Flush(); err != nil {
		return nil, err
	}
	c.readable = mostHeader
	for {
		answer, err := http.ReadResponse(c.in, r)
		switch {
		case err != nil && c.readable <= 0:
			return nil, ErrHungUp // whatever the rest would have been
		case err != nil:
			return nil, err
		case answer.StatusCode == http.StatusSwitchingProtocols:
			return nil, fmt.Errorf("%w: it wants to speak another protocol", ErrHungUp)
		case answer.StatusCode/100 != 1:
			return answer, nil
		}
	}
}

// past is a deadline for what may not wait.
var past = time.Unix(1, 0)

// cut ends all reading and writing at once.
func (c *conn) cut() { _ = c.SetDeadline(past) }

// because is the cause of a context's end, if it is that which ended the
// exchange.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// body is that of an answer. Closing it frees the connection.
type body struct {
	io.ReadCloser
	conn   *conn
	ctx    context.Context
	goOn   func() bool // the end of ctx cuts the connection until then
	last   bool        // the connection is not used again
	ended  bool        // everything was read
	closed bool
}

// Read reads on.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		b.ended = true
	case err != nil:
		err = because(b.ctx, err)
	}
	return n, err
}

// Close keeps the connection when it is as it was before the request, and
// closes it otherwise.
func (b *body) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	if !b.goOn() || !b.ended || b.last || b.conn.in.Buffered() > 0 {
		_ = b.conn.Close() // the answer is there, or nobody wants the rest of it
		return nil
	}
	b.conn.idle.keep(b.conn)
	return nil
}
