package referralfactory

import (
	"context"
	"io"
	"time"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/row"
)

// Lookup is how the present state of people is found before writing.
type Lookup string

// The ways of looking up.
const (
	LookupAuto Lookup = "auto" // whichever of list and each costs fewer requests
	LookupList Lookup = "list" // all users, page by page
	LookupEach Lookup = "each" // one by one

	// LookupOff looks only where nothing can be sent without it: the API takes
	// an id alone to change or delete somebody, and all campaign fields where
	// one is to change. A create is then told from an existing user as far as
	// the API's answer tells it, and a lead is qualified whether it was so
	// before or not.
	LookupOff Lookup = "off"
)

// Cost tells which way l stands for when so many rows are due in an account of
// so many users, and how many requests that takes. Auto reads the first page
// to know the number of users, unless there is but one row.
func (l Lookup) Cost(users, due int) (way Lookup, requests int) {
	pages := max(1, (users+PageSize-1)/PageSize)
	switch {
	case l == LookupOff:
		return LookupOff, 0
	case l == LookupList, l == LookupAuto && due > 1 && pages-1 <= due:
		return LookupList, pages
	case l == LookupAuto && due > 1:
		return LookupEach, due + 1
	}
	return LookupEach, due
}

// Prepare lists all users when that costs fewer requests than looking each of
// the due rows up. Where users came or went in each of three listings, rows
// are looked up one by one all the same.
func (u *Users) Prepare(due int, try engine.Try) error {
	if o := u.options.Lookup; o == LookupOff || o == LookupEach || o == LookupAuto && due <= 1 {
		return nil
	}
	listing := u.client.AllUsers(try)
	var present *index
	for {
		users, err := listing.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if present == nil {
			if way, _ := u.options.Lookup.Cost(listing.Total(), due); way == LookupEach {
				return nil
			}
			present = newIndex(listing.Total())
		}
		for i := range users {
			present.put(&users[i])
		}
	}
	if !listing.Steady() {
		u.options.Log.Warn("users keep coming or going while they are read: each row is looked up on its own")
		return nil
	}
	if present == nil {
		present = newIndex(0)
	}
	went := listing.Went()
	for _, id := range went {
		present.drop(id)
	}
	if came := listing.Came(); came > 0 || len(went) > 0 {
		u.options.Log.Info("users came or went while they were read; they were read again", "came", came, "went", len(went))
	}
	u.present, u.listed = present, true
	return nil
}

// Look finds the people whom the row names and decides what is left to do.
func (u *Users) Look(ctx context.Context, in *row.Intent, sent time.Time) (engine.Step, error) {
	w := &work{users: u, in: in, person: in.Payload.(*person), sent: sent}
	found, known, err := u.find(ctx, w.person, !sent.IsZero() || in.InDoubt)
	if err != nil {
		return engine.Step{}, err
	}
	w.known = known
	if w.orphan, err = w.lacksReferrer(ctx, found); err != nil {
		return engine.Step{}, err
	}
	if known && len(found) == 0 {
		others, err := w.withItsEmail(ctx)
		if err != nil {
			return engine.Step{}, err
		}
		if len(others) > 0 {
			return w.done(row.Invalid, nil, w.wrongName(others)), nil
		}
	}
	step := w.step(found)
	step.Unseen = !known && step.Send != nil
	return step, nil
}

// find gives the users whom the row can mean: from the index where everybody
// is in it, else from the API. Known is false when nobody was asked.
func (u *Users) find(ctx context.Context, p *person, fresh bool) (found []User, known bool, err error) {
	switch {
	case p.operation == skip:
		return nil, false, nil
	case !fresh && u.listed:
		return u.present.targeted(p), true, nil
	case !fresh && u.options.Lookup == LookupOff && p.canGoBlind():
		return nil, false, nil
	}
	found, err = u.ask(ctx, p)
	return found, err == nil, err
}

// withItsEmail gives the users with the e-mail of a row whose id or code names
// nobody. A row of an undo file is about the very user whom it names, and after
// a lost answer the row itself may have deleted them: then nobody is sought.
func (w *work) withItsEmail(ctx context.Context) ([]User, error) {
	p := w.person
	if p.byEmail() || p.email == "" || p.campaign == 0 || w.in.Own != 0 || !w.sent.IsZero() {
		return nil, nil
	}
	found, _, err := w.users.find(ctx, &person{operation: update, email: p.email, campaign: p.campaign}, w.in.InDoubt)
	return found, err
}

// canGoBlind reports whether the row can be sent without knowing whom it
// meets.
func (p *person) canGoBlind() bool {
	switch p.operation {
	case create, qualify, unqualify:
		return true
	}
	return p.id != 0 && len(p.meta) == 0 && p.qualified == nil
}

// isCertain reports whether a row that goes blind is sent, whatever else it
// says.
func (p *person) isCertain() bool {
	return p.operation == create && (p.qualified == nil || !*p.qualified || p.referrer != nil) ||
		p.operation == qualify || p.operation == unqualify
}

// ask finds the users whom the row can mean at the API, and corrects what the
// index has of them.
func (u *Users) ask(ctx context.Context, p *person) ([]User, error) {
	found, err := u.askAPI(ctx, p)
	if err != nil || !u.listed {
		return found, err
	}
	for _, old := range u.present.targeted(p) {
		u.present.drop(old.ID)
	}
	for i := range found {
		u.present.put(&found[i])
	}
	return found, nil
}

func (u *Users) askAPI(ctx context.Context, p *person) ([]User, error) {
	if p.byEmail() {
		return u.client.FindUsers(ctx, p.email, p.campaign)
	}
	user, _, err := u.client.GetUser(ctx, p.identifier())
	switch {
	case gone(err):
		return nil, nil
	case err != nil:
		return nil, err
	case p.id != 0 && user.ID != p.id, p.id == 0 && user.Code != p.code:
		return nil, nil // the API found somebody by another kind of name
	}
	return []User{*user}, nil
}

// learn keeps users as a write or a look has shown them: those that are in the
// index, and those of a row for which others wait, be it for the same person
// or for a referrer.
func (u *Users) learn(in *row.Intent, users []User) {
	for i := range users {
		if in.Awaited || u.present.user(users[i].ID) != nil {
			u.present.put(&users[i])
		}
	}
}

// note keeps the id of a user whom this run created.
func (u *Users) note(id int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.made.add(id)
}

// hasSeen reports whether a user was there before a create that the API
// answered with them: listed, or created by another row of this run.
func (u *Users) hasSeen(id int64) bool {
	u.mu.Lock()
	made := u.made.has(id)
	u.mu.Unlock()
	return made || u.present.user(id) != nil
}
