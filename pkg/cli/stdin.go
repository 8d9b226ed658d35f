package cli

import (
	"context"
	"io"
)

// readerFunc is an io.Reader that is one function.
type readerFunc func([]byte) (int, error)

// Read implements io.Reader.
func (read readerFunc) Read(p []byte) (int, error) { return read(p) }

// until reads from in, a terminal or what another program writes, and gives up
// with the cause of ctx when that ends.
//
// No read of either can be called off. The one under way then is left to itself,
// with nobody to wait for it: it ends with the next byte, or with the process,
// which has nothing else to do.
func until(ctx context.Context, in io.Reader) io.Reader {
	type answer struct {
		text []byte
		err  error
	}
	return readerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		came := make(chan answer, 1) // room for what comes when nobody waits any more
		go func() {
			text := make([]byte, len(p)) // p is the caller's again by then
			n, err := in.Read(text)
			came <- answer{text[:n], err}
		}()
		select {
		case a := <-came:
			return copy(p, a.text), a.err
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	})
}
