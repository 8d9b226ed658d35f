package sandbox

import (
	"cmp"
	"slices"
)

// account is a State with indexes: nothing a create or a look-up does takes
// longer the more users there are. It knows no rules and takes no locks.
type account struct {
	seed      uint64
	campaigns table[Campaign]
	users     table[User]
	rewards   table[Reward]
	due       table[DueReward]
	issued    table[IssuedReward]

	codes  map[string]int64             // user by code
	emails map[string][]int64           // users by folded e-mail
	leads  map[int64]map[int64]struct{} // users by referrer
	owed   map[int64][]int64            // due rewards by recipient and by lead

	nextUser, nextReward int64
}

// newAccount takes a checked state and fills in what its users leave open.
func newAccount(s State, seed uint64, today string) *account {
	s = s.clone()
	a := &account{
		seed:  seed,
		codes: map[string]int64{}, emails: map[string][]int64{},
		leads: map[int64]map[int64]struct{}{}, owed: map[int64][]int64{},
		nextUser: max(s.NextUser, 1), nextReward: max(s.NextReward, 1),
	}
	for _, c := range s.Campaigns {
		c.Status = cmp.Or(c.Status, "launched")
		c.Code = cmp.Or(c.Code, codeFor(seed+1, c.ID, 0))
		a.campaigns.put(c.ID, &c)
	}
	for _, r := range s.Rewards {
		a.rewards.put(r.ID, &r)
	}
	a.loadUsers(s.Users, today)
	for _, d := range s.Due {
		a.addDue(d)
	}
	for _, i := range s.Issued {
		a.issued.put(i.ID, &i)
		a.nextReward = max(a.nextReward, i.ID+1)
	}
	return a
}

// loadUsers reserves the ids and codes that are given before it makes any.
func (a *account) loadUsers(users []User, today string) {
	for _, u := range users {
		a.nextUser = max(a.nextUser, u.ID+1)
		if u.Code != "" {
			a.codes[u.Code] = u.ID
		}
	}
	for _, u := range users {
		u.Source = cmp.Or(u.Source, "Added")
		u.SignedUpAt = cmp.Or(u.SignedUpAt, today)
		a.addUser(u)
	}
}

// addUser stores u, completed by what it leaves empty.
func (a *account) addUser(u User) *User {
	if u.ID == 0 {
		u.ID = a.nextUser
		a.nextUser++
	}
	if u.Code == "" {
		u.Code = a.newCode(u.ID)
	}
	if u.URL == "" {
		u.URL = cmp.Or(a.campaigns.get(u.CampaignID).URL, "https://example.com") + "/" + u.Code
	}
	if u.Type == "" {
		u.Type = PersonReferring
		if u.ReferrerID != 0 {
			u.Type = PersonInvited
		}
	}
	a.users.put(u.ID, &u)
	a.codes[u.Code] = u.ID
	a.indexEmail(u.Email, u.ID)
	a.attribute(&u)
	return &u
}

func (a *account) newCode(id int64) string {
	for attempt := 0; ; attempt++ {
		code := codeFor(a.seed, id, attempt)
		if _, taken := a.codes[code]; !taken {
			return code
		}
	}
}

func (a *account) attribute(u *User) {
	if u.ReferrerID == 0 {
		return
	}
	if a.leads[u.ReferrerID] == nil {
		a.leads[u.ReferrerID] = map[int64]struct{}{}
	}
	a.leads[u.ReferrerID][u.ID] = struct{}{}
}

// removeUser takes u away, and with it the attribution of its leads and the
// rewards still owed to it or for it.
func (a *account) removeUser(u *User) {
	for _, id := range slices.Clone(a.owed[u.ID]) {
		a.removeDue(a.due.get(id))
	}
	for lead := range a.leads[u.ID] {
		a.users.get(lead).ReferrerID = 0
	}
	delete(a.leads, u.ID)
	if leads := a.leads[u.ReferrerID]; leads != nil {
		delete(leads, u.ID)
	}
	a.unindexEmail(u.Email, u.ID)
	delete(a.codes, u.Code)
	a.users.drop(u.ID)
}

func (a *account) changeEmail(u *User, email string) {
	a.unindexEmail(u.Email, u.ID)
	u.Email = email
	a.indexEmail(email, u.ID)
}

func (a *account) indexEmail(email string, id int64) {
	a.emails[fold(email)] = append(a.emails[fold(email)], id)
}

func (a *account) unindexEmail(email string, id int64) {
	key := fold(email)
	rest := slices.DeleteFunc(a.emails[key], func(x int64) bool { return x == id })
	if len(rest) == 0 {
		delete(a.emails, key)
		return
	}
	a.emails[key] = rest
}

// byEmail finds the users of an e-mail in a campaign, or in all with 0: those
// of type preferred first, then by id.
func (a *account) byEmail(email string, campaign int64, preferred string) []*User {
	var found []*User
	for _, id := range a.emails[fold(email)] {
		if u := a.users.get(id); campaign == 0 || u.CampaignID == campaign {
			found = append(found, u)
		}
	}
	slices.SortFunc(found, func(x, y *User) int {
		if (x.Type == preferred) != (y.Type == preferred) {
			if x.Type == preferred {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.ID, y.ID)
	})
	return found
}

func (a *account) byCode(code string) *User { return a.users.get(a.codes[code]) }

// addDue stores a due reward, giving it an id if it has none.
func (a *account) addDue(d DueReward) {
	if d.ID == 0 {
		d.ID = a.nextReward
	}
	a.nextReward = max(a.nextReward, d.ID+1)
	a.due.put(d.ID, &d)
	a.owed[d.RecipientID] = append(a.owed[d.RecipientID], d.ID)
	if d.LeadID != d.RecipientID {
		a.owed[d.LeadID] = append(a.owed[d.LeadID], d.ID)
	}
}

func (a *account) removeDue(d *DueReward) {
	for _, id := range []int64{d.RecipientID, d.LeadID} {
		rest := slices.DeleteFunc(a.owed[id], func(x int64) bool { return x == d.ID })
		if len(rest) == 0 {
			delete(a.owed, id)
			continue
		}
		a.owed[id] = rest
	}
	a.due.drop(d.ID)
}

func (a *account) state() State {
	s := State{
		Campaigns: a.campaigns.all(), Users: a.users.all(), Rewards: a.rewards.all(),
		Due: a.due.all(), Issued: a.issued.all(),
		NextUser: a.nextUser, NextReward: a.nextReward,
	}
	return s.clone()
}
