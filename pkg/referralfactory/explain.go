package referralfactory

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// explain reads the vendor's error envelope. Its errors map a field to
// messages, which are objects in v2 and were plain strings in v1; sometimes
// there is a message alone.
func explain(body []byte) (message string, fields []string) {
	var envelope struct {
		Message text            `json:"message"`
		Errors  json.RawMessage `json:"errors"`
	}
	lenient(body, &envelope)
	var errors map[string]json.RawMessage
	lenient(envelope.Errors, &errors)
	var parts []string
	for field, raw := range errors {
		fields = append(fields, field)
		for _, said := range messages(raw) {
			parts = append(parts, field+" "+said)
		}
	}
	slices.Sort(fields)
	slices.Sort(parts)
	message = string(envelope.Message)
	if len(parts) > 0 {
		message = strings.TrimPrefix(message+": ", ": ") + strings.Join(parts, "; ")
	}
	return short(message), fields
}

// messages reads what is said of one field: a list of messages, or one.
func messages(raw json.RawMessage) []string {
	list := []json.RawMessage{raw}
	if bytes.HasPrefix(raw, []byte("[")) {
		list = nil
		lenient(raw, &list)
	}
	var all []string
	for _, one := range list {
		var object struct {
			Message text `json:"message"`
		}
		if json.Unmarshal(one, &object) != nil {
			_ = object.Message.UnmarshalJSON(one) // never fails
		}
		if object.Message != "" {
			all = append(all, string(object.Message))
		}
	}
	return all
}

// short is a message on one line, cut to what a results file can hold with
// comfort.
func short(s string) string {
	const most = 400
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
