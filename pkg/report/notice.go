package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"text/template"
	"time"

	"github.com/refbulk/refbulk/pkg/wire"
)

// Notice is what is posted when a run begins and when it ends: the summary,
// and a sentence that a chat shows as it is. When a run begins, its summary
// knows the rows, and nothing of what becomes of them.
type Notice struct {
	Event string    `json:"event"` // started or finished
	Text  string    `json:"text"`
	Step  string    `json:"step"`
	Time  time.Time `json:"time"`
	Error string    `json:"error,omitempty"` // for which the run could not go on
	*Summary
}

// noticeTimeout is how long a run waits for whoever is told of it.
const noticeTimeout = 10 * time.Second

// Notifier posts notices. It holds no credentials, and follows no redirect.
type Notifier struct {
	url  *url.URL
	body *template.Template // nil = the notice as JSON
	way  *wire.Transport
}

// NewNotifier checks the address: https, or plain http to this machine. The
// template, where there is one, makes the body out of a Notice; its function
// json writes a value as JSON.
func NewNotifier(address, body string) (*Notifier, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, errors.New("--notify-url is not an address; write it as https://host/path")
	case u.User != nil:
		return nil, errors.New("--notify-url may hold no user name and password")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, fmt.Errorf("--notify-url begins with %q; use https (plain http is for this machine alone)", u.Scheme)
	}
	n := &Notifier{url: u, way: wire.To(u, wire.Options{})}
	if body == "" {
		return n, nil
	}
	n.body, err = template.New("notice").Funcs(template.FuncMap{"json": toJSON}).Parse(body)
	if err == nil {
		_, err = n.render(Notice{Summary: &Summary{}})
	}
	if err != nil {
		return nil, fmt.Errorf("the template of --notify-template: %w", err)
	}
	return n, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func toJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

// Local reports whether notices stay on this machine.
func (n *Notifier) Local() bool { return loopback(n.url.Hostname()) }

func (n *Notifier) render(notice Notice) ([]byte, error) {
	if n.body == nil {
		return json.Marshal(notice)
	}
	var b bytes.Buffer
	if err := n.body.Execute(&b, notice); err != nil {
		return nil, err
	}
	if !json.Valid(b.Bytes()) {
		return nil, fmt.Errorf("what it makes is not JSON: %.80q; put values in with {{ json .Text }}", b.String())
	}
	return b.Bytes(), nil
}

// Post sends a notice, once. Its error names the host alone: the rest of the
// address may be what lets one post there.
func (n *Notifier) Post(ctx context.Context, notice Notice) error {
	body, err := n.render(notice)
	if err != nil {
		return fmt.Errorf("notifying %s: %w", n.url.Host, err)
	}
	ctx, cancel := context.WithTimeout(ctx, noticeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("notifying %s: the address cannot be called", n.url.Host)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "refbulk")
	resp, err := n.way.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("notifying %s: %w", n.url.Host, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("notifying %s: it answers %s", n.url.Host, resp.Status)
	}
	return nil
}

// Close gives up idle connections.
func (n *Notifier) Close() { n.way.CloseIdleConnections() }
