package referralfactory

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// work is one row against the present state.
type work struct {
	users  *Users
	in     *row.Intent
	person *person
	known  bool      // the present state was looked up
	orphan bool      // the row would create somebody whose referrer is not there
	sent   time.Time // when a write whose answer was lost had left; zero for none
	next   stage     // what Send does: a stage that was done is not sent again
}

// stage makes one write of a row that may take several, and goes on with the
// next. It gives the row's outcome.
type stage func(context.Context) (row.Outcome, error)

// step decides what is left to do, given the users whom the row can mean.
func (w *work) step(found []User) engine.Step {
	switch p := w.person; p.operation {
	case create:
		return w.create(found)
	case upsert:
		return w.upsert(found)
	case update:
		return w.update(found)
	case qualify, unqualify:
		return w.setQualified(found)
	case remove:
		return w.remove(found)
	}
	return w.done(row.Skipped, nil, "")
}

// done is a step with nothing left to send.
func (w *work) done(status row.Status, u *User, remark string) engine.Step {
	return engine.Step{Done: outcome(status, u, 0, remark), Undo: w.undo}
}

// sends is a step that begins with a write. Done tells what the row ends as
// when all goes well.
func (w *work) sends(status row.Status, u *User, remark string, first stage) engine.Step {
	w.next = first
	return engine.Step{
		Done: outcome(status, u, 0, remark),
		Send: func(ctx context.Context) (row.Outcome, error) { return w.next(ctx) },
		Undo: w.undo,
	}
}

// then goes on with another stage. When it fails and the step is sent again,
// it is with that stage.
func (w *work) then(ctx context.Context, next stage) (row.Outcome, error) {
	w.next = next
	return next(ctx)
}

// take goes on with a step, after an answer with an HTTP status.
func (w *work) take(ctx context.Context, step engine.Step, status int) (row.Outcome, error) {
	if step.Send != nil {
		return step.Send(ctx)
	}
	step.Done.HTTPStatus = status
	return step.Done, nil
}

func outcome(status row.Status, u *User, httpStatus int, remark string) row.Outcome {
	o := row.Outcome{Status: status, HTTPStatus: httpStatus, Error: remark}
	if u != nil {
		if u.ID != 0 {
			o.ID = strconv.FormatInt(u.ID, 10)
		}
		o.Code, o.URL = u.Code, u.URL
	}
	return o
}

// since is the status of a state that is already as the row wants it: the
// row's own work when a write of it had left, otherwise none of its doing.
func (w *work) since(own, others row.Status) row.Status {
	if w.sent.IsZero() {
		return others
	}
	return own
}

// only gives the one user that is meant, nil when there is nobody. Two stand
// under one e-mail when the person both refers and was invited; which one is
// meant is never guessed, nor is it when the row contradicts itself.
func (w *work) only(found []User) (*User, *engine.Step) {
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		if wrong := w.somebodyElse(&found[0]); wrong != "" {
			step := w.done(row.Invalid, nil, wrong)
			return nil, &step
		}
		return &found[0], nil
	}
	step := w.done(row.Invalid, nil, "the e-mail address names "+listed(found)+": say which, in a column id")
	return nil, &step
}

// listed names several users by id and role.
func listed(found []User) string {
	var who []string
	for _, u := range found {
		who = append(who, fmt.Sprintf("id %d (%s)", u.ID, strings.ReplaceAll(u.Type, "_", " ")))
	}
	return strings.Join(who, " and ")
}

// somebodyElse says when a row that names its target by id or code also says
// something that is another person's, "" when it does not: ids get shuffled
// when a column of a spreadsheet is sorted on its own. The e-mail of a row
// that updates is no such sign, it is the new one.
func (w *work) somebodyElse(u *User) string {
	p := w.person
	switch {
	case p.byEmail():
		return ""
	case p.id != 0 && p.code != "" && p.code != u.Code:
		return fmt.Sprintf("id %d has the code %s, and the row says %s: one of them is wrong", u.ID, u.Code, p.code)
	case p.own && p.campaign != u.CampaignID:
		return fmt.Sprintf("id %d is in campaign %d, and the row says %d: one of them is wrong", u.ID, u.CampaignID, p.campaign)
	case p.operation != update && p.operation != upsert && p.email != "" && fields.SameEmail(p.email) != fields.SameEmail(u.Email):
		return fmt.Sprintf("id %d is %s, and the row says %s: one of them is wrong", u.ID, u.Email, p.email)
	}
	return ""
}

// wrongName says what is wrong with a row whose id or code names nobody, while
// others have its e-mail: often it is the id of another system.
func (w *work) wrongName(others []User) string {
	p := w.person
	name, who := "code "+p.code, fmt.Sprintf("id %d", others[0].ID)
	if p.id != 0 {
		name = fmt.Sprintf("id %d", p.id)
	}
	if len(others) > 1 {
		who = listed(others)
	}
	return fmt.Sprintf("%s names nobody, but %s is in the campaign as %s: one of them is wrong; to go by the e-mail address, take the column out with --map '%s=-'",
		name, p.email, who, w.users.columns.Header(p.named()))
}

// named is how the row names its target, for a message.
func (p *person) named() string {
	switch {
	case p.byEmail():
		return "e-mail address"
	case p.id != 0:
		return "id"
	}
	return "code"
}

// refusedWith reports whether the API refused the call with this status.
func refusedWith(err error, statuses ...int) bool {
	if api.VerdictOf(err) != api.Refused {
		return false
	}
	for _, status := range statuses {
		if api.StatusOf(err) == status {
			return true
		}
	}
	return false
}

// gone reports whether the API says that there is no such user.
func gone(err error) bool { return refusedWith(err, http.StatusNotFound, http.StatusGone) }

// joined is two remarks, of which either may be empty.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
