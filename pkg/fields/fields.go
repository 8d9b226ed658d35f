// Package fields tells which field each column of a spreadsheet fills, reads
// its rows into typed values, and cleans cells the way a careful person
// would. It never guesses: two columns that claim one field alike, a heading
// that names nothing and a value that is not what it should be are all said,
// with the column and what to do. What the fields mean is the vendor's
// business.
package fields

import (
	"errors"
	"fmt"
	"strings"
)

// Field is one thing that a row can say. The headings that name it are
// compared without regard to case, accents, spaces and other marks. Where
// several columns of a file name one field, the best heading counts and the
// other columns are ignored, in this order:
//
//	a --map, then Name, Peers and Aliases, then each line of Fallbacks
//
// Two of the same order are an error: nothing tells which is meant.
type Field struct {
	Name      string     // as --map and a template name it
	Peers     []string   // headings of another side of the matter: "Friend Email" beside "Email"
	Aliases   []string   // other headings that name it
	Fallbacks [][]string // headings that name it when no better one is there, best line first
	About     string     // what the column means, in one sentence
	Example   string     // a cell for the sample file
}

// Meta begins the name of a field of the campaign's own: meta:City.
const Meta = "meta:"

// Mapping is one --map 'HEADER=field'. The field "-" ignores the column. A
// heading that stands in a file twice is told apart as 'HEADER (2)', an empty
// one is 'Column C'.
type Mapping struct{ Header, Field string }

// ParseMapping reads HEADER=field. A heading may hold an equals sign itself:
// the last one counts.
func ParseMapping(s string) (Mapping, error) {
	i := strings.LastIndex(s, "=")
	if i > 0 {
		m := Mapping{Header: strings.TrimSpace(s[:i]), Field: strings.TrimSpace(s[i+1:])}
		if m.Header != "" && m.Field != "" {
			return m, nil
		}
	}
	return Mapping{}, fmt.Errorf("--map %q: write it as 'HEADER=field', for example 'Kunden-Mail=email', or 'HEADER=-' to ignore a column", s)
}

// Columns tells which field each column of a file fills.
type Columns struct {
	Headers []string // as they stand in the file
	Names   []string // the field of each, meta:Label among them; "" for none

	calls []string // what messages and --map call each; nil when Match did not make this
}

// Header is the heading of the column that fills a field, or the field's own
// name when no column does: what a message should call it.
func (c Columns) Header(field string) string {
	for i, name := range c.Names {
		if name == field {
			return c.Heading(i)
		}
	}
	return field
}

// Heading is what a person calls column i: its heading, or its letter when it
// has none.
func (c Columns) Heading(i int) string {
	if c.calls == nil {
		return called(c.Headers, i)
	}
	return c.calls[i]
}

// Has reports whether a column fills the field.
func (c Columns) Has(field string) bool {
	for _, name := range c.Names {
		if name == field {
			return true
		}
	}
	return false
}

// Ignored lists the headings that fill no field, as --map calls them. Columns
// that refbulk itself wrote are not among them.
func (c Columns) Ignored() []string {
	var ignored []string
	own := ownHeadings(c.Headers)
	for i, name := range c.Names {
		if name == "" && !own[c.Headers[i]] {
			ignored = append(ignored, c.Heading(i))
		}
	}
	return ignored
}

// Consent lists the headings of columns that tell who wants no mail, such as
// "Email Opt Out". They fill no field; whoever sends mail wants to know that
// they were not looked at.
func (c Columns) Consent() []string {
	var consent []string
	words := keysOf(consentHeadings)
	own := ownHeadings(c.Headers)
	for i, name := range c.Names {
		if name == "" && !own[c.Headers[i]] && words[key(c.Headers[i])] {
			consent = append(consent, c.Heading(i))
		}
	}
	return consent
}

// Match finds the field of every heading: by the mappings first, then by the
// names and other headings of the known fields as Field orders them, and by
// "meta:" and the labels of the campaign's own fields. A label comes before
// Fallbacks, and a column that a better one outdoes may still fill a label.
// Its error names all that is wrong, with the --map that settles it.
func Match(headers []string, known []Field, labels []string, mappings []Mapping) (Columns, error) {
	m := matcher{table: newTable(known), headers: headers, seen: map[string]bool{}, labels: map[string][]string{}}
	m.learn(labels)
	claims := make([]claim, len(headers))
	for i, header := range headers {
		claims[i] = m.claim(header)
	}
	m.apply(claims, mappings)
	c := Columns{Headers: headers, Names: m.settle(claims), calls: allCalled(headers)}
	if len(m.troubles) > 0 {
		return c, errors.New("the header cannot be used:\n  " + strings.Join(m.troubles, "\n  "))
	}
	return c, nil
}

// Known tells the field that a heading names on its own, "" for none. It is
// how a header is told from the titles above it; a heading of --map is known
// too. Many calls are cheap.
func Known(known []Field, mappings []Mapping) func(header string) string {
	t := newTable(known)
	mapped := map[string]string{}
	for _, m := range mappings {
		if m.Field != "-" {
			mapped[key(m.Header)] = m.Field
		}
	}
	const longest = 300 // bytes; a heading is shorter, a cell need not be
	return func(header string) string {
		if len(header) > longest {
			return ""
		}
		if field, ok := mapped[key(header)]; ok {
			return field
		}
		m := matcher{table: t, headers: []string{header}}
		return m.claim(header).field
	}
}
