package referralfactory

import (
	"slices"
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// The operations of users. Skip asks for nothing.
const (
	create    = "create"
	update    = "update"
	upsert    = "upsert"
	qualify   = "qualify"
	unqualify = "unqualify"
	remove    = "delete"
	skip      = "skip"
)

// UserOperations are the operations of users, as --operation takes them.
var UserOperations = []string{create, update, upsert, qualify, unqualify, remove, skip}

// person is a row's content: whom it names and what it wants the API to hold.
// An empty cell wants nothing.
type person struct {
	operation string
	id        int64
	code      string
	email     string // for an update by id or code: the new address
	campaign  int64
	own       bool // the row itself says the campaign

	firstName string
	fullName  string // in which no first name was found
	referrer  *ReferrerRef
	meta      []MetaValue // texts, sorted by label, none empty
	qualified *bool       // nil when the row does not say
	notify    bool
	promotion bool

	begun begun
}

// begun is what one worker keeps of a row from its first write to its outcome,
// so that a look after a lost answer knows what was there before.
type begun struct {
	creating bool  // a create has left, and a look had shown nobody
	made     *User // whom the create brought into being
	before   *User // as a look had shown them before a change; nil for none
	applied  bool  // fields of before were changed
}

// byEmail reports whether the row names its target by e-mail and campaign.
func (p *person) byEmail() bool {
	return p.operation == create || p.id == 0 && p.code == ""
}

// makes reports whether the row may bring somebody into being.
func (p *person) makes() bool {
	return p.operation == create || p.operation == upsert && p.byEmail()
}

// target is how the results file names whom the row acts on, as far as the row
// says; "" when it does not.
func (p *person) target() string {
	switch {
	case !p.byEmail() && p.id != 0:
		return "id:" + strconv.FormatInt(p.id, 10)
	case !p.byEmail():
		return "code:" + p.code
	case p.email == "":
		return ""
	}
	return emailTarget(p.email, p.campaign)
}

func emailTarget(email string, campaign int64) string {
	if campaign == 0 {
		return "email:" + fields.SameEmail(email)
	}
	return "email:" + fields.SameEmail(email) + " campaign:" + strconv.FormatInt(campaign, 10)
}

// intentReader turns cells into intents.
type intentReader struct {
	columns    fields.Columns
	operation  string
	campaign   int64
	notify     bool
	onExisting OnExisting
	campaigns  *campaigns
}

// read turns one row into an intent, with all of its problems.
func (r *intentReader) read(record *fields.Record[userRow]) row.Intent {
	cells := cellReader{columns: r.columns}
	p := r.person(record, &cells)
	// An edit that made a cell unreadable is an edit, although nothing can be
	// read of it.
	misread := row.Explain(cells.problems) + record.At.Fault
	switch {
	case record.At.Fault != "":
		cells.problems = []row.Problem{fields.Unreadable(record.At.Fault)}
	case p.operation == skip:
		cells.problems = nil // a note to people, such as a template has
	default:
		cells.problems = append(cells.problems, r.check(p, &cells)...)
	}
	target := p.target()
	in := row.Intent{
		Position: row.Position{Row: record.At.Row, Line: record.At.Line}, Operation: p.operation, Target: target,
		Content: p.content(target, misread), Problems: cells.problems, Skip: p.operation == skip, Once: true, Payload: p,
	}
	in.Own = record.Own(in.Content)
	in.Kind, in.Would = kindOf(p.operation)
	if in.Makes = p.makes(); in.Makes {
		in.Would, in.Meets = row.Created, r.onExisting.meets(p)
	}
	if in.Makes && p.notify {
		in.Notifies = 1
	}
	if in.Makes && p.qualified != nil && *p.qualified {
		in.Writes = 2 // nobody is created qualified
	}
	in.Asks = p.operation == remove || p.operation == unqualify ||
		p.qualified != nil && !*p.qualified && (p.operation == update || p.operation == upsert)
	in.MustExist = p.operation == update || p.operation == unqualify || p.operation == upsert && !p.byEmail()
	if in.Makes && p.referrer != nil && p.referrer.Field == "email" && p.referrer.Value != "" {
		in.WaitsFor = emailTarget(p.referrer.Value, p.campaign)
	}
	return in
}

// kindOf gives the kind of an operation, and what it ends as when it succeeds.
func kindOf(operation string) (kind string, would row.Status) {
	switch operation {
	case create:
		return "existence", row.Created
	case upsert:
		return "existence", row.Updated
	case remove:
		return "existence", row.Deleted
	case qualify:
		return "qualification", row.Qualified
	case unqualify:
		return "qualification", row.Unqualified
	case skip:
		return "content", row.Skipped
	}
	return "content", row.Updated
}

// meets is what a row that would create somebody ends as when an earlier row
// did. It says something else than that one, or it would be a duplicate.
func (o OnExisting) meets(p *person) row.Status {
	switch {
	case p.operation == upsert && p.changesNothing():
		return row.Unchanged
	case p.operation == upsert, o == Update:
		return row.Updated
	case o == Fail:
		return row.Rejected
	}
	return row.Exists
}

// person reads the cells of a row that its operation uses: a create does not
// stumble over the id of another system.
func (r *intentReader) person(record *fields.Record[userRow], cells *cellReader) *person {
	v := &record.Value
	p := &person{operation: strings.ToLower(fields.Text(v.Operation)), notify: r.notify}
	if p.operation == "" {
		p.operation = r.operation
	}
	p.email, p.campaign = cells.email("email", v.Email), cells.id("campaign_id", v.CampaignID)
	p.own = p.campaign != 0
	if p.operation != create {
		p.id, p.code = cells.id("id", v.ID), cells.code("code", v.Code)
	}
	if p.id == 0 && p.code == "" && p.email == "" && v.Target != "" {
		cells.target(v.Target, p)
	}
	if p.campaign == 0 && !cells.unread["campaign_id"] {
		p.campaign = r.campaign
	}
	if p.makes() || p.operation == update || p.operation == upsert {
		if p.firstName = firstName(v, p.makes()); p.firstName == "" {
			p.fullName = fields.Name(v.FullName)
		}
		p.meta = cells.meta(record.Meta)
		slices.SortFunc(p.meta, func(a, b MetaValue) int { return strings.Compare(a.Field, b.Field) })
	}
	if p.makes() {
		p.referrer = cells.referrer(v)
		if notify := cells.yes("notify", v.Notify); notify != nil {
			p.notify = *notify
		}
		promotion := cells.yes("promotion", v.Promotion)
		p.promotion = promotion != nil && *promotion
	}
	switch p.operation {
	case create, update, upsert, qualify:
		p.qualified = cells.yes("qualified", v.Qualified)
	}
	if p.operation == qualify && p.qualified != nil && !*p.qualified {
		p.operation = skip // a list of customers, of which this one is not qualified
	}
	return p
}

// firstName is the first name of a row, or that of the whole name; to create
// somebody also the one beside the address.
func firstName(v *userRow, makes bool) string {
	name := fields.Name(v.FirstName)
	if name == "" && v.FullName != "" {
		name = fields.FirstOf(v.FullName)
	}
	if name == "" && makes {
		name = fields.FirstOf(fields.NameBeside(v.Email))
	}
	return name
}

// content sums what the row wants the API to hold. Whether the vendor writes
// to the person is no part of it.
func (p *person) content(target, misread string) row.Fingerprint {
	var room [24]string // for nearly every row
	parts := append(room[:0], p.operation, target, misread)
	switch p.operation {
	case create, update, upsert:
		parts = append(parts, p.firstName, fields.SameEmail(p.email), strconv.FormatBool(p.promotion))
		if p.qualified != nil {
			parts = append(parts, "qualified", strconv.FormatBool(*p.qualified))
		}
		if p.referrer != nil {
			parts = append(parts, "referrer", p.referrer.Field, p.referrer.Value)
		}
		for _, m := range p.meta {
			parts = append(parts, fields.Meta, m.Field, m.Text())
		}
	}
	return row.FingerprintOf(parts...)
}
