// Package api makes one HTTP call: it waits at the gate, sends the
// credentials to the configured host and to no other, speaks JSON, and says
// in a typed error what a failure means for the caller. It tries nothing
// twice: a call that passed the gate is one arrival at the server, or none.
package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/refbulk/refbulk/pkg/pace"
	"github.com/refbulk/refbulk/pkg/wire"
)

// Config says where the API is and how to speak to it.
type Config struct {
	BaseURL   string        // root of the API; plain http only to loopback
	Token     string        // sent as "Authorization: Bearer …"
	UserAgent string        // who calls
	Timeout   time.Duration // for one write; a read is given half as much again, lists are slow; 0 = 40s
	Gate      *pace.Gate    // every call passes it; needed
	Log       *slog.Logger  // nil = nowhere

	// Explain turns the body of an error into a message for a person and the
	// names of the fields it complains of.
	Explain func(body []byte) (message string, fields []string)

	// Observe is told of every call that was made, of one that found no
	// connection too, by the goroutine that made it and with the context under
	// which it was made; nil = nobody watches.
	Observe func(context.Context, Call)

	// Mask puts itself before the body of every answer, so that nobody here sees
	// what it hides; nil = bodies are read as they come.
	Mask func(body io.Reader) io.Reader

	// Transport is for a simulator, and for tests that have to see or fail
	// connections; nil = a transport of the client's own.
	Transport http.RoundTripper
}

// Client calls one API with one token. It is safe for concurrent use.
type Client struct {
	config Config
	base   *url.URL

	toWrite, toRead http.Header

	reads, writes, throttled atomic.Int64
}

// New checks the configuration and makes no call.
func New(config Config) (*Client, error) {
	base, err := parseBase(config.BaseURL)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(config.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the API token holds spaces, line breaks or letters that no token has")
	}
	if config.Gate == nil {
		return nil, errors.New("an API client needs a gate that its calls pass")
	}
	if config.Timeout <= 0 {
		config.Timeout = 40 * time.Second
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Mask == nil {
		config.Mask = func(body io.Reader) io.Reader { return body }
	}
	if config.Transport == nil {
		config.Transport = wire.To(base, wire.Options{Unconfirmed: config.Timeout})
	}
	c := &Client{config: config, base: base}
	c.toWrite, c.toRead = headers(&config)
	return c, nil
}

// parseBase refuses what would send a token in the clear or to nowhere.
func parseBase(raw string) (*url.URL, error) {
	base, err := url.Parse(raw)
	if err != nil || base.Hostname() == "" {
		return nil, fmt.Errorf("the API root %q is not an address; write it as https://host/path", raw)
	}
	switch {
	case base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, fmt.Errorf("the API root may hold no user name, query or fragment; write it as https://%s%s", base.Host, base.Path)
	case base.Scheme == "https", base.Scheme == "http" && IsLoopback(base.Hostname()):
		base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), strings.TrimRight(base.RawPath, "/")
		return base, nil
	case base.Scheme == "http":
		return nil, fmt.Errorf("plain http to %s would show the token to everyone on the way; use https (plain http is for this machine alone)", base.Host)
	}
	return nil, fmt.Errorf("the API root %q begins with %q; use https", raw, base.Scheme)
}

// IsLoopback reports whether a host is this machine.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Close gives up idle connections.
func (c *Client) Close() {
	if t, ok := c.config.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Stats counts the calls that passed the gate.
type Stats struct {
	Reads, Writes int64
	Throttled     int64 // answered 429
}

// Stats is a snapshot of the counts so far.
func (c *Client) Stats() Stats {
	return Stats{Reads: c.reads.Load(), Writes: c.writes.Load(), Throttled: c.throttled.Load()}
}

// Call is a call that was made, as an observer sees it.
type Call struct {
	Method string
	Status int // 0 when no answer came
	Left   time.Time
	Took   time.Duration
}

// Request is one call.
type Request struct {
	Method string
	Path   string // below the API root, escaped, starting with a slash
	Query  url.Values
	Body   any  // sent as JSON; nil for none
	Reads  bool // changes nothing, whatever its method

	// Fits reports whether the answer, once it is decoded, is one to this call and
	// not to another, as a server or a proxy that has got out of step gives; nil =
	// nobody can tell. After one that is not, it is open what became of the call.
	Fits func() bool
}

// Do makes the call and decodes a successful answer's JSON into answer,
// unless that is nil. It returns the answer's status, 0 when none came. Its
// error is an *Error, or why the call never left: the request could not be
// built, the context or the queue at the gate ended (the error wraps the
// cause), or the announcement of the call failed.
func (c *Client) Do(ctx context.Context, r Request, answer any) (status int, err error) {
	req, err := c.request(ctx, r)
	if err != nil {
		return 0, err
	}
	pass, err := c.config.Gate.Enter(ctx)
	if err != nil {
		return 0, err
	}
	defer pass.Leave() // whatever happens; the first of its ends counts
	passed := time.Now()
	if err := c.allow(ctx, r); err != nil {
		pass.Cancel()
		return 0, err
	}
	timeout := c.config.Timeout
	if r.Reads {
		timeout += timeout / 2
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	left := time.Now()
	status, header, failed := c.exchange(req.WithContext(ctx), r, answer)
	took := time.Since(left) // before the slot is given back, which may take a while of its own
	if failed != nil && failed.Status == 0 {
		// What ended this connection may have ended all: a try must not find
		// one kept connection after the other dead.
		c.Close()
	}
	if failed != nil && failed.neverLeft {
		pass.Cancel()
	}
	pass.Leave()
	c.believe(header)
	if failed != nil {
		failed.Left = passed
		err = failed
	}
	if c.config.Observe != nil {
		c.config.Observe(ctx, Call{Method: r.Method, Status: status, Left: left, Took: took})
	}
	if c.config.Log.Enabled(ctx, slog.LevelDebug) {
		c.config.Log.LogAttrs(ctx, slog.LevelDebug, "call", slog.String("method", r.Method), slog.String("path", r.Path),
			slog.Int("status", status), slog.Duration("took", took), slog.Any("error", err))
	}
	return status, err
}

// allow is the last word before a call that passed the gate leaves. Announcing
// it takes a while, in which its context may have ended.
func (c *Client) allow(ctx context.Context, r Request) error {
	if announce, ok := ctx.Value(beforeCall{}).(func(Request) error); ok {
		if err := announce(r); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("before the call left: %w", context.Cause(ctx))
	}
	if r.Reads {
		c.reads.Add(1)
	} else {
		c.writes.Add(1)
	}
	return nil
}

// beforeCall is the key of a context's function.
type beforeCall struct{}

// BeforeCall has announce called each time a call made under the returned
// context has passed the gate and is about to leave, by the goroutine that
// makes it. An error of announce keeps the call from leaving, and is returned
// by Do as it is.
func BeforeCall(ctx context.Context, announce func(Request) error) context.Context {
	return context.WithValue(ctx, beforeCall{}, announce)
}
