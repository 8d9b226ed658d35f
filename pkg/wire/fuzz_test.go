package wire

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// what somebody has understood of an answer.
type understood struct {
	Status int
	Header http.Header
	Body   string
	Failed bool // the header, or the body
}

func understand(way http.RoundTripper, method string) understood {
	r, err := http.NewRequest(method, "http://api.example.com", http.NoBody)
	if err != nil {
		return understood{Failed: true}
	}
	answer, err := way.RoundTrip(r)
	if err != nil {
		return understood{Failed: true}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return understood{answer.StatusCode, answer.Header, string(body), err != nil}
}

// Whatever bytes a server answers with, they mean what they mean to net/http.
func FuzzAnAnswerIsUnderstoodAsNetHTTPDoes(f *testing.F) {
	for _, answer := range []string{
		"", "HTTP/1.1", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{",
		"HTTP/1.0 200 OK\r\n\r\n{}", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n\r\n1",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 429 \r\nRetry-After: 7\r\nConnection: close\r\n\r\nwait", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b",
		"HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n X: folded\r\n\r\n", "<html>", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
	} {
		f.Add(false, answer)
		f.Add(true, answer)
	}
	f.Fuzz(func(t *testing.T, write bool, answer string) {
		if strings.Contains(answer, " 101") {
			t.Skip("a change of protocol is no answer here, and is one to net/http")
		}
		method := http.MethodGet
		if write {
			method = http.MethodPost
		}
		theirs := &http.Transport{DisableCompression: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return reciteOnce(t, answer), nil }}
		defer theirs.CloseIdleConnections()
		ours := to(t, "http://api.example.com", Options{})
		ours.idle.keep(newConn(reciteOnce(t, answer), &ours.idle))
		want, got := understand(theirs, method), understand(ours, method)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s answered with %q:\n%+v, want\n%+v", method, answer, got, want)
		}
	})
}

// reciteOnce is a connection to a server that reads a request, writes an answer
// as it stands, and closes.
func reciteOnce(t *testing.T, answer string) net.Conn {
	near, far := net.Pipe()
	var server sync.WaitGroup
	server.Go(func() {
		defer far.Close()
		if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
			_, _ = io.WriteString(far, answer)
		}
	})
	t.Cleanup(server.Wait)
	return near
}
