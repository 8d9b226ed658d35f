package sheet

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// storedCell is a cell as the sheet stores it.
type storedCell struct {
	kind    string // the t attribute
	style   int
	value   []byte // of v
	inline  []byte // of is
	formula bool
}

// readCell reads the cell that el starts and puts its text in its column.
func (s *sheetRows) readCell(el xml.StartElement, col int) error {
	c := storedCell{kind: attr(el, "t")}
	if st := attr(el, "s"); st != "" {
		c.style, _ = strconv.Atoi(st) // a style that is none reads as plain
	}
	if err := c.readContent(s.dec, s.wb.o.MaxCell+1); err != nil {
		return err
	}
	if c.formula && c.value == nil {
		s.uncached.add(columnName(col) + strconv.Itoa(s.row.number))
	}
	start := len(s.text)
	var err error
	if s.text, err = s.wb.appendText(s.text, &c); err != nil {
		return err
	}
	if len(s.text) > start {
		s.put(col, start)
	}
	return nil
}

// readContent reads up to the end of the cell, no more than limit bytes of
// any text in it.
func (c *storedCell) readContent(dec *xml.Decoder, limit int) error {
	var in string // the element whose text is being read
	phonetic := 0
	for {
		tok, err := dec.RawToken()
		if err != nil {
			return err
		}
		switch el := tok.(type) {
		case xml.StartElement:
			switch in = el.Name.Local; in {
			case "f":
				c.formula = true
			case "rPh": // how Japanese text is read aloud
				phonetic++
			}
		case xml.CharData:
			switch {
			case in == "v":
				c.value = appendUpTo(c.value, el, limit)
			case in == "t" && phonetic == 0:
				c.inline = appendUpTo(c.inline, el, limit)
			}
		case xml.EndElement:
			switch in = ""; el.Name.Local {
			case "c":
				return nil
			case "rPh":
				phonetic--
			}
		}
	}
}

// appendUpTo appends text to to, which does not grow beyond limit bytes.
func appendUpTo(to, text []byte, limit int) []byte {
	return append(to, text[:min(len(text), max(limit-len(to), 0))]...)
}

// appendText appends what a cell says.
func (wb *workbook) appendText(out []byte, c *storedCell) ([]byte, error) {
	switch c.kind {
	case "s":
		if len(c.value) == 0 {
			return out, nil
		}
		i, err := strconv.Atoi(strings.TrimSpace(string(c.value)))
		if err != nil || wb.strings == nil {
			return out, fmt.Errorf("shared string %q", c.value)
		}
		return wb.strings.appendString(out, i)
	case "inlineStr":
		return appendUnescaped(out, c.inline), nil
	case "str":
		return appendUnescaped(out, c.value), nil
	case "b":
		return append(out, truth(c.value)...), nil
	case "e":
		return append(out, c.value...), nil
	case "d":
		day, clock, _ := strings.Cut(string(c.value), "T")
		if strings.Trim(clock, "0:.Z") == "" { // midnight, to the millisecond and in UTC as some write it
			return append(out, day...), nil
		}
		return append(out, c.value...), nil
	}
	return wb.formatOf(c.style).appendNumber(out, c.value, wb.date), nil
}

func truth(v []byte) string {
	switch string(v) {
	case "":
		return ""
	case "0", "false":
		return "FALSE"
	}
	return "TRUE"
}

func (wb *workbook) formatOf(style int) format {
	if style < 0 || style >= len(wb.formats) {
		return format{}
	}
	return wb.formats[style]
}

// appendUnescaped appends a string in which characters that XML cannot have
// stand as _xHHHH_.
func appendUnescaped(out, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if r, err := escaped(text[i:]); err == nil {
			out = utf8.AppendRune(out, r)
			i += len("_x0000_") - 1
			continue
		}
		out = append(out, text[i])
	}
	return out
}

var errNoEscape = errors.New("no escape")

// escaped returns the character that text begins with as _xHHHH_.
func escaped(text []byte) (rune, error) {
	if len(text) < 7 || text[0] != '_' || text[1] != 'x' || text[6] != '_' {
		return 0, errNoEscape
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil || n >= 0xd800 && n < 0xe000 || n == 0 {
		return 0, errNoEscape
	}
	return rune(n), nil
}
