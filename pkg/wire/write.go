package wire

import (
	"errors"
	"io"
	"net/http"
	"strconv"
)

var errUnknownLength = errors.New("the length of the request's body is not known")

// write puts a request on its way, up to what waits to be flushed, and closes
// its body. It gives the server what Request.Write gives it, in a third of the
// time, because a body has to tell its length.
func (c *conn) write(r *http.Request) error {
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	defer body.Close()
	if r.ContentLength < 0 || r.ContentLength == 0 && body != http.NoBody {
		return errUnknownLength
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	// The writer keeps its first error, and Flush gives it.
	for _, part := range [...]string{r.Method, " ", r.URL.RequestURI(), " HTTP/1.1\r\nHost: ", host, "\r\n"} {
		_, _ = c.out.WriteString(part)
	}
	if err := r.Header.Write(c.out); err != nil {
		return err
	}
	if r.ContentLength > 0 || expectsLength(r.Method) {
		var digits [20]byte
		_, _ = c.out.WriteString("Content-Length: ")
		_, _ = c.out.Write(strconv.AppendInt(digits[:0], r.ContentLength, 10))
		_, _ = c.out.WriteString("\r\n")
	}
	_, _ = c.out.WriteString("\r\n")
	switch n, err := io.Copy(c.out, body); {
	case err != nil:
		return err
	case n != r.ContentLength:
		return errUnknownLength
	}
	return nil
}

// expectsLength reports whether servers want to be told that there is no body.
func expectsLength(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}
