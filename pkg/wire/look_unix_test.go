//go:build unix

package wire

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAnAnswerThatNobodyAskedForIsNotTakenForTheNext(t *testing.T) {
	const one, two = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo"
	for name, said := range map[string]string{"with the answer": one + two, "after the answer": one} {
		server := recite(t, false, said)
		way := to(t, server.url, Options{})
		for range 2 {
			if _, body, err := ask(t, way, "POST", server.url, "x"); err != nil || body != "one" {
				t.Fatalf("%s: RoundTrip() = %q, %v, want its own answer", name, body, err)
			}
			if len(way.idle.conns) == 1 {
				server.say(two)
				for silent := true; silent; silent, _ = look(way.idle.conns[0].raw) {
					runtime.Gosched()
				}
			}
		}
		if got := server.dialled.Load(); got != 2 {
			t.Errorf("%s: 2 requests took %d connections, want 2", name, got)
		}
	}
}

// corked sends what is written to it in one piece.
type corked struct {
	net.Conn
	held bytes.Buffer
}

func (c *corked) Write(p []byte) (int, error) { return c.held.Write(p) }

func (c *corked) Read(p []byte) (int, error) {
	_, _ = c.held.WriteTo(c.Conn) // before it waits for the other side
	return c.Conn.Read(p)
}

// What comes encrypted together with an answer has left the kernel, and is not
// decrypted yet. The end of the session is such a word, too.
func TestWhatWasReadTogetherWithAnEncryptedAnswerIsNotTakenForTheNext(t *testing.T) {
	const one, two = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo"
	known := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer known.Close()
	for name, say := range map[string]func(*tls.Conn){
		"a second answer":        func(c *tls.Conn) { _, _ = io.WriteString(c, two) },
		"the end of the session": func(c *tls.Conn) { _ = c.CloseWrite() },
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		dialled := 0
		var conns sync.WaitGroup
		conns.Go(func() {
			for {
				raw, err := l.Accept()
				if err != nil {
					return
				}
				dialled++
				conns.Go(func() {
					defer raw.Close()
					line := &corked{Conn: raw}
					c := tls.Server(line, known.TLS)
					in := bufio.NewReader(c)
					for {
						r, err := http.ReadRequest(in)
						if err != nil {
							return
						}
						_, _ = io.Copy(io.Discard, r.Body)
						_, _ = io.WriteString(c, one)
						say(c)
						_ = raw.SetWriteDeadline(time.Time{}) // the end of a session forbids to write
						_, _ = line.held.WriteTo(raw)
					}
				})
			}
		})
		address := "https://" + l.Addr().String()
		way := to(t, address, Options{TLS: known.Client().Transport.(*http.Transport).TLSClientConfig})
		for range 3 {
			if _, body, err := ask(t, way, "POST", address, strings.Repeat("x", 10)); err != nil || body != "one" {
				t.Fatalf("%s: RoundTrip() = %q, %v, want its own answer", name, body, err)
			}
		}
		way.CloseIdleConnections()
		_ = l.Close()
		conns.Wait()
		if dialled != 3 {
			t.Errorf("%s: 3 requests took %d connections, want 3", name, dialled)
		}
	}
}
