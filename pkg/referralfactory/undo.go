package referralfactory

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// UndoColumns are the fields of a row that takes a change back. A deletion
// cannot be; its row is the record of what was there.
func (u *Users) UndoColumns() []string {
	columns := []string{"operation", "target", "id", "code", "email", "first_name", "campaign_id", "referrer_id", "qualified"}
	labels := map[string]bool{}
	add := func(field string) {
		if strings.HasPrefix(field, fields.Meta) && !labels[field] {
			labels[field] = true
			columns = append(columns, field)
		}
	}
	for _, name := range u.columns.Names {
		add(name)
	}
	if u.options.Operation == remove || u.columns.Has("operation") {
		for _, label := range u.campaigns.labels() {
			add(fields.Meta + label)
		}
	}
	return append(columns, "note")
}

// undo gives the cells of the row that takes back what the outcome says was
// done, nil when there is nothing to take back. Before the write it is asked
// with a pending outcome, and tells what it would be.
func (w *work) undo(o row.Outcome) map[string]string {
	p := w.person
	begun := p.begun
	switch {
	case o.Status == row.Pending, o.Status == row.Unknown, o.Status.Wrote():
	case begun.made == nil && !begun.applied:
		return nil
	}
	switch {
	case begun.made != nil, o.Status == row.Created:
		return undoCreate(p, cmp.Or(o.ID, idOf(begun.made)), w.surelyMade())
	case p.operation == remove:
		return undoDelete(p, begun.before)
	case !w.known && !p.makes():
		return undoBlind(p)
	case begun.before == nil:
		return nil // not known yet, or kept by the run that sent the write
	case p.operation == qualify || p.operation == unqualify:
		return undoQualify(begun.before, p.operation == qualify)
	}
	return undoUpdate(p, begun.before, o.Status != row.Rejected)
}

// surelyMade reports whether a user whom the row created was certainly not
// there before: a look had shown nobody, in this run or in the one that sent
// the create, and they are as the row would have them.
func (w *work) surelyMade() bool {
	o, b := w.users.options, w.person.begun
	return b.creating || w.person.operation == create && o.Lookup != LookupOff && o.OnExisting != Update && !w.in.Unseen &&
		b.made != nil && w.isAsCreated(b.made)
}

func idOf(u *User) string {
	if u == nil {
		return ""
	}
	return strconv.FormatInt(u.ID, 10)
}

// undoCreate deletes whom a row created, unless they may have been there
// before.
func undoCreate(p *person, id string, sure bool) map[string]string {
	cells := map[string]string{"operation": remove, "id": id, "note": p.email + " was created"}
	if !sure {
		cells["operation"] = skip
		cells["note"] = p.email + " was created, or was there before: nothing tells for certain, so delete them yourself if it has to be"
	}
	if p.notify {
		cells["note"] += "; the vendor may have written to them, which nothing takes back"
	}
	return cells
}

// undoUpdate gives a user the former values of what the row changed. A field
// that was empty cannot be emptied again: an update leaves out what is empty.
func undoUpdate(p *person, before *User, requalified bool) map[string]string {
	what, requalify := p.differences(before)
	cells := map[string]string{"operation": update, "id": idOf(before), "note": before.Email}
	restored := 0
	restore := func(field, former, read string) {
		switch {
		case read != "":
			cells[field] = former
			restored++
		case former == "":
			cells["note"] += "; " + field + " was empty, and the API cannot empty it again"
		default:
			cells["note"] += fmt.Sprintf("; %s was %q, which a cell cannot say", field, former)
		}
	}
	for _, field := range what.names {
		switch label, isMeta := strings.CutPrefix(field, fields.Meta); {
		case isMeta:
			former := before.meta(label).Text()
			read, _ := fields.Value(field, former)
			restore(field, former, read)
		case field == "email":
			restore(field, before.Email, before.Email)
		default:
			restore(field, before.FirstName, fields.Name(before.FirstName))
		}
	}
	if requalify && requalified {
		restore("qualified", yesNo(before.Qualified()), yesNo(before.Qualified()))
	}
	if restored == 0 {
		cells["operation"] = skip
	}
	return cells
}

// undoQualify puts a lead back to what it was.
func undoQualify(before *User, qualified bool) map[string]string {
	cells := map[string]string{"operation": unqualify, "id": idOf(before), "note": before.Email + " was qualified; a reward that was paid stays paid"}
	if !qualified {
		cells["operation"] = qualify
		cells["note"] = before.Email + " was put back to pending; qualifying them again may make a reward due again"
	}
	return cells
}

// undoDelete keeps what a deleted user was.
func undoDelete(p *person, before *User) map[string]string {
	cells := map[string]string{"operation": skip, "note": "was deleted, which cannot be taken back"}
	if before == nil {
		cells["target"] = p.target()
		cells["note"] += "; what was there was not looked up"
		return cells
	}
	cells["id"], cells["code"], cells["email"] = idOf(before), before.Code, before.Email
	cells["first_name"], cells["campaign_id"] = before.FirstName, strconv.FormatInt(before.CampaignID, 10)
	cells["qualified"] = yesNo(before.Qualified())
	if before.ReferrerID != 0 {
		cells["referrer_id"] = strconv.FormatInt(before.ReferrerID, 10)
	}
	for _, m := range before.Meta {
		cells[fields.Meta+m.Field] = m.Text()
	}
	return cells
}

// undoBlind says that nothing is known of the former state.
func undoBlind(p *person) map[string]string {
	return map[string]string{"operation": skip, "target": p.target(),
		"note": "the state before this " + p.operation + " was not looked up (--lookup off), so nothing can be taken back"}
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
