package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
)

// input is a decoded body. Values are read with the lenience of the vendor's
// framework: numbers may be strings, strings are trimmed.
type input map[string]any

// decode reads a body that must be a JSON object.
func (f *referralFactory) decode(c *call) (input, *answer) {
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.UseNumber()
	var in input
	err := d.Decode(&in)
	if err == nil {
		_, err = d.Token()
	}
	if err != io.EOF || in == nil {
		f.tally.add(func(n *Counts) { n.NotJSON++ })
		refusal := f.refuse(http.StatusBadRequest, "malformed request: the body must be a JSON object")
		return nil, &refusal
	}
	return in, nil
}

// has tells whether name is there and not null.
func (in input) has(name string) bool { return in[name] != nil }

// text is the string or number under name. Something else is not ok.
func (in input) text(name string) (s string, ok bool) { return asText(in[name]) }

func asText(v any) (s string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return strings.TrimSpace(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// integer is the whole number under name, 0 when it is absent.
func (in input) integer(name string) (n int64, ok bool) {
	s, ok := in.text(name)
	if !ok || s == "" {
		return 0, ok
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// boolean is the truth under name, false when it is absent.
func (in input) boolean(name string) (b, ok bool) {
	switch v := in[name].(type) {
	case nil:
		return false, true
	case bool:
		return v, true
	}
	switch s, _ := in.text(name); s {
	case "1", "true":
		return true, true
	case "0", "false":
		return false, true
	}
	return false, false
}

// required is the text under name. A missing or blank one is a problem.
func (in input) required(name string, p problems) string {
	s, ok := in.text(name)
	switch {
	case !ok:
		p.add(name, "must be a string")
	case s == "":
		p.add(name, "must be filled in")
	}
	return s
}

// meta is the list under "meta".
func (in input) meta(p problems) []Meta {
	if !in.has("meta") {
		return nil
	}
	list, ok := in["meta"].([]any)
	if !ok {
		p.add("meta", "must be a list of objects with field and value")
		return nil
	}
	var out []Meta
	for _, item := range list {
		object, _ := item.(map[string]any)
		label, _ := object["field"].(string)
		if label == "" {
			p.add("meta", "must be a list of objects with field and value")
			return nil
		}
		out = append(out, Meta{Field: label, Value: object["value"]})
	}
	return out
}

// wellFormed tells whether email is a bare address with a dotted domain.
func wellFormed(email string) bool {
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || a.Name != "" {
		return false
	}
	_, domain, _ := strings.Cut(email, "@")
	return strings.Contains(strings.Trim(domain, "."), ".")
}

// fold is what e-mails are compared by.
func fold(email string) string { return strings.ToLower(email) }

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
