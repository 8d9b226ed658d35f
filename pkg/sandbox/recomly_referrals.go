package sandbox

import "net/http"

// listReferrals is GET …/referrals. Its filter knows no expired ones; without
// it they are in the list.
func (m *recomly) listReferrals(c *call) answer {
	status := c.query.Get("status")
	if status != "" && status != "pending" && status != "converted" {
		return m.refuse(http.StatusBadRequest, "status must be pending or converted")
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	campaign := m.campaign(c)
	if campaign == nil {
		return m.missing("campaign")
	}
	rows := []any{}
	for _, r := range m.org.referrals.all(func(r *RecomlyReferral) bool {
		return r.CampaignID == campaign.ID && (status == "" || r.Status == status)
	}) {
		row := m.view(r, "friendEmail", "friendPhone")
		row["campaignName"] = campaign.Name
		row["advocateName"] = m.org.advocates.get(r.AdvocateID).Name
		rows = append(rows, row)
	}
	return m.listAnswer(c, "referrals", rows, m.behaviour.PageSize, nil)
}

// convert is POST …/referrals/{referralId}/convert. It cannot be taken back.
func (m *recomly) convert(c *call) answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	campaign := m.campaign(c)
	r := m.org.referrals.get(c.params["referralId"])
	if campaign == nil || r == nil || r.CampaignID != campaign.ID {
		return m.missing("referral")
	}
	job, refusal := m.readJob(c, campaign)
	if refusal != nil {
		return *refusal
	}
	if m.behaviour.RefuseInactive && campaign.Status != "active" {
		return m.refuse(http.StatusConflict, "campaign is not active")
	}
	again := r.Status == "converted"
	if r.Status != "pending" {
		m.tally.add(func(n *Counts) { n.Recomly.Repeated.ConvertCalls++ })
		switch {
		case r.Status == "expired" && !m.behaviour.ConvertExpired:
			return m.refuse(http.StatusConflict, "referral has expired")
		case again && m.behaviour.RepeatConvert == ConvertConflict:
			return m.refuse(http.StatusConflict, "referral is already converted")
		case again && m.behaviour.RepeatConvert == ConvertChangesNone:
			return m.converted(r)
		}
	}
	if !m.roomForFriend(r) {
		return m.full("advocate")
	}
	m.pay(campaign, r, job)
	m.commit(func(n *RecomlyCounts) {
		n.Converts++
		if again {
			n.Repeated.Converts++
		}
	})
	m.tally.add(func(n *Counts) { n.Notified += 2 })
	return m.converted(r)
}

func (m *recomly) converted(r *RecomlyReferral) answer {
	return jsonAnswer(http.StatusOK, map[string]any{
		"ok": true, "conversionId": r.ConversionID, "advocateNewBalance": m.org.advocates.get(r.AdvocateID).Balance,
	})
}

// readJob is the value of the job, which only percent campaigns ask for.
func (m *recomly) readJob(c *call, campaign *RecomlyCampaign) (int64, *answer) {
	if campaign.RewardMode != "percent" {
		return 0, nil
	}
	f, refusal := m.decode(c)
	if refusal != nil {
		return 0, refusal
	}
	var job int64
	f.whole("jobValueCents", 1, noLimit, &job)
	if job == 0 {
		f.complain("jobValueCents is required and must be a positive integer")
	}
	if f.wrong != "" {
		refused := m.refuse(http.StatusBadRequest, f.wrong)
		return 0, &refused
	}
	return job, nil
}

// friendAdvocate finds the friend among the advocates: of the campaign first,
// then of the organisation.
func (m *recomly) friendAdvocate(r *RecomlyReferral) *RecomlyAdvocate {
	if ids := met(m.org.contacts, m.org.contactsOf(r.CampaignID, r.FriendEmail, r.FriendPhone)); len(ids) > 0 {
		return m.org.advocates.get(ids[0])
	}
	for _, campaign := range m.org.campaigns.ids {
		if ids := met(m.org.contacts, m.org.contactsOf(campaign, r.FriendEmail, r.FriendPhone)); len(ids) > 0 {
			return m.org.advocates.get(ids[0])
		}
	}
	return nil
}

func (m *recomly) roomForFriend(r *RecomlyReferral) bool {
	return m.friendAdvocate(r) != nil || len(m.org.advocates.ids) < m.org.Quotas.Advocates
}

// pay does all that a conversion does: credit the advocate, enrol or credit
// the friend, and let the friend's other pending referrals expire.
func (m *recomly) pay(campaign *RecomlyCampaign, r *RecomlyReferral, job int64) {
	advocate, friend := campaign.AdvocateReward, campaign.FriendReward
	if campaign.RewardMode == "percent" {
		// How the vendor rounds is not documented; this rounds down.
		advocate, friend = job*advocate/10000, job*friend/10000
	}
	r.Status, r.ConvertedAt, r.ConversionID = "converted", m.instant(), m.org.newID()
	entry := RecomlyActivity{
		Action: "advocate.referral.converted", Description: "Referral converted",
		ReferralID: r.ID, FriendName: r.FriendName, Amount: advocate,
	}
	a := m.org.advocates.get(r.AdvocateID)
	before := a.Balance
	a.Balance += advocate
	m.record(a, entry, before)
	if known := m.friendAdvocate(r); known != nil {
		before, known.Balance = known.Balance, known.Balance+friend
		m.record(known, RecomlyActivity{Action: "advocate.friend.rewarded", Description: "Came as a friend", Amount: friend, ReferralID: r.ID}, before)
	} else {
		m.enrol(RecomlyAdvocate{
			CampaignID: campaign.ID, Name: r.FriendName, Email: r.FriendEmail, Phone: r.FriendPhone, EnrolledAt: m.instant(),
		}, friend)
	}
	for _, id := range met(m.org.friends, m.org.contactsOf(r.CampaignID, r.FriendEmail, r.FriendPhone)) {
		if other := m.org.referrals.get(id); other.Status == "pending" {
			other.Status = "expired"
		}
	}
}
