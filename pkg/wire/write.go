package wire

import (
	"errors"
	"net/http"
)

var errUnknownLength = errors.New("the length of the request's body is not known")

// write puts a request on its way, up to what waits to be flushed, and closes
// its body. A body of unknown length would be sent in chunks, which not every
// server reads.
func (c *conn) write(r *http.Request) error {
	if r.ContentLength < 0 || r.ContentLength == 0 && r.Body != nil && r.Body != http.NoBody {
		_ = r.Body.Close() // it is not read
		return errUnknownLength
	}
	return r.Write(c.out)
}
