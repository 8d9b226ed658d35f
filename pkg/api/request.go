package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// newTransport is a way to the API that sends nothing twice, and nothing much
// later than the timeout of a call.
func newTransport(timeout time.Duration) *http.Transport {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 15 * time.Second, Control: forget(timeout)}).DialContext,
		TLSHandshakeTimeout: 15 * time.Second,
		MaxIdleConnsPerHost: 256, // more than workers: a connection is never closed only to be opened again
		// Servers close idle connections after a minute or so. A write that
		// meets the close on its way is lost without a trace, so ours end first.
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		Protocols:              new(http.Protocols),
	}
	// HTTP/1 alone. The HTTP/2 client sends what a server refused or broke off
	// up to six times more, past the gate, and one connection that dies there
	// leaves all calls in flight without an answer.
	t.Protocols.SetHTTP1(true)
	return t
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	target := c.base.String() + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = json.Marshal(r.Body); err != nil {
			return nil, fmt.Errorf("encoding a call of %s: %w", r.Path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("building a call of %s: %w", r.Path, err)
	}
	if req.URL.Scheme != c.base.Scheme || req.URL.Host != c.base.Host || req.URL.User != nil {
		return nil, fmt.Errorf("the path %q leads away from %s", r.Path, c.base.Host)
	}
	forbidReplay(req, body)
	req.Header.Set("Authorization", "Bearer "+c.config.Token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", c.config.UserAgent)
	return req, nil
}

// forbidReplay keeps net/http from sending a request again by itself, past
// the gate. It does so when a kept connection dies, for a body that it can
// get hold of once more, and for methods that by rule change nothing. A body
// that is there and cannot be had again forbids it: for those methods even
// one without bytes, of which nothing goes over the wire. The other methods
// are safe without a body, and with an empty one would be sent in chunks.
func forbidReplay(req *http.Request, body []byte) {
	req.GetBody = nil
	switch req.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		if len(body) == 0 {
			return
		}
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
}
