package recomly

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// person is the content of a row of advocates: whom it names and what it wants
// the API to hold.
type person struct {
	operation string
	campaign  string
	id        string

	name       string
	email      string // for an update by id: the new address
	phone      string // E.164; likewise
	preference string

	delta int64
	note  string

	how []string
}

func (p *person) readings() []string { return p.how }

// target is how the results file names the advocate: by id, by e-mail, or by
// phone, the first that the row has. A new one has no id.
func (p *person) target() string {
	who := ""
	switch {
	case p.operation != create && p.id != "":
		who = "advocate:" + p.id
	case p.email != "":
		who = "email:" + fields.SameEmail(p.email)
	case p.phone != "":
		who = "phone:" + p.phone
	default:
		return ""
	}
	return who + " campaign:" + p.campaign
}

// Intents starts a pass over the file.
func (a *Advocates) Intents(rows *sheet.Rows) (engine.Intents, error) {
	return newIntents(&a.base, rows, a.read)
}

// read turns one row into an intent, with all of its problems.
func (a *Advocates) read(record *fields.Record[advocateRow]) row.Intent {
	cells := &cellReader{columns: a.columns}
	v := record.Value
	p := &person{operation: cells.operation(v.Operation, a.options.Operation, a.vendors)}
	a.readPerson(v, p, cells)
	known := !a.unknown(cells, p.operation)
	misread := cells.misread() + record.At.Fault
	if known && p.operation != skip {
		a.campaign(cells, p.campaign)
		p.check(cells)
	}
	in := begin(record, cells)
	in.Operation, in.Target, in.Payload = p.operation, p.target(), p
	in.Problems, p.how = cells.problems, cells.readings
	in.Content = p.content(misread)
	in.Own = record.Own(in.Content)
	switch p.operation {
	case create:
		in.Kind, in.Would, in.Makes, in.Notifies = "existence", row.Invited, true, 1
		in.Meets = a.options.OnExisting.meets()
		if p.preference != "" {
			a.keepAll.Store(true)
		}
	case update:
		in.Kind, in.Would, in.MustExist = "content", row.Updated, true
		a.keepAll.Store(true)
	case credit:
		in.Kind, in.Would, in.MustExist, in.Marked = "credit", row.Credited, true, true
		in.Own = record.Change.With(uint64(in.Content)) // each is money of its own, and taken back once
	case skip:
		in.Kind, in.Would, in.Skip, in.Problems = "content", row.Skipped, true, nil
	}
	return in
}

// readPerson reads the cells that the row's operation asks for.
func (a *Advocates) readPerson(v advocateRow, p *person, cells *cellReader) {
	from := target(v.Target)
	p.campaign = cmp.Or(cells.word(v.CampaignID), from["campaign"], a.options.Campaign)
	p.id = cells.word(v.AdvocateID)
	p.email, p.phone = cells.email("email", v.Email), cells.phone("phone", v.Phone)
	if p.id == "" && p.email == "" && p.phone == "" {
		p.id, p.email, p.phone = from["advocate"], cells.email("target", from["email"]), cells.phone("target", from["phone"])
	}
	switch p.operation {
	case create, update:
		whole := v.Name
		if fields.Text(whole) == "" {
			whole = v.FirstName + " " + v.LastName
		}
		p.name = cells.title("name", whole)
		p.preference = cells.choice("notificationPreference", v.Preference, ByEmail, BySMS, ByBoth)
	case credit:
		if delta := cells.money("delta", v.Delta); delta != nil {
			p.delta = *delta
			cells.checkDelta(v.Delta, p.delta)
		} else if fields.Word(v.Delta) == "" {
			cells.complain("delta", "", fault{"is empty", "say what is added to the balance"})
		}
		p.note = strings.Join(strings.Fields(fields.Text(v.Note)), " ")
		if n := utf8.RuneCountInString(p.note); n > maxNote {
			cells.complain("note", p.note, fault{fmt.Sprintf("has %d characters, and may have %d beside the mark of the row", n, maxNote), "shorten it"})
		}
	}
}

// mostDelta is the most, in cents, that one credit may add or take away.
const mostDelta = 100000

func (c *cellReader) checkDelta(cell string, delta int64) {
	switch {
	case delta == 0:
		c.complain("delta", fields.Text(cell), fault{"is nothing", "leave the row out, or say what is added to the balance"})
	case delta > mostDelta || delta < -mostDelta:
		c.complain("delta", fields.Text(cell), fault{"is more than the " + dollars(mostDelta) + " of one credit", "divide it among several rows"})
	}
}

// content sums what the row wants the API to hold.
func (p *person) content(misread string) row.Fingerprint {
	parts := []string{p.operation, p.target(), misread}
	switch p.operation {
	case create, update:
		parts = append(parts, p.name, fields.SameEmail(p.email), p.phone, p.preference)
	case credit:
		// Whoever is meant is the target: an address beside an id is not another
		// credit. Without an id it stays a part: by these parts results files know
		// what has been paid.
		email := ""
		if p.id == "" {
			email = fields.SameEmail(p.email)
		}
		parts = append(parts, fmt.Sprint(p.delta), p.note, email)
	}
	return row.FingerprintOf(parts...)
}

// check finds what keeps a row from being sent. A cell that was misread has
// its problem already.
func (p *person) check(cells *cellReader) {
	if p.target() == "" && !cells.complained("email") && !cells.complained("phone") {
		advice := "say who is meant by advocateId, email or phone"
		if p.operation == create {
			advice = "nobody can be invited without an e-mail address or a phone number"
		}
		cells.complain("email", "", fault{"is empty", advice})
	}
	switch {
	case p.operation == create && p.name == "" && !cells.complained("name"):
		cells.complain("name", "", fault{"is empty", "an advocate cannot be invited without a name"})
	case p.operation == create && len(cells.problems) == 0 && !fits(p.preference, p.email != "", p.phone != ""):
		cells.complain("notificationPreference", p.preference, fault{"asks for a contact that the row does not have", "fill in " + lacking(p.preference, p.email != "")})
	case p.operation == update && len(cells.problems) == 0 && p.changesNothing():
		cells.complain("name", "", fault{"is empty, and so is every other column that could change something", "fill in what is to change"})
	}
}

// changesNothing reports whether an update holds no more than whom it means.
func (p *person) changesNothing() bool {
	byPhone := p.id == "" && p.email == ""
	return p.name == "" && p.preference == "" && (p.email == "" || p.id == "") && (p.phone == "" || byPhone)
}

// fits reports whether there are the contacts that a preference writes to.
func fits(preference string, email, phone bool) bool {
	switch preference {
	case ByEmail:
		return email
	case BySMS:
		return phone
	case ByBoth:
		return email && phone
	}
	return true
}

func lacking(preference string, email bool) string {
	if preference == ByEmail || preference == ByBoth && !email {
		return "the e-mail address"
	}
	return "the phone number"
}
