package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
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
	req.Header = c.toWrite
	if r.Reads {
		req.Header = c.toRead
	}
	return req, nil
}
