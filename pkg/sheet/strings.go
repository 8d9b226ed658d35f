package sheet

import (
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// stringTable holds a workbook's shared strings in a temporary file: there may
// be millions. In memory it keeps where every markEvery-th starts, and the
// pages of the file that were used last.
type stringTable struct {
	file  *scratch
	marks []int64
	n     int
	last  struct { // where to go on, as sheets mostly use strings in order
		index int
		at    int64
	}
	pages pageCache
	head  []byte // of the string being read
}

const markEvery = 64

// readStrings reads the shared strings part.
func (wb *workbook) readStrings(part string) (t *stringTable, err error) {
	file, err := newScratch(wb.o.TempDir)
	if err != nil {
		return nil, err
	}
	t = &stringTable{file: file}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
			t = nil
		}
	}()
	err = wb.each(part, func(dec *xml.Decoder, el xml.StartElement) error {
		if el.Name.Local != "si" {
			return nil
		}
		text, err := sharedString(dec, wb.o.MaxCell+1)
		if err != nil {
			return err
		}
		return t.add(text)
	})
	if err != nil {
		return t, err
	}
	t.pages.src = file
	return t, file.flush()
}

// sharedString reads one string, of one run or several, without phonetics.
func sharedString(dec *xml.Decoder, limit int) ([]byte, error) {
	var text []byte
	for depth, phonetic, inText := 1, 0, false; depth > 0; {
		tok, err := dec.Token()
		if err != nil {
			return nil, err
		}
		switch el := tok.(type) {
		case xml.StartElement:
			depth++
			inText = el.Name.Local == "t" && phonetic == 0
			if el.Name.Local == "rPh" {
				phonetic++
			}
		case xml.CharData:
			if inText {
				text = appendUpTo(text, el, limit)
			}
		case xml.EndElement:
			depth--
			inText = false
			if el.Name.Local == "rPh" {
				phonetic--
			}
		}
	}
	return appendUnescaped(nil, text), nil
}

// add appends a string: its length, then its bytes.
func (t *stringTable) add(text []byte) error {
	if t.n%markEvery == 0 {
		t.marks = append(t.marks, t.file.size)
	}
	t.n++
	return t.file.write(binary.AppendUvarint(nil, uint64(len(text))), text)
}

// appendString appends string i.
func (t *stringTable) appendString(out []byte, i int) ([]byte, error) {
	if i < 0 || i >= t.n {
		return out, fmt.Errorf("shared string %d of %d", i, t.n)
	}
	if i < t.last.index || i/markEvery != t.last.index/markEvery || t.last.at == 0 {
		t.last.index, t.last.at = i/markEvery*markEvery, t.marks[i/markEvery]
	}
	for {
		n, text, err := t.length(t.last.at)
		if err != nil {
			return out, err
		}
		found := t.last.index == i
		t.last.index, t.last.at = t.last.index+1, text+n
		if found {
			return t.pages.append(out, text, int(n))
		}
	}
}

// length reads the length of the string at an offset, and where its text is.
func (t *stringTable) length(at int64) (n, text int64, err error) {
	t.head, err = t.pages.append(t.head[:0], at, int(min(binary.MaxVarintLen32, t.file.size-at)))
	if err != nil {
		return 0, 0, err
	}
	v, size := binary.Uvarint(t.head)
	if size <= 0 {
		return 0, 0, io.ErrUnexpectedEOF
	}
	return int64(v), at + int64(size), nil
}

// Close removes the temporary file.
func (t *stringTable) Close() error { return t.file.Close() }
