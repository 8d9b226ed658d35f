package referralfactory

import (
	"context"
	"net/http"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/row"
)

// notALead is said of somebody who cannot be qualified. What the API would say
// is not documented: it is not asked.
const notALead = "is in the campaign as somebody who refers, not as a lead"

// setQualified qualifies a lead or puts it back to pending.
func (w *work) setQualified(found []User) engine.Step {
	p := w.person
	q := Qualification{ID: p.id, Qualified: p.operation == qualify}
	status := row.Unqualified
	if q.Qualified {
		status = row.Qualified
	}
	if !w.known {
		switch {
		case p.byEmail():
			q.Email, q.CampaignID = p.email, p.campaign
		case p.id == 0:
			q.Code = p.code
		}
		return w.sends(status, &User{ID: p.id, Code: q.Code}, "", w.sendQualified(&User{ID: p.id, Code: q.Code}, q, status))
	}
	leads := leadsOf(found)
	if len(leads) == 0 {
		return w.done(row.Absent, nil, absence(found))
	}
	u, step := w.only(leads)
	if step != nil {
		return *step
	}
	if u.Qualified() == q.Qualified {
		return w.done(w.since(status, row.Unchanged), u, "")
	}
	if w.person.begun.before == nil {
		w.person.begun.before = u
	}
	q.ID = u.ID
	return w.sends(status, u, "", w.sendQualified(u, q, status))
}

// leadsOf are those who were invited: of two users under one e-mail only that
// one can be qualified.
func leadsOf(found []User) []User {
	var leads []User
	for _, u := range found {
		if u.Type == Invited {
			leads = append(leads, u)
		}
	}
	return leads
}

// absence says why nobody of those found can be qualified.
func absence(found []User) string {
	if len(found) > 0 {
		return notALead
	}
	return ""
}

func (w *work) sendQualified(u *User, q Qualification, status row.Status) stage {
	return func(ctx context.Context) (row.Outcome, error) {
		httpStatus, err := w.users.client.SetQualification(ctx, q)
		switch {
		case gone(err):
			w.users.present.drop(u.ID)
			return outcome(row.Absent, nil, api.StatusOf(err), ""), nil
		case refusedWith(err, http.StatusUnprocessableEntity):
			return w.notQualified(ctx, err)
		case err != nil:
			return row.Outcome{}, err
		}
		w.qualifiedNow(u, q.Qualified)
		return outcome(status, u, httpStatus, ""), nil
	}
}

// notQualified finds out why a qualification was refused: an API may say in
// this way, too, that nobody is there.
func (w *work) notQualified(ctx context.Context, refused error) (row.Outcome, error) {
	found, err := w.users.ask(ctx, w.person)
	if err != nil {
		return row.Outcome{}, err
	}
	if len(leadsOf(found)) > 0 {
		return row.Outcome{}, refused
	}
	return outcome(row.Absent, nil, api.StatusOf(refused), absence(found)), nil
}

// qualifiedNow keeps in mind what was done to a user.
func (w *work) qualifiedNow(u *User, qualified bool) {
	after := *u
	after.QualifiedAt = ""
	if qualified {
		after.QualifiedAt = "yes"
	}
	if after.Email != "" {
		w.users.learn(w.in, []User{after})
	}
}
