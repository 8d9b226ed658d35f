package sheet

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Whole is a file that appears whole or not at all: until Commit it is a
// temporary one, mode 0600, in the folder where it will stand. It belongs to
// one goroutine.
type Whole struct {
	path string
	file *os.File // nil once committed or aborted
	buf  *bufio.Writer
	time time.Time // that the file is to have; zero = when it was written
}

// Create starts the file at path. What stands there stays until Commit.
func Create(path string) (*Whole, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, fmt.Errorf("writing %q: %w", path, withoutPath(err))
	}
	return &Whole{path: path, file: f, buf: bufio.NewWriterSize(f, 64<<10)}, nil
}

// withoutPath takes the name of the temporary file out of an error: nobody has
// chosen it, or will find it.
func withoutPath(err error) error {
	if at := (*os.PathError)(nil); errors.As(err, &at) {
		return at.Err
	}
	return err
}

// Write implements io.Writer. It is buffered.
func (w *Whole) Write(p []byte) (int, error) {
	if w.file == nil {
		return 0, os.ErrClosed
	}
	return w.buf.Write(p)
}

// Date gives the file a time other than that at which it is written.
func (w *Whole) Date(t time.Time) { w.time = t }

// Commit puts the file in its place and returns when it would survive a power
// loss. When it fails, what stood there before still does.
func (w *Whole) Commit() error {
	if w.file == nil {
		return os.ErrClosed
	}
	f := w.file
	w.file = nil
	err := w.buf.Flush()
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil && !w.time.IsZero() {
		err = os.Chtimes(f.Name(), time.Time{}, w.time)
	}
	if err == nil {
		err = os.Rename(f.Name(), w.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %q: %w", w.path, err), os.Remove(f.Name()))
	}
	if err := syncDir(filepath.Dir(w.path)); err != nil {
		return fmt.Errorf("writing %q: %w", w.path, err)
	}
	return nil
}

// Close drops the file if it was not committed. It may be deferred.
func (w *Whole) Close() error {
	if w.file == nil {
		return nil
	}
	f := w.file
	w.file = nil
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
