package recomly

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// Advocates is the resource "advocates" of an import.
type Advocates struct {
	base
	keepAll atomic.Bool // rosters need more than id and code
	quota   int64       // advocates the plan allows, 0 when that is not known; set before the first Look

	mu    sync.Mutex
	slots map[string]*campaignSlot
}

var _ Resource = (*Advocates)(nil)

// NewAdvocates checks the options.
func NewAdvocates(client *Client, o Options) (*Advocates, error) {
	a := &Advocates{slots: map[string]*campaignSlot{}}
	if err := a.set(AdvocatesName, client, o); err != nil {
		return nil, err
	}
	a.keepAll.Store(a.options.OnExisting == Update)
	return a, nil
}

// Match implements Resource.
func (a *Advocates) Match(headers []string) (fields.Columns, error) {
	return a.match(headers, func(c fields.Columns) []string {
		var lacks []string
		all := "" // what all rows ask for; "" when each says itself
		if !c.Has("operation") {
			all = a.options.Operation
		}
		if !c.Has("email") && !c.Has("phone") && !c.Has("target") && (all == create || !c.Has("advocateId")) {
			lacks = append(lacks, "a column that says who is meant (email, phone or advocateId)")
		}
		if !c.Has("campaignId") && !c.Has("target") && a.options.Campaign == "" {
			lacks = append(lacks, "the campaign (--campaign ID, or a column campaignId)")
		}
		if all == create && !c.Has("name") && !c.Has("first_name") && !c.Has("last_name") {
			lacks = append(lacks, "a column with the name (name)")
		}
		if all == credit && !c.Has("delta") {
			lacks = append(lacks, "a column with the amount (delta)")
		}
		return lacks
	})
}

// Consent implements Resource: the vendor cannot invite silently.
func (a *Advocates) Consent(notify int) error {
	if notify == 0 || a.options.Notify {
		return nil
	}
	return fmt.Errorf("this would invite %d people, and Recomly writes to everyone it is told to invite; say --notify if that is meant", notify)
}

// Prepare compares the new advocates with what the plan allows.
func (a *Advocates) Prepare(due int, try engine.Try) error {
	more := min(int64(due), a.creates.Load())
	if more == 0 {
		return nil
	}
	account, err := a.account(try)
	if account == nil {
		return err
	}
	a.quota = int64(account.Quotas.Advocates)
	have, err := a.countAdvocates(try)
	if err != nil {
		return err
	}
	a.warn("advocates", have, more, a.quota)
	return nil
}

// countAdvocates is how many advocates the organisation has, 0 when the API
// refuses to say.
func (b *base) countAdvocates(try engine.Try) (int64, error) {
	var have int64
	err := try(func(ctx context.Context) (err error) {
		have, err = b.client.CountAdvocates(ctx)
		return err
	})
	if api.VerdictOf(err) == api.Refused {
		return 0, nil
	}
	return have, err
}

// Look finds whom the row names and decides what is left to do.
func (a *Advocates) Look(ctx context.Context, in *row.Intent, sent time.Time) (engine.Step, error) {
	w := &advocateWork{Advocates: a, person: in.Payload.(*person), in: in, sent: sent}
	switch {
	case w.operation == skip:
		return engine.Step{Done: row.Outcome{Status: row.Skipped}}, nil
	case w.operation == create && a.options.Lookup == LookupOff && sent.IsZero() && !in.InDoubt:
		return w.create(nil), nil
	}
	var err error
	// A credit changes nothing that a roster shows: what became of it is read
	// in the ledger.
	if w.known, err = a.roster(ctx, w.campaign, (!sent.IsZero() || in.InDoubt) && w.operation != credit); err != nil {
		return engine.Step{}, err
	}
	there := w.known.find(w.person)
	switch w.operation {
	case create:
		return w.create(there), nil
	case update:
		return w.update(there), nil
	}
	return w.credit(ctx, there)
}

// UndoColumns are the fields of a row that takes a change back.
func (a *Advocates) UndoColumns() []string {
	return []string{"operation", "campaignId", "advocateId", "name", "email", "phone", "notificationPreference", "delta", "note"}
}

// advocateWork is one row against the present state.
type advocateWork struct {
	*Advocates
	*person
	in    *row.Intent
	sent  time.Time // when a write whose answer was lost had left; zero for none
	known *roster   // nil when nobody was looked up
	next  stage     // what Send does: a write that was answered is not sent again
}

// stage makes one call of a row that may take several, and goes on with the
// next. It gives the row's outcome.
type stage func(context.Context) (row.Outcome, error)

// invites is a step of an invitation that begins with a write; there is whom
// the campaign has by then, nil for nobody.
func (w *advocateWork) invites(there *Advocate, first stage) engine.Step {
	w.next = first
	return engine.Step{
		Done: advocateOutcome(row.Invited, there, 0, ""),
		Send: func(ctx context.Context) (row.Outcome, error) { return w.next(ctx) },
		Undo: w.undoInvite,
	}
}

// then goes on with another stage. When it fails and the step is sent again,
// it is with that stage.
func (w *advocateWork) then(ctx context.Context, next stage) (row.Outcome, error) {
	w.next = next
	return next(ctx)
}

func advocateOutcome(status row.Status, a *Advocate, http int, remark string) row.Outcome {
	o := row.Outcome{Status: status, HTTPStatus: http, Error: remark}
	if a != nil {
		o.ID, o.Code = a.ID, a.ReferralCode
	}
	return o
}

// create invites the person, unless the campaign has one of the contacts.
func (w *advocateWork) create(there *Advocate) engine.Step {
	if there == nil {
		return w.invites(nil, w.invite)
	}
	if !w.mayBeOwn(there) {
		return w.meets(there)
	}
	if w.preference == "" || w.preference == there.Preference || there.Preference == "" {
		return engine.Step{Done: advocateOutcome(row.Invited, there, 0, ""), Undo: w.undoInvite}
	}
	return w.invites(there, func(ctx context.Context) (row.Outcome, error) { return w.prefer(ctx, there, 0) })
}

// mayBeOwn reports whether an advocate is there by an invitation of this row
// whose answer was lost: everything that is known of them allows it. Where who
// is there is changed, what left may have been a change, and need not have
// arrived.
func (w *advocateWork) mayBeOwn(there *Advocate) bool {
	return !w.sent.IsZero() && since(there.EnrolledAt, w.sent) && (w.options.OnExisting != Update || w.isAsInvited(there))
}

// isAsInvited reports whether an advocate may be as an invitation by this row
// leaves them.
func (w *advocateWork) isAsInvited(there *Advocate) bool {
	changes, _ := w.differences(there)
	return changes.Name == nil && changes.Email == nil && changes.Phone == nil
}

// meets decides about an invitation of somebody who is there.
func (w *advocateWork) meets(there *Advocate) engine.Step {
	const remark = "the campaign has an advocate of this e-mail address or phone number"
	switch w.options.OnExisting {
	case Fail:
		return engine.Step{Done: advocateOutcome(row.Rejected, there, 0, remark)}
	case Update:
		return w.change(there)
	}
	return engine.Step{Done: w.exists(there, w.known, 0)}
}

// exists is the outcome of an invitation of somebody who is there. Who has the
// row's phone number alone may be another of the household.
func (w *advocateWork) exists(there *Advocate, known *roster, status int) row.Outcome {
	remark := ""
	if w.email != "" && !known.is(there, w.email) {
		remark = "known by the phone number alone: the campaign has it with another e-mail address, so the code may be somebody else's"
	}
	return advocateOutcome(row.Exists, there, status, remark)
}

// invite sends the invitation. What a refusal means is told by a fresh list
// alone: the vendor documents neither its status nor its text.
func (w *advocateWork) invite(ctx context.Context) (row.Outcome, error) {
	began, before := time.Now(), w.known.size()
	made, status, err := w.client.Invite(ctx, w.campaign, NewAdvocate{Name: w.name, Email: w.email, Phone: w.phone})
	if api.VerdictOf(err) == api.Refused && !gone(err) {
		return w.then(ctx, func(ctx context.Context) (row.Outcome, error) { return w.refused(ctx, err) })
	}
	if err != nil {
		return row.Outcome{}, err
	}
	if !since(made.EnrolledAt, began) || w.known.had(made.ID, before) {
		return advocateOutcome(row.Exists, made, status, ""), nil
	}
	if w.known != nil {
		w.known.wrote(made)
	}
	return w.then(ctx, func(ctx context.Context) (row.Outcome, error) { return w.prefer(ctx, made, status) })
}

// refused finds out whether an invitation was refused because the person is
// there, or because the plan has no room: then the run ends.
func (w *advocateWork) refused(ctx context.Context, refusal error) (row.Outcome, error) {
	fresh, err := w.roster(ctx, w.campaign, true)
	if err != nil {
		return row.Outcome{}, err
	}
	if there := fresh.find(w.person); there != nil {
		if w.options.OnExisting == Fail {
			return advocateOutcome(row.Rejected, there, api.StatusOf(refusal), refusal.Error()), nil
		}
		return w.exists(there, fresh, api.StatusOf(refusal)), nil
	}
	have := fresh.advocates()
	if have == 0 && w.quota > 0 { // the older list does not say
		if have, err = w.client.CountAdvocates(ctx); err != nil {
			return row.Outcome{}, err
		}
	}
	if w.quota > 0 && have >= w.quota {
		return row.Outcome{}, full(refusal, have, w.quota)
	}
	return row.Outcome{}, refusal
}

// prefer finishes an invitation with the preference that the row asks for,
// where that is not what the contacts give by themselves.
func (w *advocateWork) prefer(ctx context.Context, made *Advocate, status int) (row.Outcome, error) {
	o := advocateOutcome(row.Invited, made, status, "")
	if w.preference == "" || w.preference == made.Preference {
		return o, nil
	}
	_, _, err := w.client.UpdateAdvocate(ctx, w.campaign, made.ID, AdvocateChanges{Preference: &w.preference})
	if api.VerdictOf(err) == api.Refused {
		o.Status, o.HTTPStatus = row.Rejected, api.StatusOf(err)
		o.Error = "the person was invited, but the preference was refused: " + err.Error()
		return o, nil
	}
	return o, err
}

func (w *advocateWork) undoInvite(o row.Outcome) map[string]string {
	return map[string]string{
		"operation": skip, "campaignId": w.campaign, "advocateId": o.ID, "name": w.name, "email": w.email, "phone": w.phone,
		"note": "an invitation that was sent cannot be taken back, and removing the advocate destroys referrals",
	}
}

// update sends what differs from the present state.
func (w *advocateWork) update(there *Advocate) engine.Step {
	if there == nil {
		return engine.Step{Done: row.Outcome{Status: row.Absent, Error: "the campaign has no such advocate to update"}}
	}
	return w.change(there)
}

func (w *advocateWork) change(there *Advocate) engine.Step {
	changes, what := w.differences(there)
	if len(what) == 0 {
		status := row.Unchanged
		if !w.sent.IsZero() {
			status = row.Updated // by the write whose answer was lost
		}
		return engine.Step{Done: advocateOutcome(status, there, 0, "")}
	}
	email, phone := there.Email != "" || changes.Email != nil, there.Phone != "" || changes.Phone != nil
	if !fits(w.preference, email, phone) {
		return engine.Step{Done: row.Outcome{Status: row.Invalid,
			Error: "the preference " + w.preference + " asks for a contact that the advocate does not have: fill in " + lacking(w.preference, email)}}
	}
	// Done has no ID, which would say that this row brought them there.
	return engine.Step{Done: row.Outcome{Status: row.Updated}, Send: func(ctx context.Context) (row.Outcome, error) {
		after, status, err := w.client.UpdateAdvocate(ctx, w.campaign, there.ID, changes)
		if gone(err) {
			return row.Outcome{Status: row.Absent, HTTPStatus: api.StatusOf(err), Error: "the campaign has no such advocate to update"}, nil
		}
		if err != nil {
			return row.Outcome{}, err
		}
		w.known.wrote(after)
		return advocateOutcome(row.Updated, after, status, "changed "+strings.Join(what, ", ")), nil
	}, Undo: func(row.Outcome) map[string]string { return there.former(w.campaign, what) }}
}

// differences is what an update has to send, and the names of it. An empty
// cell changes nothing.
func (p *person) differences(a *Advocate) (AdvocateChanges, []string) {
	var c AdvocateChanges
	var what []string
	if p.name != "" && p.name != a.Name {
		c.Name, what = &p.name, append(what, "name")
	}
	if p.email != "" && fields.SameEmail(p.email) != fields.SameEmail(a.Email) {
		c.Email, what = &p.email, append(what, "email")
	}
	if p.phone != "" && p.phone != samePhone(a.Phone) {
		c.Phone, what = &p.phone, append(what, "phone")
	}
	if p.preference != "" && p.preference != a.Preference {
		c.Preference, what = &p.preference, append(what, "notificationPreference")
	}
	return c, what
}

// former is the row that gives the named fields their former values. A contact
// that was not there stays: an empty cell changes nothing.
func (a *Advocate) former(campaign string, what []string) map[string]string {
	all := map[string]string{"name": a.Name, "email": a.Email, "phone": a.Phone, "notificationPreference": a.Preference}
	cells := map[string]string{"operation": update, "campaignId": campaign, "advocateId": a.ID}
	var empty []string
	for _, field := range what {
		if all[field] == "" {
			empty = append(empty, field)
			continue
		}
		cells[field] = all[field]
	}
	if len(empty) > 0 {
		cells["note"] = "there was no " + strings.Join(empty, " and no ") + " before; nothing can be emptied from a file"
	}
	if len(empty) == len(what) {
		cells["operation"] = skip
	}
	return cells
}
