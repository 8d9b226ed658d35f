package sheet

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Names are compared without their namespace prefix: programs differ in which
// prefix they use, if any, and in which edition of the namespace.

// attr returns the value of an attribute, "" when there is none.
func attr(el xml.StartElement, name string) string {
	for _, a := range el.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// each calls look for every element of a part, which may read on in it.
func (wb *workbook) each(part string, look func(*xml.Decoder, xml.StartElement) error) error {
	r, err := wb.open(part)
	if err != nil {
		return err
	}
	defer r.Close()
	dec, err := newDecoder(r)
	for err == nil {
		var tok xml.Token
		if tok, err = dec.Token(); err == nil {
			if el, ok := tok.(xml.StartElement); ok {
				err = look(dec, el)
			}
		}
	}
	if err != io.EOF {
		return damaged(part, err)
	}
	return nil
}

// newDecoder decodes XML in whatever encoding.
func newDecoder(r io.Reader) (*xml.Decoder, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	mark, err := br.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	var src io.Reader = br
	_, wide := wideByMark(mark)
	if wide {
		src = transform.NewReader(br, unicode.BOMOverride(transform.Nop))
	}
	dec := xml.NewDecoder(&shortTokens{r: src})
	dec.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if wide && strings.HasPrefix(strings.ToLower(label), "utf-16") {
			return in, nil // decoded already
		}
		coding, err := htmlindex.Get(label)
		if err != nil {
			return nil, fmt.Errorf("encoding %q is not known", label)
		}
		return transform.NewReader(in, coding.NewDecoder()), nil
	}
	return dec, nil
}

// shortTokens fails when more than maxRecord bytes come without a tag, which a
// decoder would hold in memory all at once.
type shortTokens struct {
	r     io.Reader
	since int // bytes since the last tag
}

var errLongToken = errors.New("a text in it is too long to be a cell")

func (s *shortTokens) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if i := bytes.LastIndexByte(p[:n], '<'); i >= 0 {
		s.since = n - i
	} else {
		s.since += n
	}
	if s.since > maxRecord {
		return 0, errLongToken
	}
	return n, err
}
