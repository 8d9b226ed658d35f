package sandbox

import "net/http"

// qualifyUser is PUT /users/qualification.
func (f *referralFactory) qualifyUser(c *call) answer {
	in, refusal := f.decode(c)
	if refusal != nil {
		return *refusal
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	wrong := problems{}
	qualified, ok := in.boolean("qualified")
	switch {
	case !in.has("qualified"):
		wrong.add("qualified", "must be filled in")
	case !ok:
		wrong.add("qualified", "must be true or false")
	}
	u := f.readQualified(in, wrong)
	switch {
	case len(wrong) > 0:
		return f.invalid(wrong)
	case u == nil && f.behaviour.QualifyUnknownInvalid:
		return f.invalid(problemWith("id", "names nobody"))
	case u == nil:
		id, _ := in.integer("id")
		return f.absent("user", id, f.account.nextUser)
	case u.Type != PersonInvited && !f.behaviour.QualifyReferring:
		return f.invalid(problemWith("qualified", "is for people who were invited"))
	}
	if qualified {
		f.qualify(u)
	} else {
		f.unqualify(u)
	}
	return dataAnswer(http.StatusOK, f.present(u, false))
}

// readQualified finds who is meant: by id, by code, or by e-mail and campaign.
// Where an e-mail names two, the person invited is meant.
func (f *referralFactory) readQualified(in input, wrong problems) *User {
	switch {
	case in.has("id"):
		id, ok := in.integer("id")
		if !ok {
			wrong.add("id", "must be an integer")
		}
		return f.account.users.get(id)
	case in.has("code"):
		return f.account.byCode(in.required("code", wrong))
	case in.has("email"):
		email := in.required("email", wrong)
		campaign, ok := in.integer("campaign_id")
		if !ok || campaign == 0 {
			wrong.add("campaign_id", "must be filled in next to email")
			return nil
		}
		if found := f.account.byEmail(email, campaign, PersonInvited); len(found) > 0 {
			return found[0]
		}
		return nil
	}
	wrong.add("id", "must be filled in, or code, or email and campaign_id")
	return nil
}

// qualify sets the date and makes the campaign's rewards due.
func (f *referralFactory) qualify(u *User) {
	again := u.QualifiedAt != ""
	if again && !f.behaviour.RequalifyCounts {
		f.tally.add(func(n *Counts) { n.Repeated.Qualifications++ })
		return
	}
	u.QualifiedAt = f.today()
	for _, id := range f.account.rewards.ids {
		if r := f.account.rewards.get(id); r.CampaignID == u.CampaignID {
			f.owe(r, u)
		}
	}
	f.commit(func(n *Counts) {
		n.Commits.Qualifications++
		if again {
			n.Repeated.Qualifications++
		}
	})
}

// unqualify puts a lead back to pending. What is due for it lapses; what was
// issued stays.
func (f *referralFactory) unqualify(u *User) {
	if u.QualifiedAt == "" {
		return
	}
	u.QualifiedAt = ""
	for _, d := range f.account.dueFor(u) {
		f.account.removeDue(d)
	}
	f.commit(func(n *Counts) { n.Commits.Unqualifications++ })
}

// owe makes reward r due for lead u, or issues it where that is automatic.
func (f *referralFactory) owe(r *Reward, u *User) {
	d := DueReward{RewardID: r.ID, RecipientID: u.ReferrerID, LeadID: u.ID, CanBeIssued: true, Count: 1, Total: r.Value}
	if r.RewardFor == PersonInvited {
		d.RecipientID = u.ID
	}
	if d.RecipientID == 0 {
		return
	}
	d.ID = f.account.nextReward
	if r.Metric == "coupon" {
		d.Coupon = codeFor(f.account.seed+2, d.ID, 0)
	}
	f.account.addDue(d)
	if r.AutoIssue {
		f.issue(f.account.due.get(d.ID))
	}
}

// dueFor are the rewards that the qualification of u made due.
func (a *account) dueFor(u *User) []*DueReward {
	var out []*DueReward
	for _, id := range a.owed[u.ID] {
		if d := a.due.get(id); d.LeadID == u.ID {
			out = append(out, d)
		}
	}
	return out
}
