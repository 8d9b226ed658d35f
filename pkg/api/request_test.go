package api

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/refbulk/refbulk/pkg/wire"
)

// deaf answers the first request of each connection and keeps it open; the
// second it reads, and closes the connection without a word: a server whose
// patience with an idle connection ended while the request was on its way.
type deaf struct {
	listener net.Listener
	arrived  atomic.Int64
	conns    sync.WaitGroup
}

func newDeaf(t *testing.T) *deaf {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &deaf{listener: l}
	d.conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			d.conns.Go(func() { d.serve(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); d.conns.Wait() })
	return d
}

func (d *deaf) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for n := 1; ; n++ {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		d.arrived.Add(1)
		if n > 1 {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
	}
}

func (d *deaf) url() string { return "http://" + d.listener.Addr().String() }

func TestNothingIsSentTwiceWhenAKeptConnectionDies(t *testing.T) {
	for _, test := range []struct {
		request Request
		want    Verdict
	}{
		{aRead, Again},
		{Request{Method: "HEAD", Path: "/", Reads: true}, Again},
		{Request{Method: "POST", Path: "/users/search", Body: 1, Reads: true}, Again},
		{aWrite, Unknown},
		{Request{Method: "PUT", Path: "/users/1", Body: 1}, Unknown},
		{Request{Method: "POST", Path: "/rewards/issue/1"}, Unknown},
		{Request{Method: "DELETE", Path: "/users/1"}, Unknown},
	} {
		t.Run(test.request.Method, func(t *testing.T) {
			server := newDeaf(t)
			gate, slots := counted(t)
			c := newClient(t, Config{BaseURL: server.url(), Gate: gate})
			defer c.Close()
			if _, err := c.Do(t.Context(), aRead, nil); err != nil {
				t.Fatal(err)
			}
			_, err := c.Do(t.Context(), test.request, nil)
			if got := server.arrived.Load(); VerdictOf(err) != test.want || got != 2 {
				t.Errorf("Do(%s on a connection that dies) = %v, and %d calls arrived of 2, want %v", test.request.Method, err, got, test.want)
			}
			slots.want(t, "a connection that died", 2, 0)
		})
	}
}

// The counter-proof: net/http sends the second call twice.
func TestADeafServerSeesTheReplayOfNetHTTP(t *testing.T) {
	server := newDeaf(t)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for range 2 {
		resp, err := client.Get(server.url())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	if got := server.arrived.Load(); got != 3 {
		t.Errorf("2 calls by net/http arrived %d times, want 3: does the server still catch a replay?", got)
	}
}

// secureServer is a server with TLS that prefers HTTP/2, and a transport that
// trusts it.
func secureServer(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *wire.Transport) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = quiet()
	server.StartTLS()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := wire.To(address, wire.Options{TLS: server.Client().Transport.(*http.Transport).TLSClientConfig})
	t.Cleanup(func() { transport.CloseIdleConnections(); server.Close() })
	return server, transport
}

func TestHTTP2WithItsReplaysIsNotSpoken(t *testing.T) {
	proto := ""
	server, transport := secureServer(t, func(_ http.ResponseWriter, r *http.Request) { proto = r.Proto })
	if _, err := newClient(t, Config{BaseURL: server.URL, Transport: transport}).Do(t.Context(), aRead, nil); err != nil || proto != "HTTP/1.1" {
		t.Errorf("Do() = %v over %s, want HTTP/1.1", err, proto)
	}
	resp, err := server.Client().Get(server.URL)
	if err != nil || proto != "HTTP/2.0" {
		t.Fatalf("a client that speaks HTTP/2 = %v over %s: does the server still offer it?", err, proto)
	}
	_ = resp.Body.Close()
	server.Client().CloseIdleConnections()
}

func TestWhoCannotProveToBeTheAPIEndsTheRun(t *testing.T) {
	server, _ := secureServer(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived, want none") })
	gate, slots := counted(t)
	_, err := newClient(t, Config{BaseURL: server.URL, Gate: gate}).Do(t.Context(), aWrite, nil)
	if VerdictOf(err) != Stop {
		t.Errorf("Do(to a forged certificate) = %v with verdict %v, want %v", err, VerdictOf(err), Stop)
	}
	slots.want(t, "a forged certificate", 0, 1)
}

func TestARedirectIsNotFollowedAndTheTokenStays(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{elsewhere.URL, "/elsewhere", "//" + elsewhere.Listener.Addr().String(), "::not an address", ""} {
			arrived := 0
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				arrived++
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			c := newClient(t, Config{BaseURL: server.URL})
			for _, r := range []Request{aRead, aWrite} {
				if _, err := c.Do(t.Context(), r, nil); err == nil {
					t.Errorf("Do(%s, sent on by %d to %q) succeeded, want an error", r.Method, status, location)
				}
			}
			if arrived != 2 {
				t.Errorf("2 calls sent on by %d to %q arrived %d times", status, location, arrived)
			}
			c.Close()
		}
	}
}

func TestACallThatFoundNoConnectionNeverLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	_ = l.Close()
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived, want none") })
	for _, test := range []struct {
		name   string
		config Config
	}{
		{"nobody listens", Config{BaseURL: closed}},
		{"no such host", Config{BaseURL: "https://nobody.invalid"}},
		{"no TLS there", Config{BaseURL: strings.Replace(plain.URL, "http:", "https:", 1)}},
		{"a transport that says so", Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return nil, &wire.NotSent{Err: syscall.ECONNREFUSED}
		})}},
	} {
		gate, slots := counted(t)
		test.config.Gate = gate
		c := newClient(t, test.config)
		for _, r := range []Request{aRead, aWrite} {
			_, err := c.Do(t.Context(), r, nil)
			if e := asError(t, "Do("+test.name+")", err); e.Verdict != Again || !strings.HasPrefix(e.Message, "the API could not be reached") {
				t.Errorf("Do(%s, %s) = %v with verdict %v, want %v", r.Method, test.name, err, e.Verdict, Again)
			}
		}
		slots.want(t, test.name, 0, 2)
	}
}

func TestWhatATransportCannotTellMayHaveLeft(t *testing.T) {
	for _, failure := range []error{io.EOF, &net.OpError{Op: "read", Err: syscall.ECONNRESET}, errors.New("out of order")} {
		gate, slots := counted(t)
		c := newClient(t, Config{Gate: gate, Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, failure })})
		_, err := c.Do(t.Context(), aWrite, nil)
		if VerdictOf(err) != Unknown || !errors.Is(err, failure) {
			t.Errorf("Do(%v) = %v with verdict %v, want %v", failure, err, VerdictOf(err), Unknown)
		}
		slots.want(t, failure.Error(), 1, 0)
	}
}
