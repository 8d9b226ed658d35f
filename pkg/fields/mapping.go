package fields

import (
	"fmt"
	"strings"
)

// apply lets the mappings overrule what the headings say.
func (m *matcher) apply(claims []claim, mappings []Mapping) {
	mapped := map[int]string{}
	for _, mapping := range mappings {
		columns, err := ColumnsNamed(m.headers, "--map", mapping.Header)
		if err != nil {
			m.troubles = append(m.troubles, err.Error())
			continue
		}
		field, ok := m.mappedField(mapping.Field)
		if !ok {
			continue
		}
		for _, i := range columns {
			if before, twice := mapped[i]; twice && before != field {
				m.trouble("--map names the column %q twice, for %s and for %s: keep one", called(m.headers, i), orNothing(before), orNothing(field))
				continue
			}
			mapped[i] = field
			claims[i] = claim{field: field, rank: byMapping}
		}
	}
}

// mappedField is the field that a mapping names, "" for none of them. It
// complains and reports false when there is no such field.
func (m *matcher) mappedField(name string) (field string, ok bool) {
	if name == "-" {
		return "", true
	}
	if label, ok := cutMeta(name); ok {
		return Meta + m.label(name, label), true
	}
	if c, ok := m.fields[key(name)]; ok {
		return c.field, true
	}
	if labels := m.labels[key(name)]; len(labels) > 0 {
		m.trouble("--map names the field %q, which is one of the campaign's own: write %s%s", name, Meta, labels[0])
		return "", false
	}
	m.trouble("--map names the field %q, which is none; there are %s, and %sLabel for the campaign's own", name, strings.Join(m.names, ", "), Meta)
	return "", false
}

func orNothing(field string) string {
	if field == "" {
		return "nothing"
	}
	return field
}

// ColumnsNamed finds the columns that a flag means by a name: the one that is
// called exactly so, else all whose heading is the same but for how it is
// written. Its error says which there are.
func ColumnsNamed(headers []string, flag, name string) ([]int, error) {
	var alike []int
	for i, h := range headers {
		if h == name || called(headers, i) == name {
			return []int{i}, nil
		}
		if k := key(h); k != "" && k == key(name) {
			alike = append(alike, i)
		}
	}
	if len(alike) == 0 {
		return nil, fmt.Errorf("%s names the column %q, which is not there; there are %s", flag, name, listed(allCalled(headers), "and"))
	}
	return alike, nil
}

// called is what messages and --map call a column: its heading on one line,
// "email (2)" when an earlier column has the same, "Column C" when it is
// empty.
func called(headers []string, i int) string {
	name := onOneLine(headers[i])
	if name == "" {
		return "Column " + letters(i)
	}
	nth := 1
	for _, h := range headers[:i] {
		if onOneLine(h) == name {
			nth++
		}
	}
	if nth > 1 {
		return fmt.Sprintf("%s (%d)", name, nth)
	}
	return name
}

func allCalled(headers []string) []string {
	names := make([]string, len(headers))
	for i := range headers {
		names[i] = called(headers, i)
	}
	return names
}

// onOneLine is a heading without invisible characters and line breaks.
func onOneLine(header string) string { return collapse(Text(header)) }

// letters is the name that spreadsheets give the column with index i: A, Z,
// AA.
func letters(i int) string {
	var name string
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

// mapFlag is the --map that lets a column fill a field, as a shell reads it.
func mapFlag(header, field string) string {
	return "--map '" + strings.ReplaceAll(onOneLine(header), "'", `'\''`) + "=" + field + "'"
}
