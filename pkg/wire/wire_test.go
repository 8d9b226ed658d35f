package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a server sees of a request, beside its body's text.
type arrival struct {
	Method, URI, Proto, Host, Body string
	Header                         http.Header
	Length                         int64
	Coding                         []string
}

func TestARequestArrivesAsNetHTTPWouldHaveSentIt(t *testing.T) {
	var got arrival
	address, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = arrival{r.Method, r.RequestURI, r.Proto, r.Host, string(body), r.Header, r.ContentLength, r.TransferEncoding}
	})
	theirs := &http.Transport{DisableCompression: true}
	defer theirs.CloseIdleConnections()
	ours := to(t, address, Options{})
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		for _, path := range []string{"", "/", "/users", "/users/a%2Fb?x=1&y=a+b%20c", "/?", "/%C3%A9//"} {
			for _, body := range []string{"", `{"email":"jane@example.com"}`, strings.Repeat("long ", 4000)} {
				arrive := func(way http.RoundTripper) arrival {
					got = arrival{}
					r, err := http.NewRequest(method, address+path, strings.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					r.Header = http.Header{"User-Agent": {"refbulk/1"}, "Authorization": {"Bearer made-up"}, "X-Two": {"a", "b"}}
					answer, err := way.RoundTrip(r)
					if err != nil {
						t.Fatalf("%s %s: %v", method, path, err)
					}
					_ = answer.Body.Close()
					return got
				}
				if want, got := arrive(theirs), arrive(ours); !reflect.DeepEqual(got, want) {
					t.Errorf("%s %q with %d bytes arrived as\n%+v, want\n%+v", method, path, len(body), got, want)
				}
			}
		}
	}
}

func TestARequestThatCannotBeWrittenIsNotSent(t *testing.T) {
	address, connections := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived, want none") })
	for name, change := range map[string]func(*http.Request){
		"a body of unknown length": func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), -1 },
		"a body without a length":  func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), 0 },
		"a body that is too short": func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), 2 },
		"another server": func(r *http.Request) {
			r.URL.Host = "elsewhere.example.com"
		},
		"another scheme": func(r *http.Request) { r.URL.Scheme = "https" },
	} {
		r, err := http.NewRequest("POST", address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		if _, err := to(t, address, Options{}).RoundTrip(r); !isNotSent(err) {
			t.Errorf("RoundTrip(%s) = %v, want a *NotSent", name, err)
		}
	}
	ended, end := context.WithCancelCause(t.Context())
	cause := errors.New("a second signal")
	end(cause)
	if _, _, err := askIn(ended, t, to(t, address, Options{}), "POST", address, "x"); !isNotSent(err) || !errors.Is(err, cause) {
		t.Errorf("RoundTrip(ended) = %v, want a *NotSent for %v", err, cause)
	}
	if n := connections.Load(); n > 3 {
		t.Errorf("%d connections were made, want one for each of 3 bodies at most", n)
	}
}

func TestWithoutAConnectionNothingIsSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	_ = l.Close()
	plain, _ := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived, want none") })
	for _, address := range []string{"http://" + nobody, "https://nobody.invalid", strings.Replace(plain, "http:", "https:", 1)} {
		if _, _, err := ask(t, to(t, address, Options{}), "POST", address, "x"); !isNotSent(err) {
			t.Errorf("RoundTrip(%s) = %v, want a *NotSent", address, err)
		}
	}
}

func TestAConnectionServesAgainWhenTheAnswerWasReadToItsEnd(t *testing.T) {
	address, connections := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/close":
			w.Header().Set("Connection", "close")
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/chunked":
			w.(http.Flusher).Flush()
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 10_000))
	})
	for _, test := range []struct {
		method, path string
		read         bool
		want         int64 // connections for two requests
	}{
		{"GET", "/", true, 1}, {"POST", "/chunked", true, 1}, {"GET", "/empty", false, 1}, {"HEAD", "/", false, 1},
		{"GET", "/", false, 2}, {"GET", "/chunked", false, 2}, {"GET", "/close", true, 2},
	} {
		connections.Store(0)
		way := to(t, address, Options{})
		for range 2 {
			r, err := http.NewRequest(test.method, address+test.path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := way.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if test.read {
				_, _ = io.Copy(io.Discard, answer.Body)
			}
			_ = answer.Body.Close()
		}
		if got := connections.Load(); got != test.want {
			t.Errorf("2 × %s %s, read %v, took %d connections, want %d", test.method, test.path, test.read, got, test.want)
		}
	}
}

func TestNothingIsWrittenTwiceWhenAKeptConnectionDies(t *testing.T) {
	const full = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
	server := recite(t, true, full, "") // the second request is read, and the connection closed
	way := to(t, server.url, Options{})
	if _, _, err := ask(t, way, "GET", server.url, ""); err != nil {
		t.Fatal(err)
	}
	_, _, err := ask(t, way, "GET", server.url, "")
	if err == nil || isNotSent(err) || server.arrived.Load() != 2 || server.dialled.Load() != 1 {
		t.Errorf("RoundTrip(over a connection that dies) = %v after %d requests on %d connections, want an error that leaves it open, 2 and 1",
			err, server.arrived.Load(), server.dialled.Load())
	}
}

// age makes the kept connections as old as that.
func age(way *Transport, by time.Duration) {
	way.idle.mu.Lock()
	defer way.idle.mu.Unlock()
	for _, c := range way.idle.conns {
		c.since = c.since.Add(-by)
	}
}

func TestAConnectionThatTheServerHasClosedMeanwhileIsNotUsed(t *testing.T) {
	for name, tail := range map[string]string{
		"closed":             "",
		"closed with a word": "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
	} {
		server := recite(t, true, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"+tail)
		way := to(t, server.url, Options{})
		for n := range 3 {
			status, _, err := ask(t, way, "POST", server.url, "x")
			if err != nil || status != 200 {
				t.Fatalf("%s: request %d = %d, %v", name, n, status, err)
			}
			for server.closed.Load() <= int64(n) {
				runtime.Gosched()
			}
		}
		if got := server.dialled.Load(); got != 3 {
			t.Errorf("%s: 3 requests took %d connections, want 3", name, got)
		}
	}
}

func TestAKeptConnectionIsUsedForAsLongAsItMay(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		for _, test := range []struct {
			unused time.Duration
			want   int64 // connections
		}{{0, 1}, {keepFor - time.Second, 1}, {keepFor + time.Second, 2}} {
			address, options, connections := serveBy(t, scheme)
			way := to(t, address, options)
			for range 2 {
				if _, body, err := ask(t, way, "GET", address, ""); err != nil || body != "here" {
					t.Fatalf("RoundTrip() = %q, %v", body, err)
				}
				age(way, test.unused)
			}
			if got := connections.Load(); got != test.want {
				t.Errorf("%s: 2 requests, %v apart, took %d connections, want %d", scheme, test.unused, got, test.want)
			}
		}
	}
}

func TestWhatTheContextEndsSaysWhy(t *testing.T) {
	cause := errors.New("a second signal")
	for _, path := range []string{"/silent", "/half"} {
		arrived := make(chan struct{}, 1)
		address, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // a server sees the end of a connection only then
			if r.URL.Path == "/half" {
				w.Header().Set("Content-Length", "10")
				_, _ = io.WriteString(w, "half")
				w.(http.Flusher).Flush()
			}
			arrived <- struct{}{}
			<-r.Context().Done() // the connection was given up
		})
		ctx, end := context.WithCancelCause(t.Context())
		go func() { <-arrived; end(cause) }()
		way := to(t, address, Options{})
		if _, _, err := askIn(ctx, t, way, "POST", address+path, "x"); !errors.Is(err, cause) || isNotSent(err) {
			t.Errorf("RoundTrip(%s, abandoned) = %v, want %v", path, err, cause)
		}
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, _, err := askIn(short, t, way, "POST", address+path, "x"); !errors.Is(err, context.DeadlineExceeded) || isNotSent(err) {
			t.Errorf("RoundTrip(%s, in time) = %v, want %v", path, err, context.DeadlineExceeded)
		}
		<-arrived
		if n := len(way.idle.conns); n != 0 {
			t.Errorf("after %s was given up, %d connections are kept, want 0", path, n)
		}
	}
}

func TestManyAtOnceEachGetTheirOwnAnswer(t *testing.T) {
	address, connections := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s of %s", body, r.URL.RawQuery)
	})
	way := to(t, address, Options{})
	const workers, each = 32, 100
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for n := range each {
				want := fmt.Sprintf("%d of %d", n, w)
				if _, got, err := ask(t, way, "POST", fmt.Sprintf("%s/?%d", address, w), fmt.Sprint(n)); err != nil || got != want {
					t.Errorf("RoundTrip() = %q, %v, want %q", got, err, want)
				}
			}
		})
	}
	group.Wait()
	if got := connections.Load(); got > workers {
		t.Errorf("%d workers took %d connections, want one each at most", workers, got)
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	for name, answer := range map[string]string{
		"endless header":       "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Long: "+strings.Repeat("x", 1000)+"\r\n", mostHeader/1000) + "\r\n",
		"no line end":          strings.Repeat("x", 2*mostHeader),
		"endless interim":      strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", mostHeader/20),
		"a change of protocol": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: elsewhere\r\n\r\n",
	} {
		server := recite(t, true, answer)
		if status, _, err := ask(t, to(t, server.url, Options{}), "GET", server.url, ""); !errors.Is(err, ErrHungUp) || isNotSent(err) {
			t.Errorf("RoundTrip(%s) = %d, %v, want %v", name, status, err, ErrHungUp)
		}
	}
	server := recite(t, true, strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 200)+"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\n1")
	if status, body, err := ask(t, to(t, server.url, Options{}), "GET", server.url, ""); err != nil || status != 201 || body != "1" {
		t.Errorf("RoundTrip(an answer after many words of work under way) = %d, %q, %v, want 201", status, body, err)
	}
	const long = 3 * mostHeader
	server = recite(t, true, "HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("x", long))
	if _, body, err := ask(t, to(t, server.url, Options{}), "GET", server.url, ""); err != nil || len(body) != long {
		t.Errorf("RoundTrip(a body of %d bytes) = %d bytes, %v: the bound is for headers alone", long, len(body), err)
	}
}

// refusing takes no byte.
type refusing struct{ net.Conn }

func (refusing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A request on its way leaves open whether it arrived, however little of it was
// written.
func TestOneByteThatLeftMayBeTheWholeRequest(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	go func() {
		_, _ = far.Read(make([]byte, 1))
		_ = far.Close()
	}()
	way := &Transport{server: &url.URL{Scheme: "http", Host: "api.example.com"}}
	c := newConn(near, &way.idle)
	c.since = time.Now()
	way.idle.conns = []*conn{c}
	if _, _, err := ask(t, way, "POST", "http://api.example.com/", strings.Repeat("x", 10_000)); err == nil || isNotSent(err) {
		t.Errorf("RoundTrip(a byte was taken) = %v, want an error that leaves it open", err)
	}

	near, far = net.Pipe()
	defer far.Close()
	c = newConn(refusing{near}, &way.idle)
	c.written = 100 // of the request before
	c.since = time.Now()
	way.idle.conns = []*conn{c}
	if _, _, err := ask(t, way, "POST", "http://api.example.com/", "x"); !isNotSent(err) {
		t.Errorf("RoundTrip(nobody takes a byte) = %v, want a *NotSent", err)
	}
}

func TestAConnectionWhoseAnswerWasDiscardedIsNotUsedAgain(t *testing.T) {
	address, connections := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") })
	way := to(t, address, Options{})
	for range 2 {
		r, err := http.NewRequest("GET", address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := way.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		Discard(answer)
		_ = answer.Body.Close()
	}
	if got := connections.Load(); got != 2 {
		t.Errorf("2 requests whose answers were discarded took %d connections, want 2", got)
	}
	Discard(&http.Response{Body: http.NoBody}) // of another transport
}

func TestAConnectionThatWasCutIsNotKept(t *testing.T) {
	address, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") })
	way := to(t, address, Options{})
	ctx, end := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := way.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	end()
	_ = answer.Body.Close()
	if n := len(way.idle.conns); n != 0 {
		t.Errorf("%d connections are kept, want 0: the end of a context cuts them", n)
	}
}

// counted is a body that knows how often it was closed.
type counted struct {
	io.Reader
	closed int
}

func (c *counted) Close() error { c.closed++; return nil }

func TestTheBodyOfARequestIsClosedWhateverHappens(t *testing.T) {
	address, _ := serve(t, func(http.ResponseWriter, *http.Request) {})
	for name, length := range map[string]int64{"sent": 1, "of unknown length": -1, "too short": 2} {
		body := &counted{Reader: strings.NewReader("x")}
		r, err := http.NewRequest("POST", address, body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		if answer, err := to(t, address, Options{}).RoundTrip(r); err == nil {
			_ = answer.Body.Close()
		}
		if body.closed == 0 {
			t.Errorf("the body (%s) was not closed", name)
		}
	}
	body := &counted{Reader: strings.NewReader("x")}
	r, err := http.NewRequest("POST", "http://127.0.0.1:1", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := to(t, "http://127.0.0.1:1", Options{}).RoundTrip(r); !isNotSent(err) || body.closed == 0 {
		t.Errorf("RoundTrip(nobody there) = %v with a body closed %d times, want a *NotSent and once", err, body.closed)
	}
}
