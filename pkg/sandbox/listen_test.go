package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// caller is an http.Client for a Server. close ends all calls, and waits for
// the server's side of them.
type caller struct {
	client *http.Client
	root   string
	close  func() error
}

// ways are the two to reach a Server. A test of faults holds for each.
func ways() map[string]func(*testing.T, *sandbox.Server) caller {
	return map[string]func(*testing.T, *sandbox.Server) caller{"over TCP": overTCP, "in process": inProcess}
}

func inProcess(t *testing.T, s *sandbox.Server) caller {
	t.Helper()
	return caller{&http.Client{Transport: s.Transport(), CheckRedirect: stay}, "https://api.example.com", s.Close}
}

func overTCP(t *testing.T, s *sandbox.Server) caller {
	t.Helper()
	r, err := sandbox.Listen("127.0.0.1:0", s)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return caller{&http.Client{Transport: transport, CheckRedirect: stay}, r.URL(), r.Close}
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// do makes a call and reads the answer; the error is of either.
func (c caller) do(ctx context.Context, method, path, body string) outcome {
	r, err := http.NewRequestWithContext(ctx, method, c.root+sandbox.BasePath+path, strings.NewReader(body))
	if err != nil {
		return outcome{err: err}
	}
	r.Header.Set("Authorization", "Bearer example-token")
	w, err := c.client.Do(r)
	if err != nil {
		return outcome{err: err}
	}
	data, err := io.ReadAll(w.Body)
	return outcome{w.StatusCode, string(data), errors.Join(err, w.Body.Close())}
}

// outcome is what a call came to, at the caller's.
type outcome struct {
	status int
	body   string
	err    error
}

// mishap is a fault, and how a create fares under it.
type mishap struct {
	fault   string
	givesUp bool // the caller, as soon as the server has the call
	commits int
	as      func(outcome) bool
}

func mishaps() []mishap {
	isReset := func(o outcome) bool { return errors.Is(o.err, syscall.ECONNRESET) }
	isGivenUp := func(o outcome) bool { return errors.Is(o.err, context.Canceled) }
	return []mishap{
		{"* * delay=1ms", false, 1, func(o outcome) bool { return o.err == nil && o.status == 201 }},
		{"* * reset-before", false, 0, isReset},
		{"* * lose-answer", false, 1, isReset},
		{"* * stall-before", true, 0, isGivenUp},
		{"* * stall", true, 1, isGivenUp},
		{"* * delay=10m lose-answer", true, 0, isGivenUp},
		{"* * reset-mid-body", false, 1, func(o outcome) bool {
			return errors.Is(o.err, io.ErrUnexpectedEOF) && o.status == 201 && strings.HasPrefix(o.body, `{"data":`)
		}},
		{"* * malformed-json", false, 1, func(o outcome) bool {
			return o.err == nil && o.status == 201 && o.body != "" && !json.Valid([]byte(o.body))
		}},
		{"* * empty-body", false, 1, func(o outcome) bool { return o.err == nil && o.status == 201 && o.body == "" }},
		{"* * html-body", false, 1, func(o outcome) bool {
			return o.err == nil && o.status == 200 && strings.HasPrefix(o.body, "<!doctype html>")
		}},
		{"* * huge-body=1000001", false, 1, func(o outcome) bool {
			return o.err == nil && o.status == 201 && len(o.body) == 1000001 && json.Valid([]byte(o.body))
		}},
	}
}

func TestFaultsShowAsTheyWouldOnANetwork(t *testing.T) {
	for way, reach := range ways() {
		for _, tt := range mishaps() {
			t.Run(way+"/"+tt.fault, func(t *testing.T) {
				f, err := sandbox.ParseFault(tt.fault)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var calling atomic.Bool
				s := newServer(sandbox.Options{Faults: []sandbox.Fault{f}, Now: func() time.Time {
					if tt.givesUp && calling.Load() {
						cancel()
					}
					return fixedDay()
				}})
				c := reach(t, s)
				calling.Store(true)
				if got := c.do(ctx, "POST", "/users", newcomer(1)); !tt.as(got) {
					t.Errorf("status %d, %d bytes beginning %.40q, error %v", got.status, len(got.body), got.body, got.err)
				}
				if err := c.close(); err != nil {
					t.Error(err)
				}
				if got := s.Counts().Commits.Creates; got != tt.commits {
					t.Errorf("%d commits, want %d", got, tt.commits)
				}
				if unhit := s.UnhitFaults(); len(unhit) > 0 {
					t.Errorf("unhit: %v", unhit)
				}
			})
		}
	}
}

func TestAHugeBodyNeedNotBeRead(t *testing.T) {
	s := newServer(sandbox.Options{Faults: []sandbox.Fault{{Effect: sandbox.HugeBody, Size: 1 << 50}}})
	for way, reach := range ways() {
		c := reach(t, s)
		r, err := http.NewRequestWithContext(t.Context(), "GET", c.root+sandbox.BasePath+"/users", nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := c.client.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if _, err := io.CopyN(io.Discard, w.Body, 1<<20); err != nil {
			t.Errorf("%s: reading: %v", way, err)
		}
		_ = w.Body.Close() // and goleak will tell whether the server let go
	}
}

func TestListenKeepsToLoopback(t *testing.T) {
	s := newServer(sandbox.Options{})
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:80", "example.com:80", "127.0.0.1", ""} {
		r, err := sandbox.Listen(address, s)
		if err == nil {
			r.Close()
			t.Errorf("Listen(%q) went through", address)
			continue
		}
		if !strings.Contains(err.Error(), "127.0.0.1:") {
			t.Errorf("Listen(%q) = %v, want an address that would do", address, err)
		}
	}
	r, err := sandbox.Listen("localhost:0", s)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !strings.HasPrefix(r.Addr(), "127.0.0.1:") {
		t.Errorf("Addr() = %q, want 127.0.0.1", r.Addr())
	}
	if second, err := sandbox.Listen(r.Addr(), s); err == nil {
		second.Close()
		t.Errorf("Listen(%q) twice went through", r.Addr())
	}
}

func TestDownRefusesConnectionsAndUpTakesThemAgain(t *testing.T) {
	s := newServer(sandbox.Options{})
	r, err := sandbox.Listen("127.0.0.1:0", s)
	if err != nil {
		t.Fatal(err)
	}
	c := caller{&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, r.URL(), r.Close}
	for range 3 {
		if got := c.do(t.Context(), "GET", "/users", ""); got.err != nil || got.status != 200 {
			t.Fatalf("up: status %d, %v", got.status, got.err)
		}
		r.Down()
		r.Down() // does nothing
		if got := c.do(t.Context(), "GET", "/users", ""); !errors.Is(got.err, syscall.ECONNREFUSED) {
			t.Errorf("down: status %d, %v, want connection refused", got.status, got.err)
		}
		for range 2 { // the second does nothing
			if err := r.Up(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsCallsThatHangInProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(sandbox.Options{Faults: []sandbox.Fault{{Effect: sandbox.Stall}}})
		c := inProcess(t, s)
		var call sync.WaitGroup
		call.Go(func() {
			if got := c.do(t.Context(), "DELETE", "/users/10", ""); !errors.Is(got.err, syscall.ECONNRESET) {
				t.Errorf("the call came to %d, %v, want it cut", got.status, got.err)
			}
		})
		synctest.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		call.Wait()
		if got := c.do(t.Context(), "GET", "/users", ""); got.err == nil {
			t.Errorf("a closed server answered %d", got.status)
		}
	})
}

func TestCloseEndsCallsThatHangOnTCP(t *testing.T) {
	for _, fault := range []string{"* * stall", "* * stall-before", "* * delay=10m"} {
		f, err := sandbox.ParseFault(fault)
		if err != nil {
			t.Fatal(err)
		}
		s := newServer(sandbox.Options{Faults: []sandbox.Fault{f}})
		c := overTCP(t, s)
		sent := make(chan struct{})
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) },
		})
		var call sync.WaitGroup
		call.Go(func() {
			if got := c.do(ctx, "DELETE", "/users/10", ""); got.err == nil {
				t.Errorf("%s: the call was answered %d", fault, got.status)
			}
		})
		<-sent
		if err := c.close(); err != nil {
			t.Error(err)
		}
		call.Wait()
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	s := newServer(sandbox.Options{Limit: -1})
	for way, reach := range ways() {
		c := reach(t, s)
		var calls sync.WaitGroup
		for worker := range 8 {
			calls.Go(func() {
				for n := range 40 {
					// Each e-mail is sent by two workers.
					email := fmt.Sprintf("u%d-%d@example.com", worker/2, n)
					body := fmt.Sprintf(`{"campaign_id": 1, "first_name": "Jane", "email": %q}`, email)
					if got := c.do(t.Context(), "POST", "/users", body); got.err != nil || got.status > 201 {
						t.Errorf("%s: create: status %d, %v", way, got.status, got.err)
					}
					if got := c.do(t.Context(), "GET", "/users?per_page=3", ""); got.err != nil || got.status != 200 {
						t.Errorf("%s: list: status %d, %v", way, got.status, got.err)
					}
				}
			})
		}
		calls.Wait()
	}
	got := s.Counts()
	if got.Commits.Creates != 160 || got.Repeated.Creates != 0 || got.Repeated.CreateCalls != 480 || got.Requests != 1280 {
		t.Errorf("Counts() = %+v, want 160 creates, 480 repeated calls, 1280 requests", got)
	}
}
