// Package wire carries HTTP requests to one server, over connections that it
// keeps: each request is written once and answered, or it fails and is never
// written again. Its errors tell a request of which not a byte left from one
// that may have arrived. It speaks HTTP/1.1, makes and reads messages with
// net/http, and neither follows redirects, nor keeps cookies, nor compresses.
//
// The transport of net/http is made for pages: it sends a request again by
// itself when a kept connection dies, and does not tell what left.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Options say how connections are made.
type Options struct {
	// Unconfirmed is how long the kernel may go on sending what the other end has
	// not confirmed; 0 = as long as it likes. Only Linux keeps to it.
	Unconfirmed time.Duration

	// Proxy names the proxy for a request; nil = http.ProxyFromEnvironment.
	Proxy func(*http.Request) (*url.URL, error)

	// TLS is for a server whose certificate the system does not know; nil = as
	// the system has it.
	TLS *tls.Config
}

// Transport is a way to one server. It is safe for concurrent use.
type Transport struct {
	server  *url.URL
	options Options
	idle    idle
}

var _ http.RoundTripper = (*Transport)(nil)

// To is the way to the server of an address with the scheme http or https.
func To(server *url.URL, o Options) *Transport {
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	return &Transport{server: server, options: o}
}

// NotSent is the error of a request of which the server has not got a byte.
type NotSent struct{ Err error }

// Error says why.
func (e *NotSent) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *NotSent) Unwrap() error { return e.Err }

// ErrHungUp is that of an exchange which was broken off here, because the
// server did not come to an answer. It may still be at work on the request.
var ErrHungUp = errors.New("the server did not come to an answer")

// RoundTrip sends the request and returns the answer once its header is there.
// The error is a *NotSent, or leaves open whether the request arrived; when the
// request's context ended it wraps the cause of that. The caller closes the
// body. If it was read to its end, the connection serves again, unless Discard
// has closed it.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	c, err := t.connect(r)
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // it was not read
		}
		return nil, &NotSent{because(r.Context(), err)}
	}
	answer, err := c.exchange(r)
	switch {
	case err == nil:
		return answer, nil
	case c.written == 0:
		return nil, &NotSent{err}
	}
	return nil, err
}

// Discard closes the body of an answer, and the connection with it: what came
// over it was none to the request, so nobody can tell what will come next.
func Discard(answer *http.Response) {
	if b, ok := answer.Body.(*body); ok {
		b.last = true
	}
	_ = answer.Body.Close() // nothing more is wanted of it
}

// connect takes a kept connection, or makes one.
func (t *Transport) connect(r *http.Request) (*conn, error) {
	ctx := r.Context()
	if r.URL.Scheme != t.server.Scheme || r.URL.Host != t.server.Host {
		return nil, fmt.Errorf("a request to %s is not for %s", r.URL.Host, t.server.Host)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if c := t.idle.take(); c != nil {
		return c, nil
	}
	line, err := t.dial(ctx, r)
	if err != nil {
		return nil, err
	}
	return newConn(line, &t.idle), nil
}

// CloseIdleConnections closes the connections that no request is using.
func (t *Transport) CloseIdleConnections() { t.idle.closeAll() }
