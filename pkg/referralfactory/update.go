package referralfactory

import (
	"context"
	"fmt"
	"strings"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// update changes whom the row means to what it says.
func (w *work) update(found []User) engine.Step {
	u, step := w.only(found)
	switch {
	case step != nil:
		return *step
	case u != nil:
		return w.bring(u, "")
	case w.known:
		return w.done(row.Absent, nil, "nobody of this "+w.person.named()+" is there to update")
	}
	return w.sendBlind()
}

// bring changes a user who was looked up, by what differs. The remark is added
// to the outcome.
func (w *work) bring(u *User, remark string) engine.Step {
	p := w.person
	if !p.byEmail() {
		if campaign := w.users.campaigns.byID[u.CampaignID]; campaign != nil {
			if problems := campaign.checkMeta(w.users.columns, p, u); problems != nil {
				return w.done(row.Invalid, nil, row.Explain(problems))
			}
		}
	}
	if p.qualified != nil && *p.qualified && u.Type == Referring {
		return w.done(row.Invalid, nil, "is in the campaign as somebody who refers: only somebody who was invited can be qualified")
	}
	if p.operation == upsert {
		remark = joined(remark, joined(w.roleRemark(u), w.referrerRemark(u)))
	}
	what, requalify := p.differences(u)
	if !requalify && len(what.names) == 0 {
		return w.done(w.since(row.Updated, row.Unchanged), u, joined(w.changed(), remark))
	}
	step := w.sends(row.Updated, u, joined(what.said(requalify), remark), w.sendUpdate(u, what.Changes, requalify, remark))
	if requalify && len(what.names) > 0 {
		step.Writes = 2
	}
	step.Doubt = w.makesAnother(u, what)
	return step
}

// makesAnother tells of a row that gives a user another address and another
// name: the id of another system would have it overwrite a stranger. nil when
// it does not, and when it takes back what an import did.
func (w *work) makesAnother(u *User, what differing) *row.Problem {
	if what.Email == nil || what.FirstName == nil || w.in.Own != 0 {
		return nil
	}
	return &row.Problem{
		Value:  fmt.Sprintf("id %d: %s %s becomes %s %s", u.ID, u.FirstName, u.Email, *what.FirstName, *what.Email),
		Reason: "changes both the first name and the e-mail address of a person",
		Advice: fmt.Sprintf("if the %s is that of another system, take its column out with --map '%s=-'", w.person.named(), w.users.columns.Header(w.person.named())),
	}
}

// differing is what an update has to send, and the fields that it changes.
type differing struct {
	Changes
	names []string
}

// said is the remark on an update.
func (d differing) said(requalify bool) string {
	names := d.names
	if requalify {
		names = append(names[:len(names):len(names)], "qualified")
	}
	if len(names) == 0 {
		return ""
	}
	return "changed " + strings.Join(names, ", ")
}

// differences is what an update has to send to a user, and whether it has to
// be followed by a qualification. What cleaning the row's cells would make of
// the user's values is no difference; addresses are compared without case.
func (p *person) differences(u *User) (d differing, requalify bool) {
	if p.firstName != "" && p.firstName != fields.Name(u.FirstName) {
		d.FirstName, d.names = &p.firstName, append(d.names, "first_name")
	}
	if p.email != "" && !p.byEmail() && fields.SameEmail(p.email) != fields.SameEmail(u.Email) {
		d.Email, d.names = &p.email, append(d.names, "email")
	}
	for _, m := range p.meta {
		if old := u.meta(m.Field); !old.holds(m.Text()) {
			d.Meta = append(d.Meta, MetaValue{Field: old.Field, Value: like(old.Value, m.Text())})
			d.names = append(d.names, fields.Meta+m.Field)
		}
	}
	if len(d.Meta) > 0 {
		d.Meta = withOthers(d.Meta, u.Meta)
	}
	return d, p.qualified != nil && *p.qualified != u.Qualified()
}

// withOthers adds the campaign fields that stay as they are: the vendor does
// not say whether an update replaces them all or only those it names.
func withOthers(changed, all []MetaValue) []MetaValue {
	whole := changed
	for _, old := range all {
		named := false
		for _, m := range changed {
			named = named || strings.EqualFold(m.Field, old.Field)
		}
		if !named {
			whole = append(whole, old)
		}
	}
	return whole
}

// sendUpdate changes the user, and qualifies the lead where that differs too.
func (w *work) sendUpdate(u *User, c Changes, requalify bool, remark string) stage {
	w.begin(u)
	second := func(after *User) stage {
		return func(ctx context.Context) (row.Outcome, error) { return w.sendRequalify(ctx, after, remark) }
	}
	if c.FirstName == nil && c.Email == nil && c.Meta == nil {
		return second(u)
	}
	return func(ctx context.Context) (row.Outcome, error) {
		after, status, err := w.users.client.UpdateUser(ctx, u.ID, c)
		if gone(err) {
			w.users.present.drop(u.ID)
			return outcome(row.Absent, nil, api.StatusOf(err), "nobody of this "+w.person.named()+" is there to update"), nil
		}
		if err != nil {
			return row.Outcome{}, err
		}
		w.person.begun.applied = true
		w.users.learn(w.in, []User{*after})
		if requalify {
			return w.then(ctx, second(after))
		}
		return outcome(row.Updated, after, status, joined(w.changed(), remark)), nil
	}
}

// begin keeps what was there before the first write. A later look may show that
// one whose answer was lost has changed something.
func (w *work) begin(u *User) {
	b := &w.person.begun
	if b.before == nil {
		b.before = u
		return
	}
	was, _ := w.person.differences(b.before)
	is, _ := w.person.differences(u)
	b.applied = b.applied || len(is.names) < len(was.names)
}

func (w *work) sendRequalify(ctx context.Context, u *User, remark string) (row.Outcome, error) {
	qualified := *w.person.qualified
	status, err := w.users.client.SetQualification(ctx, Qualification{ID: u.ID, Qualified: qualified})
	if what, _ := w.person.differences(w.person.begun.before); api.VerdictOf(err) == api.Refused && len(what.names) > 0 {
		return outcome(row.Rejected, u, api.StatusOf(err), joined(what.said(false), "but the state qualified was refused: "+err.Error())), nil
	}
	if err != nil {
		return row.Outcome{}, err
	}
	w.qualifiedNow(u, qualified)
	return outcome(row.Updated, u, status, joined(w.changed(), remark)), nil
}

// changed says what the row's writes changed, counted from before the first of
// them; "" when that is not known any more.
func (w *work) changed() string {
	if w.person.begun.before == nil {
		return ""
	}
	what, requalify := w.person.differences(w.person.begun.before)
	return what.said(requalify)
}

// sendBlind updates by id everything that the row says.
func (w *work) sendBlind() engine.Step {
	p := w.person
	what, _ := p.differences(&User{ID: p.id})
	remark := strings.Replace(what.said(false), "changed", "set", 1)
	return w.sends(row.Updated, &User{ID: p.id}, remark, func(ctx context.Context) (row.Outcome, error) {
		after, status, err := w.users.client.UpdateUser(ctx, p.id, what.Changes)
		if gone(err) {
			return outcome(row.Absent, nil, api.StatusOf(err), "nobody of this id is there to update"), nil
		}
		if err != nil {
			return row.Outcome{}, err
		}
		return outcome(row.Updated, after, status, remark), nil
	})
}
