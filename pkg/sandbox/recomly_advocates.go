package sandbox

import (
	"cmp"
	"net/http"
	"slices"
)

func (m *recomly) presentAdvocate(a *RecomlyAdvocate) map[string]any {
	return m.view(a, "email", "phone")
}

func (m *recomly) advocateAnswer(status int, a *RecomlyAdvocate) answer {
	return jsonAnswer(status, map[string]any{"advocate": m.presentAdvocate(a)})
}

// invite is POST /campaigns/{campaignId}/invite. It writes to the person.
func (m *recomly) invite(c *call) answer {
	f, refusal := m.decode(c)
	if refusal != nil {
		return *refusal
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	campaign := m.campaign(c)
	if campaign == nil {
		return m.missing("campaign")
	}
	made := RecomlyAdvocate{CampaignID: campaign.ID, EnrolledAt: m.instant()}
	f.text("name", 100, &made.Name)
	if made.Name == "" {
		f.complain("name is required")
	}
	f.contacts(&made.Email, &made.Phone)
	switch {
	case f.wrong != "":
		return m.refuse(http.StatusBadRequest, f.wrong)
	case m.behaviour.RefuseInactive && campaign.Status != "active":
		return m.refuse(http.StatusConflict, "campaign is not active")
	}
	old := met(m.org.contacts, m.org.contactsOf(campaign.ID, made.Email, made.Phone))
	if len(old) > 0 {
		m.tally.add(func(n *Counts) { n.Recomly.Repeated.InviteCalls++ })
		if m.behaviour.RepeatInvite != InviteMakesAnother {
			return m.inviteAgain(m.org.advocates.get(old[0]))
		}
	}
	if len(m.org.advocates.ids) >= m.org.Quotas.Advocates {
		return m.full("advocate")
	}
	a := m.enrol(made, 0)
	m.commit(func(n *RecomlyCounts) {
		n.Invites++
		if len(old) > 0 {
			n.Repeated.Invites++
		}
	})
	m.tally.add(func(n *Counts) { n.Notified++ })
	return m.advocateAnswer(cmp.Or(m.behaviour.CreateStatus, http.StatusCreated), a)
}

// enrol adds an advocate with an opening balance, and the entry of its ledger.
func (m *recomly) enrol(a RecomlyAdvocate, opening int64) *RecomlyAdvocate {
	a.Balance = opening
	made := m.org.addAdvocate(a)
	m.record(made, RecomlyActivity{Action: "advocate.enrolled", Description: "Joined the campaign", Amount: opening}, 0)
	return made
}

// record writes an entry of the ledger that leaves the advocate's balance as
// it is now.
func (m *recomly) record(a *RecomlyAdvocate, entry RecomlyActivity, before int64) {
	entry.ID, entry.CampaignID, entry.AdvocateID = m.org.newID(), a.CampaignID, a.ID
	entry.Before, entry.After, entry.CreatedAt = before, a.Balance, m.instant()
	m.org.log(entry)
}

// inviteAgain answers an invitation that met old.
func (m *recomly) inviteAgain(old *RecomlyAdvocate) answer {
	const message = "an advocate with this contact already exists in the campaign"
	switch m.behaviour.RepeatInvite {
	case InviteReturnsOld:
		return m.advocateAnswer(http.StatusOK, old)
	case InviteInvalid:
		return m.refuse(http.StatusBadRequest, message)
	case InviteUnprocessed:
		return m.refuse(http.StatusUnprocessableEntity, message)
	}
	return m.refuse(http.StatusConflict, message)
}

func (m *recomly) listAdvocates(c *call) answer {
	m.mu.RLock()
	defer m.mu.RUnlock()
	campaign := m.campaign(c)
	if campaign == nil {
		return m.missing("campaign")
	}
	pending, converted := map[string]int{}, map[string]int{}
	for _, r := range m.org.referrals.rows {
		switch r.Status {
		case "pending":
			pending[r.AdvocateID]++
		case "converted":
			converted[r.AdvocateID]++
		}
	}
	rows := []any{}
	for _, a := range m.org.advocates.all(func(a *RecomlyAdvocate) bool { return a.CampaignID == campaign.ID }) {
		row := m.presentAdvocate(a)
		row["pendingCount"], row["convertedCount"] = pending[a.ID], converted[a.ID]
		rows = append(rows, row)
	}
	more := map[string]any{"orgAdvocateCount": len(m.org.advocates.ids)}
	if m.behaviour.OldAdvocates {
		more = nil
	}
	return m.listAnswer(c, "advocates", rows, m.behaviour.PageSize, more)
}

// advocate is the advocate of the path, or nil.
func (m *recomly) advocate(c *call) *RecomlyAdvocate {
	a := m.org.advocates.get(c.params["advocateId"])
	if a == nil || m.campaign(c) == nil || a.CampaignID != c.params["campaignId"] {
		return nil
	}
	return a
}

func (m *recomly) getAdvocate(c *call) answer {
	m.mu.RLock()
	defer m.mu.RUnlock()
	a := m.advocate(c)
	switch {
	case a == nil:
		return m.missing("advocate")
	case m.behaviour.BareObjects:
		return jsonAnswer(http.StatusOK, m.presentAdvocate(a))
	}
	return m.advocateAnswer(http.StatusOK, a)
}

// updateAdvocate is PATCH /campaigns/{campaignId}/advocates/{advocateId}.
func (m *recomly) updateAdvocate(c *call) answer {
	f, refusal := m.decode(c)
	if refusal != nil {
		return *refusal
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.advocate(c)
	if a == nil {
		return m.missing("advocate")
	}
	after := *a
	f.text("name", 100, &after.Name)
	if after.Name == "" {
		f.complain("name is required")
	}
	f.contacts(&after.Email, &after.Phone)
	f.choice("notificationPreference", &after.Preference, "email", "sms", "both")
	if len(f.values) == 0 {
		f.complain("at least one field is required")
	}
	if !fits(after.Preference, after.Email, after.Phone) {
		f.complain("notificationPreference does not match the contacts")
	}
	if f.wrong != "" {
		return m.refuse(http.StatusBadRequest, f.wrong)
	}
	others := met(m.org.contacts, m.org.contactsOf(a.CampaignID, after.Email, after.Phone))
	if slices.ContainsFunc(others, func(id string) bool { return id != a.ID }) {
		return m.refuse(http.StatusConflict, "another advocate has this contact")
	}
	m.org.forgetContacts(a)
	m.org.addAdvocate(after)
	m.commit(func(n *RecomlyCounts) { n.AdvocateUpdates++ })
	return m.advocateAnswer(http.StatusOK, m.org.advocates.get(a.ID))
}

// fits tells whether there is a contact for the preference. What it must be
// when there are both is not shown: any of the three is taken.
func fits(preference, email, phone string) bool {
	switch preference {
	case "email":
		return email != ""
	case "sms":
		return phone != ""
	}
	return email != "" && phone != ""
}

// deleteAdvocate takes the advocate away, and its referrals and conversions
// for good.
func (m *recomly) deleteAdvocate(c *call) answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.advocate(c)
	if a == nil {
		return m.missing("advocate")
	}
	for _, r := range m.org.referrals.all(func(r *RecomlyReferral) bool { return r.AdvocateID == a.ID }) {
		m.org.referrals.drop(r.ID)
	}
	for key, ids := range m.org.friends {
		m.org.friends[key] = slices.DeleteFunc(ids, func(id string) bool { return m.org.referrals.get(id) == nil })
	}
	m.org.activity = slices.DeleteFunc(m.org.activity, func(x *RecomlyActivity) bool { return x.AdvocateID == a.ID })
	delete(m.org.ledgers, a.ID)
	m.org.forgetContacts(a)
	m.org.advocates.drop(a.ID)
	m.commit(func(n *RecomlyCounts) { n.AdvocateDeletes++ })
	return m.ok()
}
