package recomly

import (
	"io"
	"net/http"
)

// masked wraps a transport so that the value of every portalToken in an answer
// is stars before anything else reads it. Who holds such a token enters the
// advocate's portal without a password: it may stand in no log, error or file.
// Nil stands for a transport of the client's own.
func masked(inner http.RoundTripper) http.RoundTripper {
	if inner == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 256 // more than workers: a connection is never closed only to be opened again
		inner = transport
	}
	return &masking{inner}
}

type masking struct{ inner http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (m *masking) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := m.inner.RoundTrip(r)
	if err == nil {
		resp.Body = &maskedBody{ReadCloser: resp.Body}
	}
	return resp, err
}

// CloseIdleConnections hands on what a client asks of its transport.
func (m *masking) CloseIdleConnections() {
	if c, ok := m.inner.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// secretKey is the JSON key whose value is masked.
const secretKey = `"portalToken"`

// maskedBody masks as it is read, in place and without changing a length.
type maskedBody struct {
	io.ReadCloser
	matched int  // bytes of secretKey that have just gone by
	inside  bool // in the value
	escaped bool // the byte before was a backslash in the value
}

// Read implements io.Reader.
func (b *maskedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	for i := range n {
		p[i] = b.mask(p[i])
	}
	return n, err
}

func (b *maskedBody) mask(c byte) byte {
	switch {
	case b.inside:
		if c == '"' && !b.escaped {
			b.inside, b.matched = false, 0
			return c
		}
		b.escaped = c == '\\' && !b.escaped
		return '*'
	case b.matched == len(secretKey):
		switch c {
		case ' ', '\t', '\n', '\r', ':':
		case '"':
			b.inside, b.escaped = true, false
		default: // null, or no JSON at all
			b.matched = 0
		}
	case c == secretKey[b.matched]:
		b.matched++
	case c == secretKey[0]: // a quote stands only at the ends of the key
		b.matched = 1
	default:
		b.matched = 0
	}
	return c
}
