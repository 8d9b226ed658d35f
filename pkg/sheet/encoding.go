package sheet

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// bom is the byte order mark in UTF-8.
var bom = []byte("\xef\xbb\xbf")

const utf8Name = "utf-8"

// charset is how the bytes of a file stand for text. A nil coding is UTF-8.
type charset struct {
	name   string
	coding encoding.Encoding
	wide   bool // two bytes a character
	strict bool // UTF-8, but not everywhere
	dirty  bool // has bytes to be dropped
}

// charsetNamed finds an encoding by a name as people write it.
func charsetNamed(name string) (charset, error) {
	n := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", "-")
	switch n {
	case "utf8", "utf-8", "utf-8-sig", "ascii", "us-ascii":
		return charset{name: utf8Name}, nil
	case "utf-16", "utf-16le", "utf16", "utf16le":
		return wideCharset("utf-16le", unicode.LittleEndian), nil
	case "utf-16be", "utf16be":
		return wideCharset("utf-16be", unicode.BigEndian), nil
	case "iso-8859-1", "latin1", "latin-1":
		// A browser takes this name for windows-1252; here it is meant.
		return charset{name: "iso-8859-1", coding: charmap.ISO8859_1}, nil
	case "macroman", "mac-roman", "mac":
		n = "macintosh"
	}
	n = strings.Replace(n, "cp125", "windows-125", 1)
	coding, err := htmlindex.Get(n)
	if err != nil || coding == encoding.Replacement {
		return charset{}, fmt.Errorf("encoding %q is not known: use one of utf-8, utf-16le, utf-16be, "+
			"windows-1250 to windows-1258, iso-8859-1, iso-8859-15, macintosh, shift_jis, gb18030, big5, euc-kr", name)
	}
	return charset{name: n, coding: coding}, nil
}

func wideCharset(name string, e unicode.Endianness) charset {
	return charset{name: name, coding: unicode.UTF16(e, unicode.IgnoreBOM), wide: true}
}

// open opens the file at path as UTF-8 without NUL and Ctrl-Z.
func (c charset) open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var r io.Reader = f
	if c.coding != nil {
		r = transform.NewReader(bufio.NewReaderSize(f, 64<<10), c.coding.NewDecoder())
	}
	if c.dirty || c.wide {
		r = dropper{r}
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}

// dropper drops NUL and Ctrl-Z, which old programs pad and end files with.
type dropper struct{ r io.Reader }

func (d dropper) Read(p []byte) (int, error) {
	for {
		n, err := d.r.Read(p)
		kept := p[:0]
		for _, b := range p[:n] {
			if b != 0 && b != ctrlZ {
				kept = append(kept, b)
			}
		}
		if len(kept) > 0 || err != nil || len(p) == 0 {
			return len(kept), err
		}
	}
}

const ctrlZ = 0x1a

// detectCharset finds the encoding of the file at path, and says what is to be
// said about it.
func detectCharset(path, name string) (charset, []string, error) {
	head, err := readHead(path, 4<<10)
	if err != nil {
		return charset{}, nil, err
	}
	if name != "" {
		c, err := charsetNamed(name)
		if err != nil || c.wide {
			return c, nil, err
		}
		s, err := scan(path)
		c.dirty, c.strict = s.dropped > 0, c.coding == nil && s.invalid > 0
		return c, s.notes(c), err
	}
	if c, ok := wideByMark(head); ok {
		return c, nil, nil
	}
	if c, ok := wideByZeros(head); ok {
		return c, []string{fmt.Sprintf("read as %s, although no byte order mark says so", c.name)}, nil
	}
	s, err := scan(path)
	if err != nil {
		return charset{}, nil, err
	}
	c := s.charset()
	return c, s.notes(c), nil
}

// wideByMark recognises UTF-16 by its byte order mark.
func wideByMark(head []byte) (charset, bool) {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return wideCharset("utf-16le", unicode.LittleEndian), true
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return wideCharset("utf-16be", unicode.BigEndian), true
	}
	return charset{}, false
}

// wideByZeros recognises UTF-16 without a mark: Latin letters have a zero in
// every second byte, while a zero is rare anywhere else.
func wideByZeros(head []byte) (charset, bool) {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	switch {
	case half < 4:
	case zeros[1]*10 > half*6 && zeros[0]*20 < half:
		return wideCharset("utf-16le", unicode.LittleEndian), true
	case zeros[0]*10 > half*6 && zeros[1]*20 < half:
		return wideCharset("utf-16be", unicode.BigEndian), true
	}
	return charset{}, false
}

// readHead returns the first n bytes of a file, or all it has.
func readHead(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, n))
}
