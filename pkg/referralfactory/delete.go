package referralfactory

import (
	"cmp"
	"context"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/row"
)

// remove deletes a user for good. The vendor knows no undelete.
func (w *work) remove(found []User) engine.Step {
	u, step := w.only(found)
	switch {
	case step != nil:
		return *step
	case u == nil && w.known && w.sent.IsZero():
		return w.done(row.Absent, nil, "")
	case u == nil && w.known:
		return w.done(row.Deleted, cmp.Or(w.person.begun.before, &User{ID: w.person.id, Code: w.person.code}), "")
	case u == nil:
		u = &User{ID: w.person.id} // by id, not looked up
	case w.person.begun.before == nil:
		w.person.begun.before = u
	}
	return w.sends(row.Deleted, u, "", func(ctx context.Context) (row.Outcome, error) {
		status, err := w.users.client.DeleteUser(ctx, u.ID)
		if gone(err) {
			w.users.present.drop(u.ID)
			return outcome(row.Absent, nil, api.StatusOf(err), ""), nil
		}
		if err != nil {
			return row.Outcome{}, err
		}
		w.users.present.drop(u.ID)
		return outcome(row.Deleted, u, status, ""), nil
	})
}
