package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// form is a decoded body, read strictly: the vendor's reference names a type
// for every field. The first thing that is wrong is kept, as the vendor tells
// of one at a time.
type form struct {
	values map[string]any
	wrong  string
}

// decode reads a body that must be a JSON object.
func (m *recomly) decode(c *call) (*form, *answer) {
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.UseNumber()
	var values map[string]any
	err := d.Decode(&values)
	if err == nil {
		_, err = d.Token()
	}
	if err != io.EOF || values == nil {
		m.tally.add(func(n *Counts) { n.NotJSON++ })
		refusal := m.refuse(http.StatusBadRequest, "invalid JSON body")
		return nil, &refusal
	}
	return &form{values: values}, nil
}

func (f *form) complain(format string, args ...any) {
	if f.wrong == "" {
		f.wrong = fmt.Sprintf(format, args...)
	}
}

// has tells whether name is there, if with null.
func (f *form) has(name string) bool {
	_, ok := f.values[name]
	return ok
}

// text puts the string under name into to, when it is there.
func (f *form) text(name string, most int, to *string) {
	v, ok := f.values[name]
	if !ok {
		return
	}
	s, isText := v.(string)
	switch {
	case !isText:
		f.complain("%s must be a string", name)
	case utf8.RuneCountInString(s) > most:
		f.complain("%s must be at most %d characters", name, most)
	default:
		*to = s
	}
}

// optional is text that null empties.
func (f *form) optional(name string, most int, to *string) {
	if f.has(name) && f.values[name] == nil {
		*to = ""
		return
	}
	f.text(name, most, to)
}

// choice is text that has to be one of some words.
func (f *form) choice(name string, to *string, words ...string) {
	before := *to
	f.text(name, 100, to)
	if !f.has(name) {
		return
	}
	for _, w := range words {
		if *to == w {
			return
		}
	}
	*to = before
	f.complain("%s must be one of %q", name, words)
}

// whole puts the integer under name into to, when it is there.
func (f *form) whole(name string, least, most int64, to *int64) {
	v, ok := f.values[name]
	if !ok {
		return
	}
	number, _ := v.(json.Number)
	n, err := strconv.ParseInt(string(number), 10, 64)
	switch {
	case err != nil:
		f.complain("%s must be an integer", name)
	case n < least || n > most:
		f.complain("%s must be between %d and %d", name, least, most)
	default:
		*to = n
	}
}

// instant is an ISO 8601 text that null empties.
func (f *form) instant(name string, to *string) {
	before := *to
	f.optional(name, 100, to)
	if !f.has(name) || *to == "" {
		return
	}
	t, err := time.Parse(time.RFC3339Nano, *to)
	if err != nil {
		*to = before
		f.complain("%s must be an ISO 8601 date", name)
		return
	}
	*to = t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// usPhone is a number of the United States' numbering plan in E.164.
var usPhone = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\+1[2-9]\d{2}[2-9]\d{6}$`)
})

// contacts reads e-mail and phone.
func (f *form) contacts(email, phone *string) {
	f.optional("email", 254, email)
	f.optional("phone", 40, phone)
	if *email != "" && !wellFormed(*email) {
		f.complain("email is not a valid address")
	}
	if *phone != "" && !usPhone().MatchString(*phone) {
		f.complain("phone must be a US number in E.164 format")
	}
	if *email == "" && *phone == "" {
		f.complain("email or phone is required")
	}
}

// noLimit is the most an amount can be that has no documented bound.
const noLimit = math.MaxInt64 / 100000

// page cuts a list: by limit and nextToken of the call where the route takes
// them, or by the PageSize of the behaviour.
func (m *recomly) page(c *call, n, size int) (from, to int, next string, refusal *answer) {
	if token := c.query.Get("nextToken"); token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err == nil {
			from, err = strconv.Atoi(string(raw))
		}
		if err != nil || from < 0 || from > n {
			refused := m.refuse(http.StatusBadRequest, "nextToken is invalid")
			return 0, 0, "", &refused
		}
	}
	to = n
	if size > 0 {
		to = min(n, from+size)
	}
	if to < n {
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	return from, to, next, nil
}

// listAnswer is a list under its name, with what else belongs to it.
func (m *recomly) listAnswer(c *call, name string, rows []any, size int, more map[string]any) answer {
	from, to, next, refusal := m.page(c, len(rows), size)
	if refusal != nil {
		return *refusal
	}
	body := map[string]any{name: append([]any{}, rows[from:to]...)}
	if next != "" {
		body["nextToken"] = next
	}
	for key, value := range more {
		body[key] = value
	}
	return jsonAnswer(http.StatusOK, body)
}

// view is an object as the vendor shows one: what is unset left out, or null.
func (m *recomly) view(v any, optional ...string) map[string]any {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	out := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	_ = d.Decode(&out) // it was encoded just now
	out["orgId"] = m.org.ID
	for _, name := range optional {
		if _, ok := out[name]; !ok && m.behaviour.NullFields {
			out[name] = nil
		}
	}
	return out
}
