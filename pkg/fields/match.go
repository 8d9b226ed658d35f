package fields

import (
	"fmt"
	"slices"
	"strings"
)

// rank says how well a heading names a field: the lower, the better.
type rank int

const (
	byMapping rank = iota
	byName         // the field's name, a peer of it, or meta:Label
	byAlias
	byLabel    // the label of a field of the campaign's own
	byFallback // its first line; further lines follow
)

// claim is the field that a column would fill, and how well its heading says
// so. The zero claim is of a column that fills none.
type claim struct {
	field string
	rank  rank
	peer  bool   // the heading is one of the field's peers
	label string // what the heading names among the campaign's own fields, should another column outdo it
}

// table knows which field a heading names, by the heading's key.
type table struct {
	names    []string // of the fields, in order
	fields   map[string]claim
	ownNames map[string]bool // keys of the fields' names
	bare     map[string]bool // keys of bareNames
}

func newTable(known []Field) *table {
	t := &table{fields: map[string]claim{}, ownNames: map[string]bool{}, bare: keysOf(bareNames)}
	for _, f := range known {
		t.names = append(t.names, f.Name)
		t.ownNames[key(f.Name)] = true
		t.add(claim{field: f.Name, rank: byName}, f.Name)
		t.add(claim{field: f.Name, rank: byName, peer: true}, f.Peers...)
		t.add(claim{field: f.Name, rank: byAlias}, f.Aliases...)
		for i, line := range f.Fallbacks {
			t.add(claim{field: f.Name, rank: byFallback + rank(i)}, line...)
		}
	}
	return t
}

// add lets headings make a claim, unless they make a better one.
func (t *table) add(c claim, headings ...string) {
	for _, h := range headings {
		k := key(h)
		if old, taken := t.fields[k]; !taken || c.rank < old.rank {
			t.fields[k] = c
		}
	}
}

// matcher finds the fields of one header.
type matcher struct {
	*table
	headers  []string
	seen     map[string]bool     // keys of all headings; nil when the heading stands alone
	own      map[string]bool     // headings that refbulk wrote itself
	labels   map[string][]string // key → labels as the campaigns write them
	troubles []string
}

// learn takes the headings and the labels in.
func (m *matcher) learn(labels []string) {
	for _, h := range m.headers {
		m.seen[key(h)] = true
	}
	m.own = ownHeadings(m.headers)
	for _, label := range labels {
		k := key(label)
		if !slices.Contains(m.labels[k], label) {
			m.labels[k] = append(m.labels[k], label)
		}
	}
}

// claim is what a heading says by itself and beside the others.
func (m *matcher) claim(header string) claim {
	if label, ok := cutMeta(header); ok {
		return claim{field: Meta + m.label(header, label), rank: byName}
	}
	if label, ok := cutCustom(header); ok {
		return m.orLabel(claim{}, header, label)
	}
	return m.orLabel(m.fields[m.meaning(key(header))], header, header)
}

// orLabel lets the heading name a field of the campaign's own, unless it names
// a known field better. The type or status of a file that refbulk wrote is no
// field of a campaign that happens to be called so.
func (m *matcher) orLabel(c claim, header, label string) claim {
	if len(m.labels[key(label)]) == 0 || m.own[header] {
		return c
	}
	if c.field == "" || c.rank > byLabel {
		return claim{field: Meta + m.label(header, label), rank: byLabel}
	}
	c.label = label
	return c
}

// label is a label as the campaign writes it. Where campaigns write it in
// several ways and the heading in yet another, nothing tells which is meant.
func (m *matcher) label(header, label string) string {
	written := m.labels[key(label)]
	switch {
	case slices.Contains(written, label):
		return label
	case len(written) == 0:
		return label
	case len(written) > 1:
		m.trouble("column %q may be %s: say which with %s", header, listed(written, "or"), mapFlag(header, Meta+written[0]))
	}
	return written[0]
}

func (m *matcher) trouble(format string, args ...any) {
	m.troubles = append(m.troubles, fmt.Sprintf(format, args...))
}

// settle gives each field the column that claims it best. The known fields
// come first: a column that one of them turns away may fill a label.
func (m *matcher) settle(claims []claim) []string {
	names := make([]string, len(claims))
	raiseAliases(claims)
	for _, meta := range []bool{false, true} {
		best := map[string]rank{}
		for _, c := range claims {
			if c.field != "" && strings.HasPrefix(c.field, Meta) == meta {
				if r, ok := best[c.field]; !ok || c.rank < r {
					best[c.field] = c.rank
				}
			}
		}
		winners := map[string][]int{}
		var order []string
		for i, c := range claims {
			r, ok := best[c.field]
			switch {
			case !ok || c.field == "":
			case c.rank == r:
				if winners[c.field] == nil {
					order = append(order, c.field)
				}
				winners[c.field] = append(winners[c.field], i)
				names[i] = c.field
			case c.label != "":
				claims[i] = claim{field: Meta + m.label(m.headers[i], c.label), rank: byLabel}
			}
		}
		for _, field := range order {
			m.untie(field, winners[field])
		}
	}
	return names
}

// raiseAliases makes an alias as good as the name: which of "Email" and "E-mail
// Address" is meant, nothing tells. One that is a label of the campaign's own as
// well gives way to the name, and fills that, unless a peer makes the name itself
// doubtful: whose address is "E-mail Address" beside "Friend Email"?
func raiseAliases(claims []claim) {
	peers := map[string]bool{}
	for _, c := range claims {
		if c.peer {
			peers[c.field] = true
		}
	}
	for i, c := range claims {
		if c.rank == byAlias && (c.label == "" || peers[c.field]) {
			claims[i].rank = byName
		}
	}
}

// untie complains when several columns claim a field alike.
func (m *matcher) untie(field string, columns []int) {
	if len(columns) < 2 {
		return
	}
	var headings, ignore []string
	for _, i := range columns {
		headings = append(headings, called(m.headers, i))
		ignore = append(ignore, mapFlag(called(m.headers, i), "-"))
	}
	both, one := "both", "the other"
	if len(columns) > 2 {
		both, one = "all", "the others"
	}
	m.trouble("columns %s %s fill %s: keep one and ignore %s, with %s",
		listed(headings, "and"), both, field, one, strings.Join(ignore, " or "))
}

// listed writes quoted words with a conjunction: "a", "b" and "c".
func listed(words []string, conjunction string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " " + conjunction + " " + quoted[last]
}
