package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/proxy"
)

// patience is how long somebody may take to take up a connection, and how long
// to agree on how to speak over it.
const patience = 15 * time.Second

// ports that an address means which names none.
var ports = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = ports[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// dial makes a connection for a request, by way of the proxy that it has to
// take, up to where the server is ready to be asked.
func (t *Transport) dial(ctx context.Context, r *http.Request) (net.Conn, error) {
	by, err := t.options.Proxy(r)
	if err != nil {
		return nil, fmt.Errorf("finding the proxy: %w", err)
	}
	next := &net.Dialer{Timeout: patience, Control: forget(t.options.Unconfirmed)}
	line, err := t.reach(ctx, next, by)
	if err != nil || t.server.Scheme != "https" {
		return line, err
	}
	return t.secure(ctx, line, t.server.Hostname())
}

// reach makes a connection to the server.
func (t *Transport) reach(ctx context.Context, next *net.Dialer, by *url.URL) (net.Conn, error) {
	if by == nil {
		return next.DialContext(ctx, "tcp", hostPort(t.server))
	}
	switch by.Scheme {
	case "socks5", "socks5h":
		return t.throughSocks(ctx, next, by)
	case "http", "https":
		return t.throughTunnel(ctx, next, by)
	}
	return nil, fmt.Errorf("the proxy's address begins with %q: use http, https or socks5", by.Scheme)
}

func (t *Transport) throughSocks(ctx context.Context, next *net.Dialer, by *url.URL) (net.Conn, error) {
	var auth *proxy.Auth
	if by.User != nil {
		password, _ := by.User.Password()
		auth = &proxy.Auth{User: by.User.Username(), Password: password}
	}
	dialer, err := proxy.SOCKS5("tcp", hostPort(by), auth, next)
	if err != nil {
		return nil, err
	}
	// Over a connection made here: the one that it would make hides the kernel's.
	line, err := next.DialContext(ctx, "tcp", hostPort(by))
	if err != nil {
		return nil, fmt.Errorf("reaching the proxy: %w", err)
	}
	err = agree(ctx, line, func(within context.Context) error {
		_, err := dialer.(socksDialer).DialWithConn(within, line, "tcp", hostPort(t.server))
		return err
	})
	if err != nil {
		return nil, err
	}
	return line, nil
}

// socksDialer is what golang.org/x/net/proxy gives for SOCKS5.
type socksDialer interface {
	DialWithConn(ctx context.Context, line net.Conn, network, address string) (net.Addr, error)
}

// throughTunnel asks a proxy for a connection to the server (RFC 9110, 9.3.6).
func (t *Transport) throughTunnel(ctx context.Context, next *net.Dialer, by *url.URL) (net.Conn, error) {
	line, err := next.DialContext(ctx, "tcp", hostPort(by))
	if err == nil && by.Scheme == "https" {
		line, err = t.secure(ctx, line, by.Hostname())
	}
	if err != nil {
		return nil, fmt.Errorf("reaching the proxy: %w", err)
	}
	if err := agree(ctx, line, func(context.Context) error { return t.askForTunnel(line, by) }); err != nil {
		return nil, err
	}
	return line, nil
}

func (t *Transport) askForTunnel(line net.Conn, by *url.URL) error {
	server := hostPort(t.server)
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: server}, Host: server, Header: http.Header{}}
	if by.User != nil {
		password, _ := by.User.Password()
		ask.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(by.User.Username()+":"+password)))
	}
	if err := ask.Write(line); err != nil {
		return fmt.Errorf("asking the proxy: %w", err)
	}
	// Nothing comes after the proxy's answer: the server waits to be spoken to.
	answer, err := http.ReadResponse(bufio.NewReader(io.LimitReader(line, mostHeader)), ask)
	if err != nil {
		return fmt.Errorf("asking the proxy: %w", err)
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the proxy %s does not let us through: %s", by.Host, answer.Status)
	}
	return nil
}

// secure agrees on keys with whom a connection leads to.
func (t *Transport) secure(ctx context.Context, line net.Conn, host string) (net.Conn, error) {
	config := &tls.Config{}
	if t.options.TLS != nil {
		config = t.options.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.NextProtos = []string{"http/1.1"}
	secured := tls.Client(line, config)
	if err := agree(ctx, line, secured.HandshakeContext); err != nil {
		return nil, err
	}
	return secured, nil
}

// agree lets a fresh connection be made ready, within the time for that. When
// it cannot be, it is closed.
func agree(ctx context.Context, line net.Conn, ready func(context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	goOn := context.AfterFunc(within, func() { _ = line.SetDeadline(past) })
	err := ready(within)
	if !goOn() {
		err = context.Cause(within)
	}
	if err != nil {
		_ = line.Close() // it was never used
	}
	return err
}
