package referralfactory

import (
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// cellReader reads cells and gathers their problems.
type cellReader struct {
	columns  fields.Columns
	problems []row.Problem
	unread   map[string]bool // fields whose cells could not be read
}

// note keeps the problem of a field's cell, nil for none.
func (c *cellReader) note(field string, p *row.Problem) {
	if p == nil {
		return
	}
	c.problems = append(c.problems, *p)
	if c.unread == nil {
		c.unread = map[string]bool{}
	}
	c.unread[field] = true
}

func (c *cellReader) id(field, cell string) int64 {
	if cell == "" {
		return 0
	}
	id, problem := fields.ID(c.columns.Header(field), cell)
	c.note(field, problem)
	return id
}

func (c *cellReader) code(field, cell string) string {
	if cell == "" {
		return ""
	}
	code, problem := fields.Code(c.columns.Header(field), cell)
	c.note(field, problem)
	return code
}

func (c *cellReader) email(field, cell string) string {
	if cell == "" {
		return ""
	}
	read := fields.Email
	if field == "referrer_email" {
		read = fields.ReferrerEmail
	}
	address, problem := read(c.columns.Header(field), cell)
	c.note(field, problem)
	return address
}

func (c *cellReader) yes(field, cell string) *bool {
	if cell == "" {
		return nil
	}
	yes, known, problem := fields.Yes(c.columns.Header(field), cell)
	c.note(field, problem)
	if !known {
		return nil
	}
	return &yes
}

// meta reads the campaign's own fields, without those that are empty.
func (c *cellReader) meta(cells map[string]string) []MetaValue {
	var meta []MetaValue
	for label, cell := range cells {
		value, problem := fields.Value(c.columns.Header(fields.Meta+label), cell)
		c.note(fields.Meta+label, problem)
		if value != "" {
			meta = append(meta, MetaValue{Field: label, Value: value})
		}
	}
	return meta
}

// referrer reads who referred the person, nil for nobody. One that cannot be
// read has no value.
func (c *cellReader) referrer(v *userRow) *ReferrerRef {
	var given []string
	var ref *ReferrerRef
	add := func(field, as, value string) {
		if value != "" || c.unread[field] {
			given = append(given, c.columns.Header(field))
			ref = &ReferrerRef{Field: as, Value: value}
		}
	}
	if id := c.id("referrer_id", v.ReferrerID); id != 0 {
		add("referrer_id", "id", strconv.FormatInt(id, 10))
	} else {
		add("referrer_id", "id", "")
	}
	add("referrer_code", "code", c.code("referrer_code", v.ReferrerCode))
	add("referrer_email", "email", c.email("referrer_email", v.ReferrerEmail))
	if len(given) > 1 {
		c.note("referrer_id", &row.Problem{Column: given[0], Reason: "and " + strings.Join(given[1:], ", ") + " both say who referred the person",
			Advice: "keep one of them, or ignore a column with --map 'HEADER=-'"})
	}
	return ref
}

// target reads whom a results file names, as far as the row does not say so
// itself.
func (c *cellReader) target(cell string, p *person) {
	said := *p
	for word := range strings.FieldsSeq(fields.Text(cell)) {
		kind, value, _ := strings.Cut(word, ":")
		switch kind {
		case "id":
			p.id = c.id("target", value)
		case "code":
			p.code = c.code("target", value)
		case "email":
			p.email = c.email("target", value)
		case "campaign":
			p.campaign = c.id("target", value)
		default:
			c.note("target", &row.Problem{Column: c.columns.Header("target"), Value: fields.Text(cell), Reason: "does not say who is meant",
				Advice: "write it as id:17, code:ueON or email:jane@example.com campaign:42"})
			return
		}
	}
	if said.campaign != 0 {
		p.campaign = said.campaign
	}
}
