package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	mostHeader  = 1 << 20 // bytes of an answer before its body
	mostInterim = 10      // answers such as 103 that come before the answer
)

var errHeaderTooLong = errors.New("the header of the answer is longer than 1 MiB")

// conn is a connection with at most one request under way. It is used by one
// goroutine at a time.
type conn struct {
	net.Conn
	raw  syscall.RawConn // nil for one that is none of the kernel's
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
		return 0, errHeaderTooLong
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
// is closed after an error; else it goes back where it is kept with the end of
// the answer's body.
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
	b := &body{ReadCloser: answer.Body, conn: c, ctx: ctx, goOn: goOn, last: answer.Close}
	if answer.Body == http.NoBody {
		b.end()
		return answer, nil
	}
	answer.Body = b
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
	for range mostInterim {
		answer, err := http.ReadResponse(c.in, r)
		switch {
		case err != nil:
			return nil, unexpected(err)
		case answer.StatusCode == http.StatusSwitchingProtocols:
			return nil, errors.New("the server wants to speak another protocol")
		case answer.StatusCode/100 != 1:
			return answer, nil
		}
	}
	return nil, errors.New("the server does not come to an answer")
}

// unexpected is the end of input where there should be more.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// cut ends all reading and writing at once.
func (c *conn) cut() { _ = c.SetDeadline(time.Unix(1, 0)) }

// because is the cause of a context's end, if it is that which ended the
// exchange.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// body is that of an answer. With its end the connection is free.
type body struct {
	io.ReadCloser
	conn *conn
	ctx  context.Context
	goOn func() bool // the end of ctx cuts the connection until then
	last bool        // the connection is not used again
	over bool
}

// Read reads on.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		b.end()
	case err != nil:
		err = because(b.ctx, err)
	}
	return n, err
}

// Close gives up the rest, and the connection with it.
func (b *body) Close() error {
	if !b.over {
		b.over = true
		b.goOn()
		return b.conn.Close()
	}
	return nil
}

// end keeps the connection, when it is as it was before the request.
func (b *body) end() {
	if b.over {
		return
	}
	b.over = true
	if !b.goOn() || b.last || b.conn.in.Buffered() > 0 || !b.conn.idle.keep(b.conn) {
		_ = b.conn.Close() // the answer is there
	}
}
