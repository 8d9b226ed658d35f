package referralfactory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/row"
)

// A row whose referrer is nobody of the campaign waits for them, as for a row
// that failed: it is another row, or somebody at the vendor's, that has to come
// first. Where everybody was listed it is not sent. Where a listing would have
// cost too much, the API is asked when it has refused the row: to ask before
// would cost a call for each referrer who is there, and a refusal does no harm.
// Only a plan, which is refused nothing, asks before. Who wants each row looked
// up on its own, or none, has a row settled by its refusal: to try it again
// takes calls in every run.

// lacksReferrer reports whether the row would create somebody whose referrer is
// certainly not there.
func (w *work) lacksReferrer(ctx context.Context, found []User) (bool, error) {
	p, u := w.person, w.users
	switch {
	case len(found) > 0 || !p.makes() || p.referrer == nil || w.in.Arrived:
		return false, nil
	case u.listed:
		return !p.inCampaign(u.present.targeted(p.referring())), nil
	case !w.in.Planned || u.options.Lookup == LookupOff:
		return false, nil
	}
	referrer := p.referring()
	there, err := u.referrers.know(fmt.Sprint(referrer.target(), " in ", p.campaign), func() (bool, error) {
		found, err := u.ask(ctx, referrer)
		return p.inCampaign(found), err
	})
	return err == nil && !there, err
}

// withoutReferrer is the step of a row that lacks its referrer. Where not all
// were listed, it is a plan's: an import sends the row, and is refused.
func (w *work) withoutReferrer() engine.Step {
	why := w.person.withoutReferrer()
	switch {
	case w.users.listed:
		return w.done(row.Blocked, nil, why)
	case w.users.options.Lookup == LookupEach:
		return w.sends(row.Rejected, nil, why, w.sendCreate)
	}
	return w.sends(row.Blocked, nil, why, w.sendCreate)
}

// refused passes on why a create failed. One that was refused for the want of
// its referrer is blocked.
func (w *work) refused(ctx context.Context, refusal error) (row.Outcome, error) {
	p, lookup := w.person, w.users.options.Lookup
	if p.referrer == nil || lookup == LookupEach || lookup == LookupOff || !mayLackReferrer(refusal) {
		return row.Outcome{}, refusal
	}
	found, err := w.askAfter(ctx, refusal, p.referring())
	switch {
	case err != nil:
		return row.Outcome{}, err
	case p.inCampaign(found):
		return row.Outcome{}, refusal
	}
	return outcome(row.Blocked, nil, api.StatusOf(refusal), p.withoutReferrer()), nil
}

// mayLackReferrer reports whether the API may have refused a create because of
// its referrer: it names nothing else.
func mayLackReferrer(err error) bool {
	var e *api.Error
	return refusedWith(err, http.StatusUnprocessableEntity) && errors.As(err, &e) &&
		!slices.ContainsFunc(e.Fields, func(field string) bool { return !strings.HasPrefix(field, "referrer") })
}

// referring is the row's referrer as somebody who is looked for.
func (p *person) referring() *person {
	who := &person{operation: update, campaign: p.campaign}
	switch ref := p.referrer; ref.Field {
	case "id":
		who.id, _ = strconv.ParseInt(ref.Value, 10, 64) // it was made of a number
	case "code":
		who.code = ref.Value
	default:
		who.email = ref.Value
	}
	return who
}

// inCampaign reports whether one of the users is in the row's campaign: nobody
// refers from one campaign into another.
func (p *person) inCampaign(users []User) bool {
	return slices.ContainsFunc(users, func(u User) bool { return u.CampaignID == p.campaign })
}

// withoutReferrer says what is wrong with a row that lacks its referrer, and
// what to do.
func (p *person) withoutReferrer() string {
	ref := p.referrer
	if ref.Field == "email" {
		return fmt.Sprintf("the referrer %s is not in campaign %d, and no row of the file that could be sent creates them; mend the address, or add a row for them",
			ref.Value, p.campaign)
	}
	return fmt.Sprintf("nobody in campaign %d has the %s %q of the referrer; mend the %s", p.campaign, ref.Field, ref.Value, ref.Field)
}
