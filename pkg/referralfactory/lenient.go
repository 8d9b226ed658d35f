package referralfactory

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The types of this file read a value in whichever form it comes: the vendor's
// sources differ in whether numbers stand in quotes and flags are numbers. A
// value that cannot be read is the zero value, so that one odd field of one
// person does not make a page of 250 unreadable.

// number is a whole number.
type number int64

// UnmarshalJSON never fails.
func (n *number) UnmarshalJSON(data []byte) error {
	*n = 0
	s := strings.TrimSpace(strings.Trim(string(data), `"`))
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = number(v)
		return nil
	}
	const exact = 1 << 53 // up to there a float holds every whole number
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < exact {
		*n = number(f)
	}
	return nil
}

// text is a string; a number is read as its digits.
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(data []byte) error {
	*t = ""
	if inner, ok := plainString(data); ok {
		*t = text(inner)
		return nil
	}
	var s string
	var n json.Number
	if json.Unmarshal(data, &s) == nil {
		*t = text(s)
	} else if json.Unmarshal(data, &n) == nil {
		*t = text(n)
	}
	return nil
}

// plainString gives what stands between the quotes of a string that stands for
// itself, as nearly all do.
func plainString(data []byte) (inner []byte, ok bool) {
	if len(data) < 2 || data[0] != '"' || bytes.IndexByte(data, '\\') >= 0 || !utf8.Valid(data) {
		return nil, false
	}
	return data[1 : len(data)-1], true
}

// flag is a yes or no.
type flag bool

// UnmarshalJSON never fails.
func (f *flag) UnmarshalJSON(data []byte) error {
	s := strings.ToLower(strings.Trim(string(data), `"`))
	*f = s == "true" || s == "1"
	return nil
}

// lenient reads what can be read of data into v. The vendor's server writes an
// empty object as an empty list in places, which is nothing to fail at.
func lenient(data []byte, v any) {
	_ = json.Unmarshal(data, v) // goes on after a value of the wrong type
}
