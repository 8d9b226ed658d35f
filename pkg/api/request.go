package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// headers are those of writes and of reads. All calls share them: a transport
// changes none.
func headers(config *Config) (write, read http.Header) {
	write = http.Header{
		"Authorization": {"Bearer " + config.Token},
		"Accept":        {"application/json"},
		"Content-Type":  {"application/json"},
		"User-Agent":    {config.UserAgent},
	}
	read = write.Clone()
	read.Set("Accept-Encoding", "gzip") // a page of people is long
	return write, read
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	target, err := c.target(r)
	if err != nil {
		return nil, err
	}
	var body []byte
	if r.Body != nil {
		if body, err = json.Marshal(r.Body); err != nil {
			return nil, fmt.Errorf("encoding a call of %s: %w", r.Path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, "", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("building a call of %s: %w", r.Path, err)
	}
	req.URL, req.Host, req.Header = target, target.Host, c.toWrite
	if r.Reads {
		req.Header = c.toRead
	}
	return req, nil
}

// target is where a call goes: below the API root, whatever its path says.
func (c *Client) target(r Request) (*url.URL, error) {
	path, err := url.PathUnescape(r.Path)
	if err != nil {
		return nil, fmt.Errorf("building a call of %s: %w", r.Path, err)
	}
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("the path %q leads away from %s", r.Path, c.base.Host)
	}
	u := *c.base
	u.RawPath = u.EscapedPath() + r.Path
	u.Path += path
	u.RawQuery = r.Query.Encode()
	return &u, nil
}
