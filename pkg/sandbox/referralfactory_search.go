package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// search is the body of a search: what to find, and which page of it.
type search struct {
	filter filter
	page   page
}

// readSearch reads a search over objects that have the fields known names. Its
// page may stand in the query or in the body: no source says.
func (f *referralFactory) readSearch(c *call, known func(string) bool) (search, *answer) {
	in, refusal := f.decode(c)
	if refusal != nil {
		return search{}, refusal
	}
	node, err := parseFilter(in["filters"], known)
	if err != nil {
		refusal := f.invalid(problemWith("filters", err.Error()))
		return search{}, &refusal
	}
	if f.behaviour.SearchIgnoresPaging {
		return search{filter: node}, nil
	}
	values := url.Values{}
	for _, name := range []string{"page", "per_page"} {
		text, _ := in.text(name)
		if c.query.Has(name) {
			text = c.query.Get(name)
		}
		values.Set(name, text)
	}
	p, refusal := f.readPage(values)
	return search{node, p}, refusal
}

// filter is one condition, or AND or OR of parts.
type filter struct {
	operator string
	field    string
	values   []string
	parts    []filter
}

// parseFilter reads the tree under "filters". Nothing there matches all; a
// list there is an AND.
func parseFilter(v any, known func(string) bool) (filter, error) {
	switch v := v.(type) {
	case nil:
		return filter{operator: "AND"}, nil
	case []any:
		return parseParts("AND", v, known)
	case map[string]any:
		return parseNode(v, known)
	}
	return filter{}, fmt.Errorf("must be an object with operator and value")
}

func parseNode(node map[string]any, known func(string) bool) (filter, error) {
	operator, _ := node["operator"].(string)
	switch strings.ToUpper(operator) {
	case "AND", "OR":
		parts, ok := node["value"].([]any)
		if !ok {
			return filter{}, fmt.Errorf("of %s must have a list as value", operator)
		}
		return parseParts(strings.ToUpper(operator), parts, known)
	case "=", "!=", "LIKE", "IN":
		return parseCondition(strings.ToUpper(operator), node, known)
	}
	return filter{}, fmt.Errorf("have an unknown operator %q: it is =, !=, like, IN, AND or OR", operator)
}

func parseParts(operator string, list []any, known func(string) bool) (filter, error) {
	out := filter{operator: operator}
	for _, item := range list {
		part, err := parseFilter(item, known)
		if err != nil {
			return filter{}, err
		}
		out.parts = append(out.parts, part)
	}
	return out, nil
}

func parseCondition(operator string, node map[string]any, known func(string) bool) (filter, error) {
	field, _ := node["field"].(string)
	if !known(field) {
		return filter{}, fmt.Errorf("name an unknown field %q", field)
	}
	list := []any{node["value"]}
	if operator == "IN" {
		var ok bool
		if list, ok = node["value"].([]any); !ok {
			return filter{}, fmt.Errorf("of IN must have a list as value")
		}
	}
	out := filter{operator: operator, field: field}
	for _, item := range list {
		if b, ok := item.(bool); ok {
			item = fmt.Sprint(b)
		}
		text, ok := asText(item)
		if !ok {
			return filter{}, fmt.Errorf("must compare %s with text, a number, true, false or null", field)
		}
		out.values = append(out.values, text)
	}
	return out, nil
}

// match applies the filter to an object, given by its fields.
func (n filter) match(field func(string) string) bool {
	isTrue := func(part filter) bool { return part.match(field) }
	switch n.operator {
	case "AND":
		return !slices.ContainsFunc(n.parts, func(part filter) bool { return !isTrue(part) })
	case "OR":
		return slices.ContainsFunc(n.parts, isTrue)
	}
	have := field(n.field)
	equal := func(want string) bool {
		return have == want || n.field == "email" && fold(have) == fold(want)
	}
	switch n.operator {
	case "!=":
		return !equal(n.values[0])
	case "LIKE":
		return like(strings.ToLower(have), strings.ToLower(n.values[0]))
	}
	return slices.ContainsFunc(n.values, equal) // = and IN
}

// like is SQL's: % stands for any text. A pattern without one may be anywhere.
func like(text, pattern string) bool {
	if !strings.Contains(pattern, "%") {
		return strings.Contains(text, pattern)
	}
	parts := strings.Split(pattern, "%")
	rest, ok := strings.CutPrefix(text, parts[0])
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, part)
	}
	return ok && strings.HasSuffix(rest, last)
}

// candidates narrows a search by an index: every match is among ids. lookUp
// tells what is known of field = value.
func (n filter) candidates(lookUp func(field, value string) ([]int64, bool)) (ids []int64, narrowed bool) {
	switch n.operator {
	case "AND":
		for _, part := range n.parts {
			if ids, ok := part.candidates(lookUp); ok {
				return ids, true
			}
		}
		return nil, false
	case "OR":
		for _, part := range n.parts {
			some, ok := part.candidates(lookUp)
			if !ok {
				return nil, false
			}
			ids = append(ids, some...)
		}
		return ids, true
	case "=", "IN":
		for _, value := range n.values {
			some, ok := lookUp(n.field, value)
			if !ok {
				return nil, false
			}
			ids = append(ids, some...)
		}
		return ids, true
	}
	return nil, false
}

// matching is those of ids that match, each once, in order.
func matching[T any](rows *table[T], ids []int64, n filter, field func(*T, string) *string) []int64 {
	var out []int64
	for _, id := range ids {
		row := rows.get(id)
		if n.match(func(name string) string { return *field(row, name) }) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
