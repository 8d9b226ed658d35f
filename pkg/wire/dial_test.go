package wire

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// serveBy is a server that says "here", how to trust it, and its connections.
func serveBy(t testing.TB, scheme string) (address string, o Options, connections *atomic.Int64) {
	t.Helper()
	server, connections := unstarted(func(w http.ResponseWriter, r *http.Request) {
		if r.Proto != "HTTP/1.1" {
			t.Errorf("a request came over %s, want HTTP/1.1", r.Proto)
		}
		_, _ = io.WriteString(w, "here")
	})
	if scheme == "http" {
		server.Start()
	} else {
		server.EnableHTTP2 = true // what it would rather speak
		server.StartTLS()
		o.TLS = server.Client().Transport.(*http.Transport).TLSClientConfig
	}
	t.Cleanup(server.Close)
	return server.URL, o, connections
}

func TestWhoCannotProveToBeTheServerGetsNothing(t *testing.T) {
	address, _, _ := serveBy(t, "https")
	_, _, err := ask(t, to(t, address, Options{}), "POST", address, "x")
	if forged := new(tls.CertificateVerificationError); !isNotSent(err) || !errors.As(err, &forged) {
		t.Errorf("RoundTrip(to a forged certificate) = %v, want a *NotSent for a %T", err, forged)
	}
}

// tunnels is a proxy that lets through who knows the password, by CONNECT.
func tunnels(t *testing.T, secure bool) (address string, used *atomic.Int64) {
	t.Helper()
	used = new(atomic.Int64)
	var lines sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("the proxy was asked to %s, want CONNECT", r.Method)
		}
		if r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("me:secret")) {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		used.Add(1)
		there, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		lines.Go(func() { join(here, there) })
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(func() { server.Close(); lines.Wait() })
	return server.URL, used
}

// join passes on what each end says to the other, until one has gone.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(a, b); _ = a.Close() })
	both.Go(func() { _, _ = io.Copy(b, a); _ = b.Close() })
	both.Wait()
}

// through gives every request the same proxy.
func through(t *testing.T, address string) func(*http.Request) (*url.URL, error) {
	t.Helper()
	by, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return func(*http.Request) (*url.URL, error) { return by, nil }
}

func TestAProxyIsTaken(t *testing.T) {
	for _, test := range []struct{ proxy, server string }{{"http", "https"}, {"http", "http"}, {"https", "https"}, {"socks5", "https"}, {"socks5h", "https"}} {
		address, options, _ := serveBy(t, test.server)
		var by string
		var used *atomic.Int64
		if strings.HasPrefix(test.proxy, "socks") {
			by, used = socks(t)
			by = test.proxy + "://me:secret@" + by
		} else {
			by, used = tunnels(t, test.proxy == "https")
			by = strings.Replace(by, "://", "://me:secret@", 1)
		}
		if test.proxy == "https" {
			options.TLS = options.TLS.Clone()
			options.TLS.InsecureSkipVerify = true // two test servers, one certificate
		}
		options.Proxy = through(t, by)
		way := to(t, address, options)
		for range 2 {
			if _, body, err := ask(t, way, "POST", address, "x"); err != nil || body != "here" {
				t.Errorf("%s through %s = %q, %v", test.server, test.proxy, body, err)
			}
		}
		if used.Load() != 1 {
			t.Errorf("%s through %s: the proxy was used %d times for 2 requests, want 1", test.server, test.proxy, used.Load())
		}
		way.CloseIdleConnections() // so that the proxy comes to rest
	}
}

func TestAProxyThatRefusesIsNamedAndNothingIsSent(t *testing.T) {
	address, options, _ := serveBy(t, "https")
	by, _ := tunnels(t, false)
	gone := strings.Replace(by, "://", "://me:secret@", 1)
	for _, test := range []struct {
		proxy func(*http.Request) (*url.URL, error)
		to    string
		want  string
	}{
		{through(t, by), address, "407 Proxy Authentication Required"},
		{through(t, gone), "https://127.0.0.1:1", "502 Bad Gateway"},
		{through(t, "http://127.0.0.1:1"), address, "reaching the proxy"},
		{through(t, "ftp://127.0.0.1:1"), address, `"ftp"`},
		{func(*http.Request) (*url.URL, error) { return nil, errors.New("out of order") }, address, "out of order"},
	} {
		options.Proxy = test.proxy
		_, _, err := ask(t, to(t, test.to, options), "POST", test.to, "x")
		if !isNotSent(err) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("RoundTrip(through a proxy that refuses) = %v, want a *NotSent that says %q and no password", err, test.want)
		}
	}
}

// socks is a SOCKS5 proxy (RFC 1928 and 1929) for who knows the password.
func socks(t *testing.T) (address string, used *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	used = new(atomic.Int64)
	var lines sync.WaitGroup
	lines.Go(func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			lines.Go(func() {
				there, err := socksTo(here)
				if err != nil {
					t.Errorf("the SOCKS proxy was not asked as it should be: %v", err)
					_ = here.Close()
					return
				}
				used.Add(1)
				join(here, there)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); lines.Wait() })
	return l.Addr().String(), used
}

func socksTo(here net.Conn) (net.Conn, error) {
	in := bufio.NewReader(here)
	take := func(n int) []byte {
		b := make([]byte, n)
		_, _ = io.ReadFull(in, b)
		return b
	}
	take(int(take(2)[1])) // ways to sign in
	_, _ = here.Write([]byte{5, 2})
	name := string(take(int(take(2)[1])))
	password := string(take(int(take(1)[0])))
	if name != "me" || password != "secret" {
		return nil, errors.New("wrong password")
	}
	_, _ = here.Write([]byte{1, 0})
	host := ""
	switch take(4)[3] {
	case 1:
		host = net.IP(take(4)).String()
	case 3:
		host = string(take(int(take(1)[0])))
	default:
		return nil, errors.New("an address of another kind")
	}
	port := take(2)
	_, _ = here.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(int(port[0])<<8|int(port[1]))))
}
