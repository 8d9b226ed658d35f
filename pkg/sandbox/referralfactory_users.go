package sandbox

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
)

// getUser is GET /users/{identifier}: an id, a code, or an e-mail. An e-mail
// of several users names the person referring with the lowest id.
func (f *referralFactory) getUser(c *call) answer {
	f.mu.RLock()
	defer f.mu.RUnlock()
	key := c.params["identifier"]
	id := c.id("identifier")
	u := f.account.users.get(id)
	if u == nil {
		u = f.account.byCode(key)
	}
	if u == nil && strings.Contains(key, "@") {
		if found := f.account.byEmail(key, 0, PersonReferring); len(found) > 0 {
			u = found[0]
		}
	}
	if u == nil {
		return f.absent("user", id, f.account.nextUser)
	}
	return dataAnswer(http.StatusOK, f.present(u, c.with("user.analytics")))
}

// listUsers is GET /users.
func (f *referralFactory) listUsers(c *call) answer {
	p, refusal := f.readPage(c.query)
	if refusal != nil {
		return *refusal
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	ids := f.account.users.ids
	if campaign, err := strconv.ParseInt(c.query.Get("campaign_id"), 10, 64); err == nil && f.behaviour.ListFiltersByCampaign {
		ids = nil
		for _, id := range f.account.users.ids {
			if f.account.users.get(id).CampaignID == campaign {
				ids = append(ids, id)
			}
		}
	}
	return f.userPage(c, p, ids)
}

// searchUsers is POST /users/search.
func (f *referralFactory) searchUsers(c *call) answer {
	q, refusal := f.readSearch(c, func(name string) bool { return (&User{}).field(name) != nil })
	if refusal != nil {
		return *refusal
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	ids, narrowed := q.filter.candidates(f.account.lookUp)
	if !narrowed {
		ids = f.account.users.ids
	}
	return f.userPage(c, q.page, matching(&f.account.users, ids, q.filter, (*User).field))
}

// userPage answers with one page of the users of ids. The caller holds the lock.
func (f *referralFactory) userPage(c *call, p page, ids []int64) answer {
	data := []any{}
	for _, id := range p.pick(ids, f.behaviour.NewestFirst) {
		data = append(data, f.present(f.account.users.get(id), c.with("user.analytics")))
	}
	return f.listAnswer(c, p, data, len(ids))
}

// updateUser is PUT /users/{id}. Referrer and campaign are not updatable; like
// the vendor's other unknown fields they are passed over.
func (f *referralFactory) updateUser(c *call) answer {
	in, refusal := f.decode(c)
	if refusal != nil {
		return *refusal
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	id := c.id("id")
	u := f.account.users.get(id)
	if u == nil {
		return f.absent("user", id, f.account.nextUser)
	}
	wrong := problems{}
	firstName, email, meta := u.FirstName, u.Email, in.meta(wrong)
	if _, ok := in["first_name"]; ok {
		firstName = in.required("first_name", wrong)
	}
	if _, ok := in["email"]; ok {
		email = f.readEmail(in, wrong)
		f.checkFree(email, u, wrong)
	}
	f.checkMeta(meta, f.account.campaigns.get(u.CampaignID).fieldsOf(u.Type), wrong)
	if len(wrong) > 0 {
		return f.invalid(wrong)
	}
	u.FirstName = firstName
	f.account.changeEmail(u, email)
	if in.has("meta") {
		f.mergeMeta(u, meta)
	}
	f.commit(func(n *Counts) { n.Commits.Updates++ })
	return dataAnswer(http.StatusOK, f.present(u, false))
}

// checkFree refuses the e-mail of another user of the same campaign and type.
func (f *referralFactory) checkFree(email string, u *User, wrong problems) {
	for _, other := range f.account.byEmail(email, u.CampaignID, u.Type) {
		if other != u && other.Type == u.Type {
			wrong.add("email", "has already been taken")
			return
		}
	}
}

// deleteUser is DELETE /users/{id}.
func (f *referralFactory) deleteUser(c *call) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := c.id("id")
	u := f.account.users.get(id)
	if u == nil {
		return f.absent("user", id, f.account.nextUser)
	}
	f.account.removeUser(u)
	f.commit(func(n *Counts) { n.Commits.Deletes++ })
	status := cmp.Or(f.behaviour.DeleteStatus, http.StatusOK)
	if status == http.StatusNoContent {
		return answer{status: status}
	}
	return jsonAnswer(status, failure{Message: "user deleted"})
}

// lookUp answers what the indexes know of field = value.
func (a *account) lookUp(field, value string) (ids []int64, indexed bool) {
	switch field {
	case "email":
		return a.emails[fold(value)], true
	case "code":
		if u := a.byCode(value); u != nil {
			ids = []int64{u.ID}
		}
		return ids, true
	case "id":
		id, err := strconv.ParseInt(value, 10, 64)
		if err == nil && a.users.get(id) != nil {
			ids = []int64{id}
		}
		return ids, true
	}
	return nil, false
}
