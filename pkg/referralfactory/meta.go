package referralfactory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/fields"
)

// MetaValue is the value of one of the campaign's own fields, named by its
// label. The API stores any JSON value.
type MetaValue struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

// Text is the value as a cell holds it: nothing for null, true or false, a
// number with all its digits, JSON for what has parts.
func (m MetaValue) Text() string {
	switch v := m.Value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	b, err := json.Marshal(m.Value)
	if err != nil {
		return fmt.Sprint(m.Value)
	}
	return string(b)
}

// holds reports whether a cell says what the API holds already. A spreadsheet
// writes true as TRUE and 1.50 as 1.5; that is no edit.
func (m MetaValue) holds(cell string) bool {
	switch v := m.Value.(type) {
	case bool:
		if yes, known, problem := fields.Yes("", cell); known && problem == nil {
			return yes == v
		}
	case json.Number:
		if sameNumber(v.String(), cell) {
			return true
		}
	}
	return cleaned(m.Text()) == cleaned(cell)
}

// cleaned is a text as it comes back from a cell: without what cleaning a cell
// takes away, and with the line ends of a CSV reader.
func cleaned(s string) string { return fields.Text(strings.ReplaceAll(s, "\r\n", "\n")) }

func sameNumber(a, b string) bool {
	const longest = 60
	if len(a) > longest || len(b) > longest || strings.ContainsAny(a+b, "eE/_xX") {
		return a == b
	}
	x, ok := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	return ok && ok2 && x.Cmp(y) == 0
}

// like gives a cell the JSON type of the value that it replaces, as far as it
// can be read as one.
func like(old any, cell string) any {
	switch old.(type) {
	case bool:
		if yes, known, problem := fields.Yes("", cell); known && problem == nil {
			return yes
		}
	case json.Number:
		if json.Valid([]byte(cell)) && strings.IndexByte("-0123456789", cell[0]) >= 0 {
			return json.Number(cell)
		}
	case map[string]any, []any:
		if json.Valid([]byte(cell)) {
			return json.RawMessage(cell)
		}
	}
	return cell
}

// decodeMeta reads a user's campaign fields. Long numbers keep their digits.
func decodeMeta(raw json.RawMessage) []MetaValue {
	if len(raw) == 0 {
		return nil
	}
	var list []struct {
		Field text            `json:"field"`
		Value json.RawMessage `json:"value"`
	}
	lenient(raw, &list)
	var meta []MetaValue
	for _, m := range list {
		if m.Field != "" {
			meta = append(meta, MetaValue{Field: string(m.Field), Value: decodeAny(m.Value)})
		}
	}
	return meta
}

// decodeAny reads any JSON value, nil for none.
func decodeAny(raw []byte) (v any) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}
