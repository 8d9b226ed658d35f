package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// to is a way to a server, which is left when the test ends.
func to(t testing.TB, address string, o Options) *Transport {
	t.Helper()
	server, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	way := To(server, o)
	t.Cleanup(way.CloseIdleConnections)
	return way
}

// serve is a server on loopback that counts its connections.
func serve(t testing.TB, handler http.HandlerFunc) (address string, connections *atomic.Int64) {
	t.Helper()
	server, connections := unstarted(handler)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, connections
}

func unstarted(handler http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	server, connections := httptest.NewUnstartedServer(handler), new(atomic.Int64)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	return server, connections
}

// script is a server that reads a request and writes an answer as it stands,
// one answer after the other; then it closes the connection, if it is to.
type script struct {
	url     string
	arrived atomic.Int64 // requests
	dialled atomic.Int64 // connections
	closed  atomic.Int64 // of them
	latest  atomic.Pointer[net.Conn]
}

// say has the server say something unasked, over its latest connection.
func (s *script) say(text string) { _, _ = io.WriteString(*s.latest.Load(), text) }

func recite(t testing.TB, closes bool, answers ...string) *script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{url: "http://" + l.Addr().String()}
	var conns sync.WaitGroup
	over := make(chan struct{})
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.dialled.Add(1)
			s.latest.Store(&conn)
			conns.Go(func() {
				defer func() { _ = conn.Close(); s.closed.Add(1) }()
				in := bufio.NewReader(conn)
				for _, answer := range answers {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					s.arrived.Add(1)
					_, _ = io.WriteString(conn, answer)
				}
				if !closes {
					<-over
				}
			})
		}
	})
	t.Cleanup(func() { close(over); _ = l.Close(); conns.Wait() })
	return s
}

// ask makes a request and reads the whole answer.
func ask(t testing.TB, way http.RoundTripper, method, address, body string) (int, string, error) {
	t.Helper()
	return askIn(t.Context(), t, way, method, address, body)
}

func askIn(ctx context.Context, t testing.TB, way http.RoundTripper, method, address, body string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := way.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(got), err
}

func isNotSent(err error) bool {
	var unsent *NotSent
	return errors.As(err, &unsent)
}
