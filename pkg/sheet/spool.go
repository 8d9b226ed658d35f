package sheet

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Spool copies r, such as standard input, to a temporary file in dir, mode
// 0600, so that it can be read more than once. An empty dir is os.TempDir. The
// caller calls cleanup when done; it is not nil when err is nil.
func Spool(r io.Reader, dir string) (path string, cleanup func() error, err error) {
	f, err := os.CreateTemp(dir, "refbulk-*.input")
	if err != nil {
		return "", nil, fmt.Errorf("making a temporary file for the input: %w", err)
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", nil, errors.Join(fmt.Errorf("copying the input to a temporary file: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), func() error { return os.Remove(f.Name()) }, nil
}
