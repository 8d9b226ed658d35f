package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/refbulk/refbulk/pkg/wire"
)

// What is read of an answer is bounded. The largest honest answer to a read
// is a list in one piece, some 500 bytes a person; a write is answered with
// one object, a refusal with a few sentences.
const (
	maxList = 32 << 20
	maxOne  = 1 << 20
)

// exchange sends the request and judges what comes back.
func (c *Client) exchange(req *http.Request, r Request, answer any) (int, http.Header, *Error) {
	resp, err := c.config.Transport.RoundTrip(req)
	if err != nil {
		_, unsent := err.(*wire.NotSent) // itself: the cause of a call's end may be the error of another
		return 0, nil, noAnswer(err, r.Reads, !unsent)
	}
	defer resp.Body.Close()
	status, most := resp.StatusCode, maxOne
	if r.Reads && status/100 == 2 {
		most = maxList
	}
	body, err := c.read(resp, most)
	switch {
	case status/100 != 2:
		// The status says what happened, even when its explanation broke off.
		return status, resp.Header, c.failure(resp, body, r.Reads)
	case answer == nil:
		err = nil // and so it does here, unless it is not the API that speaks
		if isPage(resp.Header) {
			err = errors.New("the answer is a web page")
		}
	case err == nil && len(body) > most:
		err = fmt.Errorf("the answer is longer than %d MiB", most>>20)
	case err == nil:
		err = c.decode(body, answer)
	}
	switch {
	case err != nil:
		wire.Discard(resp)
		return status, resp.Header, unusable(err, r.Reads, status)
	case r.Fits != nil && !r.Fits():
		wire.Discard(resp)
		return 0, resp.Header, unusable(errForeign, r.Reads, 0)
	}
	return status, resp.Header, nil
}

// errForeign is that of a call which got an answer to another. Its own may be
// still to come.
var errForeign = errors.New("what came is no answer to this call")

// read reads the body up to a byte more than the most.
func (c *Client) read(resp *http.Response, most int) ([]byte, error) {
	var body io.Reader = resp.Body
	if coding := resp.Header.Get("Content-Encoding"); strings.EqualFold(coding, "gzip") || strings.EqualFold(coding, "x-gzip") {
		var err error
		if body, err = gzip.NewReader(body); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(io.LimitReader(c.config.Mask(body), int64(most)+1))
}

// decode reads the body of a success.
func (c *Client) decode(body []byte, answer any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return errors.New("the answer is empty")
	}
	if json.Unmarshal(body, answer) != nil {
		return fmt.Errorf("the answer is not the JSON that was expected: %q", glimpse(c.hide(body)))
	}
	return nil
}

// isPage reports whether what came is for a browser: a network's sign-in
// page, say.
func isPage(header http.Header) bool {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return kind == "text/html"
}

// noAnswer is the error of a call to which no answer came.
func noAnswer(err error, reads, left bool) *Error {
	var forged *tls.CertificateVerificationError
	late := errors.Is(err, context.DeadlineExceeded)
	switch {
	case errors.As(err, &forged):
		return &Error{Verdict: Stop, Message: "who answers there cannot prove to be the API: " + plain(err), Err: err, neverLeft: !left}
	case !left && late:
		return &Error{Verdict: Again, Message: "the API could not be reached in time", Err: err, neverLeft: true}
	case !left:
		return &Error{Verdict: Again, Message: "the API could not be reached: " + plain(err), Err: err, neverLeft: true}
	}
	return unusable(err, reads, 0)
}

// unusable is the error of a call that left, and of whose outcome nothing was
// learnt.
func unusable(err error, reads bool, status int) *Error {
	e := &Error{Verdict: Unknown, Status: status, Message: "no usable answer came: " + plain(err), Err: err}
	if errors.Is(err, context.DeadlineExceeded) {
		e.Message = "no answer came in time"
	}
	if reads {
		e.Verdict = Again
	}
	return e
}

// plain says what an error of net/http means where a person would not know.
func plain(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection ended early"
	}
	return err.Error()
}

// failure is the error of an answer that is not a success.
func (c *Client) failure(resp *http.Response, body []byte, reads bool) *Error {
	e := &Error{
		Verdict:    verdict(resp.StatusCode, reads),
		Status:     resp.StatusCode,
		RetryAfter: retryAfter(resp.Header.Get("Retry-After"), serverTime(resp.Header, time.Now())),
	}
	body = c.hide(body)
	if c.config.Explain != nil {
		e.Message, e.Fields = c.config.Explain(body)
	}
	if location := resp.Header.Get("Location"); resp.StatusCode/100 == 3 && location != "" {
		e.Message = fmt.Sprintf("the API sent us on to %q, where the token is not taken; is the API root right?", host(location))
	}
	if e.Message == "" {
		e.Message = strings.ToLower(http.StatusText(resp.StatusCode))
		if shown := glimpse(body); shown != "" && !isPage(resp.Header) {
			e.Message += ": " + shown
		}
	}
	if e.Verdict == Wait {
		c.throttled.Add(1)
	}
	return e
}

func host(location string) string {
	if u, err := url.Parse(location); err == nil && u.Host != "" {
		return u.Host
	}
	return location
}

// hide takes the token out of a body that may be shown: a debugging page
// repeats the headers it was sent. What is shorter than any token is a word
// that a message may well hold.
func (c *Client) hide(body []byte) []byte {
	const shortest = 16
	if len(c.config.Token) < shortest {
		return body
	}
	return bytes.ReplaceAll(body, []byte(c.config.Token), []byte("[the token]"))
}

// glimpse is the beginning of a body, on one line, safe to show.
func glimpse(body []byte) string {
	const most = 200
	text := strings.ToValidUTF8(string(body[:min(len(body), most)]), "")
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }), " ")
}
