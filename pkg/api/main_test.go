package api

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/refbulk/refbulk/pkg/pace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a-token-that-nobody-may-see"

// ledger is a Store without a limit that remembers how slots came back.
type ledger struct {
	mu           sync.Mutex
	taken        pace.Lease
	sent, unsent int
}

func (l *ledger) Take(context.Context, int, time.Duration) (pace.Lease, time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken++
	return l.taken, 0, nil
}

func (l *ledger) Give(_ pace.Lease, sent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sent {
		l.sent++
	} else {
		l.unsent++
	}
}

func (*ledger) Close() error { return nil }

// want checks how many passes were left and cancelled, and that none is out.
func (l *ledger) want(t *testing.T, call string, sent, unsent int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sent != sent || l.unsent != unsent || int(l.taken) != sent+unsent {
		t.Errorf("after %s, %d passes were left and %d cancelled of %d, want %d and %d", call, l.sent, l.unsent, l.taken, sent, unsent)
	}
}

// newClient is a client with defaults for what config leaves open.
func newClient(t *testing.T, config Config) *Client {
	t.Helper()
	if config.BaseURL == "" {
		config.BaseURL = "https://api.example.com/v2"
	}
	if config.Token == "" {
		config.Token = secret
	}
	if config.Gate == nil {
		gate := pace.New(pace.Options{})
		t.Cleanup(func() { _ = gate.Close() })
		config.Gate = gate
	}
	c, err := New(config)
	if err != nil {
		t.Fatalf("New(%q) = %v", config.BaseURL, err)
	}
	t.Cleanup(c.Close)
	return c
}

// counted is a gate that tells how passes came back.
func counted(t *testing.T) (*pace.Gate, *ledger) {
	t.Helper()
	slots := &ledger{}
	gate := pace.New(pace.Options{Limit: 1, Peak: -1, Store: slots})
	t.Cleanup(func() { _ = gate.Close() })
	return gate, slots
}

// serve is a server on loopback.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// quiet is where servers tell of handshakes that tests mean to fail.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering is an answer with this body, and with headers given in pairs.
func answering(status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// silence never answers.
func silence(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

var (
	aRead  = Request{Method: http.MethodGet, Path: "/users", Reads: true}
	aWrite = Request{Method: http.MethodPost, Path: "/users", Body: map[string]string{"email": "jane@example.com"}}
)

// asError is the *Error of a call, which must have failed.
func asError(t *testing.T, call string, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%s = %v, want an *Error", call, err)
	}
	return e
}
