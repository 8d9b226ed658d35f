package referralfactory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// create adds the person, unless the campaign has them.
func (w *work) create(found []User) engine.Step {
	if len(found) > 0 {
		return w.meets(found)
	}
	p := w.person
	if p.qualified != nil && *p.qualified && p.referrer == nil {
		return w.done(row.Invalid, nil, "nobody referred this person: only somebody who was referred can be qualified")
	}
	if p.firstName == "" {
		return w.done(row.Invalid, nil, p.namelessness(w.users.columns).String())
	}
	if w.orphan {
		return w.withoutReferrer()
	}
	step := w.sends(row.Created, nil, "", w.sendCreate)
	step.Writes = w.in.Writes
	return step
}

// upsert adds the person or brings up to date who is there.
func (w *work) upsert(found []User) engine.Step {
	p := w.person
	switch {
	case len(found) == 0 && p.byEmail():
		return w.create(nil)
	case len(found) == 1 && p.byEmail() && w.mayBeOwn(&found[0]) && w.isAsCreated(&found[0]):
		return w.created(&found[0], 0)
	}
	return w.update(found)
}

// isAsCreated reports whether a user may be as a create of this row leaves
// them. Of a row that changes who is there, what left may have been an update
// as well, and need not have arrived: then there is more to it.
func (w *work) isAsCreated(u *User) bool {
	what, _ := w.person.differences(u)
	return w.person.begun.creating || len(what.names) == 0
}

// meets decides about a create that found somebody there.
func (w *work) meets(found []User) engine.Step {
	u, alike := w.closest(found)
	if alike == 1 && w.mayBeOwn(u) && (w.users.options.OnExisting != Update || w.isAsCreated(u)) {
		return w.created(u, 0)
	}
	remark := joined(w.roleRemark(u), w.referrerRemark(u))
	if len(found) > 1 {
		remark = joined("the e-mail address names "+listed(found), remark)
	}
	switch w.users.options.OnExisting {
	case Fail:
		return w.done(row.Rejected, u, joined("the campaign has this person already", remark))
	case Update:
		if alike > 1 {
			return w.update(found)
		}
		return w.bring(u, remark)
	}
	return w.done(row.Exists, u, remark)
}

// closest prefers the users in the role that the row would create, and tells
// how many are as close as the one it gives.
func (w *work) closest(found []User) (u *User, alike int) {
	for i := range found {
		if found[i].Type != roleOf(w.person.referrer != nil) {
			continue
		}
		if alike++; u == nil {
			u = &found[i]
		}
	}
	if u == nil {
		return &found[0], len(found)
	}
	return u, alike
}

// mayBeOwn reports whether a user is there by a create of this row whose
// answer was lost: everything that is known of them allows it.
func (w *work) mayBeOwn(u *User) bool {
	invitedByNobody := w.person.referrer == nil && u.Type == Invited
	byOthers := u.Source != "" && !strings.EqualFold(u.Source, "Api")
	changesOthers := w.person.operation == upsert || w.users.options.OnExisting == Update
	wasThere := changesOthers && w.in.SentTo != ""
	return !w.sent.IsZero() && !wasThere && w.person.begun.before == nil && !u.olderThan(w.sent) && !invitedByNobody && !byOthers
}

// roleRemark says when the person is there, but not as the row wants.
func (w *work) roleRemark(u *User) string {
	switch referred := w.person.referrer != nil; {
	case referred && u.Type == Referring:
		return "is in the campaign as somebody who refers, and stays so: the API cannot give a referrer to somebody who is there"
	case !referred && u.Type == Invited && w.person.operation == create:
		return "is in the campaign as an invited person"
	}
	return ""
}

// sendCreate makes the person, and takes who is there already for what they
// are.
func (w *work) sendCreate(ctx context.Context) (row.Outcome, error) {
	p := w.person
	p.begun.creating = w.known
	began := time.Now()
	u, status, err := w.users.client.CreateUser(ctx, NewUser{
		CampaignID: p.campaign, FirstName: p.firstName, Email: p.email, Notify: p.notify,
		Referrer: p.referrer, Meta: p.meta, Promotion: p.promotion,
	})
	if mayBeThere(err) {
		return w.conflict(ctx, err)
	}
	if err != nil {
		return w.refused(ctx, err)
	}
	if w.users.hasSeen(u.ID) || u.olderThan(began) || p.referrer == nil && u.Type == Invited {
		p.begun.creating = false
		return w.thereAlready(ctx, []User{*u}, status)
	}
	return w.take(ctx, w.created(u, status), status)
}

// thereAlready goes on with a create that the API answered by people who were
// there.
func (w *work) thereAlready(ctx context.Context, found []User, status int) (row.Outcome, error) {
	w.known = true
	w.users.learn(w.in, found)
	if w.person.operation == upsert {
		return w.take(ctx, w.update(found), status)
	}
	return w.take(ctx, w.meets(found), status)
}

// created goes on after a create that was applied: a lead that the row calls
// qualified takes a second write.
func (w *work) created(u *User, status int) engine.Step {
	w.person.begun.made = u
	w.users.learn(w.in, []User{*u})
	w.users.note(u.ID)
	remark := w.referrerRemark(u)
	if q := w.person.qualified; q == nil || *q == u.Qualified() {
		return w.done(row.Created, u, remark)
	}
	return w.sends(row.Created, u, remark, func(ctx context.Context) (row.Outcome, error) {
		return w.qualifyCreated(ctx, u, remark)
	})
}

func (w *work) qualifyCreated(ctx context.Context, u *User, remark string) (row.Outcome, error) {
	const but = "the person was created, but not qualified: "
	const advice = "; import the row again as a qualify once that is mended"
	if u.Type != Invited {
		return outcome(row.Rejected, u, 0, joined(but+"the API made them somebody who refers", remark)), nil
	}
	status, err := w.users.client.SetQualification(ctx, Qualification{ID: u.ID, Qualified: *w.person.qualified})
	if api.VerdictOf(err) == api.Refused {
		return outcome(row.Rejected, u, api.StatusOf(err), but+err.Error()+advice), nil
	}
	if err != nil {
		return row.Outcome{}, err
	}
	w.qualifiedNow(u, *w.person.qualified)
	return outcome(row.Created, u, status, remark), nil
}

// referrerRemark says when the user's referrer is not the one that the row
// names. It is told and never repaired: that would take a deletion.
func (w *work) referrerRemark(u *User) string {
	ref := w.person.referrer
	switch {
	case ref == nil:
		return ""
	case u.ReferrerID == 0 && u.Type == Referring && (w.person.begun.creating || w.person.begun.made != nil):
		return fmt.Sprintf("was created without the referrer %s", ref.Value)
	case u.ReferrerID == 0:
		return ""
	case ref.Field == "id":
		if ref.Value == strconv.FormatInt(u.ReferrerID, 10) {
			return ""
		}
	default:
		referrer := w.users.present.user(u.ReferrerID)
		if referrer == nil || ref.Field == "code" && referrer.Code == ref.Value ||
			ref.Field == "email" && fields.SameEmail(referrer.Email) == fields.SameEmail(ref.Value) {
			return ""
		}
	}
	return fmt.Sprintf("id %d referred this person, not %s, and stays so", u.ReferrerID, ref.Value)
}

// mayBeThere reports whether the API may have refused a create because the
// person is there: it names the e-mail, or, in the plain form of v1, nothing.
func mayBeThere(err error) bool {
	if err == nil {
		return false
	}
	if refusedWith(err, http.StatusConflict) {
		return true
	}
	var e *api.Error
	return refusedWith(err, http.StatusUnprocessableEntity) && errors.As(err, &e) &&
		(len(e.Fields) == 0 || slices.Contains(e.Fields, "email"))
}

// conflict looks the person up whose create was refused, and passes the
// refusal on when nobody is there.
func (w *work) conflict(ctx context.Context, refused error) (row.Outcome, error) {
	found, err := w.askAfter(ctx, refused, w.person)
	switch {
	case err != nil:
		return row.Outcome{}, err
	case len(found) == 0:
		return w.refused(ctx, refused)
	}
	return w.thereAlready(ctx, found, api.StatusOf(refused))
}

// askAfter finds people in order to know why a create was refused.
func (w *work) askAfter(ctx context.Context, refused error, p *person) ([]User, error) {
	found, err := w.users.ask(ctx, p)
	if err != nil && api.VerdictOf(err) == 0 {
		// The run ends before the question; but that nothing was applied is known.
		err = &api.Error{Verdict: api.Again, Status: api.StatusOf(refused), Message: "refused, and not asked whether the person is there"}
	}
	return found, err
}
