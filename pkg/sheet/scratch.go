package sheet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// scratch is a temporary file, mode 0600. Where the system allows, it has no
// name any more, so that not even a killed process leaves it behind.
type scratch struct {
	file  *os.File
	buf   *bufio.Writer
	size  int64
	named bool
}

func newScratch(dir string) (*scratch, error) {
	f, err := os.CreateTemp(dir, "refbulk-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("unpacking the workbook needs a temporary file: %w", err)
	}
	named := os.Remove(f.Name()) != nil
	return &scratch{file: f, buf: bufio.NewWriterSize(f, 64<<10), named: named}, nil
}

func (s *scratch) write(parts ...[]byte) error {
	for _, p := range parts {
		n, err := s.buf.Write(p)
		s.size += int64(n)
		if err != nil {
			return fmt.Errorf("unpacking the workbook into a temporary file: %w", err)
		}
	}
	return nil
}

func (s *scratch) flush() error { return s.buf.Flush() }

// ReadAt implements io.ReaderAt for what has been flushed.
func (s *scratch) ReadAt(p []byte, off int64) (int, error) { return s.file.ReadAt(p, off) }

// Close removes the file.
func (s *scratch) Close() error {
	err := s.file.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	return err
}

// pageCache reads small pieces of a file through a few pages of it, 1 MiB in
// all.
type pageCache struct {
	src   io.ReaderAt
	pages [64]struct {
		no   int64 // counted from 1; 0 for a page that is not filled
		data []byte
	}
}

const pageSize = 16 << 10

// append appends n bytes from offset at on.
func (c *pageCache) append(out []byte, at int64, n int) ([]byte, error) {
	for n > 0 {
		page := &c.pages[at/pageSize%int64(len(c.pages))]
		if no := at/pageSize + 1; page.no != no {
			if page.data == nil {
				page.data = make([]byte, pageSize)
			}
			got, err := c.src.ReadAt(page.data[:pageSize], (no-1)*pageSize)
			if err != nil && err != io.EOF {
				return out, err
			}
			page.no, page.data = no, page.data[:got]
		}
		from := int(at % pageSize)
		if from >= len(page.data) {
			return out, io.ErrUnexpectedEOF
		}
		piece := page.data[from:min(from+n, len(page.data))]
		out = append(out, piece...)
		at, n = at+int64(len(piece)), n-len(piece)
	}
	return out, nil
}
