package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
)

// Transport serves the calls of an http.Client inside the process, whatever
// host they name: no port is opened and nothing leaves the machine. A cut
// connection is an error, as it is on a network. The bodies of answers must be
// closed.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ server *Server }

// RoundTrip hands the call to the server on a goroutine, which Close waits for.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	body, pipe := io.Pipe()
	x := &exchange{
		pipe: pipe, header: http.Header{}, ready: make(chan struct{}),
		answer: &http.Response{
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Body: answerBody{body, cancel},
		},
	}
	x.cancel = func() {
		cancel()
		_ = pipe.CloseWithError(net.ErrClosed)
	}
	if !t.server.exchanges.begin(x) {
		cancel()
		return nil, errors.Join(errors.New("the sandbox is closed"), closeBody(r))
	}
	go t.server.serveExchange(x, inbound(ctx, r))
	select {
	case <-x.ready:
		if x.err != nil {
			cancel()
			if r.Context().Err() != nil { // the server gave up for that
				return nil, context.Cause(r.Context())
			}
			return nil, x.err
		}
		return x.answer, nil
	case <-ctx.Done():
		x.cancel()
		if r.Context().Err() != nil {
			return nil, context.Cause(r.Context())
		}
		return nil, wasCut() // by Close
	}
}

// wasCut is what a network says of a connection that is gone.
func wasCut() error { return &net.OpError{Op: "read", Net: "sandbox", Err: syscall.ECONNRESET} }

// inbound is the request as a server sees it.
func inbound(ctx context.Context, r *http.Request) *http.Request {
	in := r.Clone(ctx)
	in.RemoteAddr = "127.0.0.1:0"
	in.RequestURI = r.URL.RequestURI()
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

// serveExchange serves one call to its end.
func (s *Server) serveExchange(x *exchange, r *http.Request) {
	defer s.exchanges.end(x)
	// An answer the caller stops reading must not hold the server.
	defer context.AfterFunc(r.Context(), func() { _ = x.pipe.CloseWithError(r.Context().Err()) })()
	defer x.finish(r)
	s.ServeHTTP(x, r)
}

// exchange is the http.ResponseWriter of one call.
type exchange struct {
	pipe   *io.PipeWriter
	header http.Header
	cancel func()

	ready  chan struct{}  // closed when the fields below are set
	answer *http.Response // complete but for its body
	err    error          // instead of an answer

	begun bool // used by the server's goroutine alone
}

func (x *exchange) Header() http.Header { return x.header }

func (x *exchange) WriteHeader(status int) {
	if x.begun {
		return
	}
	x.begun = true
	x.answer.StatusCode = status
	x.answer.Status = fmt.Sprintf("%d %s", status, http.StatusText(status))
	x.answer.Header = x.header.Clone()
	x.answer.ContentLength = -1
	if n, err := strconv.ParseInt(x.header.Get("Content-Length"), 10, 64); err == nil {
		x.answer.ContentLength = n
	}
	close(x.ready)
}

func (x *exchange) Write(p []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	return x.pipe.Write(p)
}

// Flush has nothing to do: what is written is there.
func (x *exchange) Flush() {}

// finish ends the answer: well, or cut when the handler gave up.
func (x *exchange) finish(r *http.Request) {
	cut := recover()
	if cut != nil && cut != http.ErrAbortHandler {
		panic(cut)
	}
	_ = closeBody(r) // it was read, or is not wanted
	switch {
	case cut == nil:
		x.WriteHeader(http.StatusOK)
		_ = x.pipe.Close()
	case x.begun:
		_ = x.pipe.CloseWithError(io.ErrUnexpectedEOF)
	default:
		x.begun = true
		x.err = wasCut()
		close(x.ready)
	}
}

func closeBody(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	return r.Body.Close()
}

// answerBody tells the server when its reader has had enough.
type answerBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b answerBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// exchanges are the calls under way. The zero value is open.
type exchanges struct {
	mu     sync.Mutex
	closed bool
	open   map[*exchange]struct{}
	done   sync.WaitGroup
}

// begin tells whether x may start.
func (e *exchanges) begin(x *exchange) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	if e.open == nil {
		e.open = map[*exchange]struct{}{}
	}
	e.open[x] = struct{}{}
	e.done.Add(1)
	return true
}

func (e *exchanges) end(x *exchange) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.open, x)
	e.done.Done()
}

// close ends the calls under way and waits for them.
func (e *exchanges) close() {
	e.mu.Lock()
	e.closed = true
	for x := range e.open {
		x.cancel()
	}
	e.mu.Unlock()
	e.done.Wait()
}
