package recomly

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// Referrals is the resource "referrals" of an import.
type Referrals struct {
	base
	mu    sync.Mutex
	slots map[string]*referralSlot
}

var _ Resource = (*Referrals)(nil)

// NewReferrals checks the options.
func NewReferrals(client *Client, o Options) (*Referrals, error) {
	r := &Referrals{slots: map[string]*referralSlot{}}
	return r, r.set(ReferralsName, client, o)
}

// Match implements Resource.
func (r *Referrals) Match(headers []string) (fields.Columns, error) {
	unsaid := false
	columns, err := r.match(headers, func(c fields.Columns) []string {
		unsaid = r.options.Operation == create && !c.Has("operation")
		var lacks []string
		if !c.Has("referralId") && !c.Has("friendEmail") && !c.Has("target") {
			lacks = append(lacks, "a column that says which referral is meant (referralId or friendEmail)")
		}
		if !c.Has("campaignId") && !c.Has("target") && r.options.Campaign == "" {
			lacks = append(lacks, "the campaign (--campaign ID, or a column campaignId)")
		}
		return lacks
	})
	if unsaid {
		err = errors.New("to convert referrals that are there, say --operation qualify\n  create, which is meant when nothing is said, " + NoReferralCreate)
	}
	return columns, err
}

// Prepare compares the friends who become advocates with what the plan allows.
func (r *Referrals) Prepare(due int, try engine.Try) error {
	account, err := r.account(try)
	if account == nil {
		return err
	}
	have, err := r.countAdvocates(try)
	if err != nil {
		return err
	}
	r.warn("advocates", have, int64(due), int64(account.Quotas.Advocates))
	return nil
}

// UndoColumns are the fields of a row that takes a change back.
func (r *Referrals) UndoColumns() []string {
	return []string{"operation", "campaignId", "referralId", "friendEmail", "jobValueCents", "note"}
}

// Look finds the referral that the row names and decides what is left to do.
func (r *Referrals) Look(ctx context.Context, in *row.Intent, sent time.Time) (engine.Step, error) {
	w := referralWork{Referrals: r, friend: in.Payload.(*friend)}
	if w.operation == skip {
		return engine.Step{Done: row.Outcome{Status: row.Skipped}}, nil
	}
	if !sent.IsZero() {
		return w.lookBack(ctx)
	}
	known, err := r.pile(ctx, w.campaign)
	if err != nil {
		return engine.Step{}, err
	}
	pending, done := w.choose(known.find(w.friend), row.Unchanged)
	if pending == nil {
		return engine.Step{Done: done}, nil
	}
	return w.send(known), nil
}

// referralWork is one row against the present state.
type referralWork struct {
	*Referrals
	*friend
}

// choose gives the one pending referral that the row means, or the outcome of
// a row for which there is none. Only what is pending is ever converted: what
// the API makes of another is not documented, and may be a second credit.
func (w referralWork) choose(found []Referral, converted row.Status) (*Referral, row.Outcome) {
	of := map[string][]Referral{}
	for _, r := range found {
		of[r.Status] = append(of[r.Status], r)
	}
	pending := of[Pending]
	switch {
	case w.id != "" && w.email != "" && len(found) == 1 && found[0].FriendEmail != "" && fields.SameEmail(found[0].FriendEmail) != fields.SameEmail(w.email):
		return nil, row.Outcome{Status: row.Invalid, ID: w.id,
			Error: fmt.Sprintf("the referral %s is of %s, and the row says %s: one of them is wrong", w.id, found[0].FriendEmail, w.email)}
	case len(of[Converted]) > 0:
		remark := ""
		if len(pending) > 0 {
			remark = "another referral of this friend, " + pending[0].ID + ", is pending: to convert it too, name it in a column referralId"
		}
		return nil, row.Outcome{Status: converted, ID: of[Converted][0].ID, Error: remark}
	case len(pending) == 1:
		return &pending[0], row.Outcome{}
	case len(pending) > 1:
		var who []string
		for _, r := range pending {
			who = append(who, fmt.Sprintf("%s (sent by %s)", r.ID, r.AdvocateName))
		}
		return nil, row.Outcome{Status: row.Invalid,
			Error: "the friend has the pending referrals " + strings.Join(who, " and ") + ", and converting one lets the others expire: say which, in a column referralId"}
	case len(found) == 0:
		return nil, row.Outcome{Status: row.Absent}
	case w.id != "":
		return nil, row.Outcome{Status: row.Invalid, ID: w.id, Error: "the referral is " + found[0].Status + ": only a pending one is converted"}
	}
	return nil, row.Outcome{Status: row.Absent, ID: found[0].ID, Error: "the referral is " + found[0].Status + ": only a pending one is converted"}
}

// send converts, after a last look. Conversions of a campaign go one at a time
// with the look before them: one may let other referrals of the friend expire.
func (w referralWork) send(known *pile) engine.Step {
	step := engine.Step{Reads: known.pages, Undo: w.undo}
	step.Send = func(ctx context.Context) (row.Outcome, error) {
		give, err := take(ctx, w.slot(w.campaign).converting)
		if err != nil {
			return row.Outcome{}, err
		}
		defer give()
		fresh, err := w.readPile(ctx, w.campaign)
		if err != nil {
			return row.Outcome{}, err
		}
		pending, done := w.choose(fresh.find(w.friend), row.Unchanged)
		if pending == nil {
			return done, nil
		}
		return w.convert(ctx, pending)
	}
	return step
}

func (w referralWork) convert(ctx context.Context, pending *Referral) (row.Outcome, error) {
	jobValue := int64(0)
	if c := w.campaigns.get(w.campaign); w.jobValue != nil && (c == nil || c.RewardMode != Fixed) {
		jobValue = *w.jobValue // a fixed campaign does not look at it
	}
	made, status, err := w.client.Convert(ctx, w.campaign, pending.ID, jobValue)
	if gone(err) {
		return row.Outcome{Status: row.Absent, ID: pending.ID, HTTPStatus: api.StatusOf(err)}, nil
	}
	if err != nil {
		return row.Outcome{}, err
	}
	return row.Outcome{Status: row.Converted, ID: pending.ID, HTTPStatus: status, Error: told(made)}, nil
}

// told is what the answer says of money. It is never reckoned here: how the
// vendor rounds is not documented.
func told(c *Conversion) string {
	if c.ID == "" {
		return ""
	}
	return fmt.Sprintf("conversion %s; the advocate's balance is %s", c.ID, dollars(c.Balance))
}

// lookBack finds out whether a write whose answer was lost has converted the
// referral: by its status, and where that is still pending by the advocate's
// ledger.
func (w referralWork) lookBack(ctx context.Context) (engine.Step, error) {
	fresh, err := w.readPile(ctx, w.campaign)
	if err != nil {
		return engine.Step{}, err
	}
	pending, done := w.choose(fresh.find(w.friend), row.Converted)
	if pending == nil {
		return engine.Step{Done: done, Undo: w.undo}, nil
	}
	converted := false
	_, err = pages(func(token string) (Page, error) {
		page, err := w.client.ListActivity(ctx, w.campaign, pending.AdvocateID, token, func(x *Activity) {
			converted = converted || x.ReferralID == pending.ID && x.Action == "advocate.referral.converted"
		})
		if converted {
			page.Next = ""
		}
		return page, err
	})
	switch {
	case err != nil:
		return engine.Step{}, err
	case converted:
		return engine.Step{Done: row.Outcome{Status: row.Converted, ID: pending.ID, Error: "found in the advocate's ledger"}, Undo: w.undo}, nil
	}
	return w.send(fresh), nil
}

func (w referralWork) undo(o row.Outcome) map[string]string {
	return map[string]string{
		"operation": skip, "campaignId": w.campaign, "referralId": w.id, "friendEmail": w.email,
		"note": "a conversion cannot be taken back: the advocate was credited and both sides were written to",
	}
}
