package sandbox

import (
	"cmp"
	"net/http"
)

func (m *recomly) presentCampaign(c *RecomlyCampaign) map[string]any {
	return m.view(c, "expiresAt", "updatedAt")
}

func (m *recomly) campaignAnswer(status int, c *RecomlyCampaign) answer {
	return jsonAnswer(status, map[string]any{"campaign": m.presentCampaign(c)})
}

// createCampaign is POST /campaigns. Nothing says that names are unique.
func (m *recomly) createCampaign(c *call) answer {
	f, refusal := m.decode(c)
	if refusal != nil {
		return *refusal
	}
	for _, name := range []string{"name", "rewardMode", "advocateRewardValue", "friendRewardValue"} {
		if f.values[name] == nil {
			f.complain("%s is required", name)
		}
	}
	made := RecomlyCampaign{Status: "active", MaxReferrals: 10, CreatedAt: m.instant()}
	made.read(f)
	if f.wrong != "" {
		return m.refuse(http.StatusBadRequest, f.wrong)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	live := m.org.campaigns.all(func(c *RecomlyCampaign) bool { return c.Status != "deleted" })
	if len(live) >= m.org.Quotas.Campaigns {
		return m.full("campaign")
	}
	twin := false
	for _, old := range live {
		twin = twin || old.terms() == made.terms()
	}
	made.ID = m.org.newID()
	m.org.campaigns.put(made.ID, &made)
	m.commit(func(n *RecomlyCounts) {
		n.CampaignCreates++
		if twin {
			n.Repeated.Campaigns++
		}
	})
	return m.campaignAnswer(cmp.Or(m.behaviour.CreateStatus, http.StatusCreated), &made)
}

// terms is a campaign without what tells two of the same terms apart.
func (c RecomlyCampaign) terms() RecomlyCampaign {
	c.ID, c.CreatedAt, c.UpdatedAt = "", "", ""
	return c
}

// read takes over what a body says.
func (c *RecomlyCampaign) read(f *form) {
	f.text("name", 100, &c.Name)
	if f.has("name") && c.Name == "" {
		f.complain("name is required")
	}
	f.choice("rewardMode", &c.RewardMode, "fixed", "percent")
	f.choice("status", &c.Status, "active", "paused")
	most := int64(noLimit)
	if c.RewardMode == "percent" {
		most = 10000
	}
	f.whole("advocateRewardValue", 0, most, &c.AdvocateReward)
	f.whole("friendRewardValue", 0, most, &c.FriendReward)
	if c.AdvocateReward > most || c.FriendReward > most {
		f.complain("percent rewards must be at most 10000 basis points")
	}
	f.whole("maxReferralsPerAdvocate", 1, 200, &c.MaxReferrals)
	f.instant("expiresAt", &c.ExpiresAt)
}

// full answers what the plan has no room for.
func (m *recomly) full(what string) answer {
	return m.refuse(cmp.Or(m.behaviour.QuotaStatus, http.StatusConflict), what+" limit of your plan reached")
}

func (m *recomly) listCampaigns(c *call) answer {
	m.mu.RLock()
	defer m.mu.RUnlock()
	rows := []any{}
	for _, x := range m.org.campaigns.all(every) {
		if x.Status != "deleted" || !m.behaviour.HideDeleted {
			rows = append(rows, m.presentCampaign(x))
		}
	}
	if m.behaviour.BareObjects {
		return jsonAnswer(http.StatusOK, rows)
	}
	return m.listAnswer(c, "campaigns", rows, m.behaviour.PageSize, nil)
}

// campaign is the campaign of the path that is not deleted, or nil.
func (m *recomly) campaign(c *call) *RecomlyCampaign {
	found := m.org.campaigns.get(c.params["campaignId"])
	if found == nil || found.Status == "deleted" {
		return nil
	}
	return found
}

func (m *recomly) getCampaign(c *call) answer {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found := m.org.campaigns.get(c.params["campaignId"])
	switch {
	case found == nil:
		return m.missing("campaign")
	case m.behaviour.BareObjects:
		return jsonAnswer(http.StatusOK, m.presentCampaign(found))
	}
	return m.campaignAnswer(http.StatusOK, found)
}

// updateCampaign is PATCH /campaigns/{campaignId}.
func (m *recomly) updateCampaign(c *call) answer {
	f, refusal := m.decode(c)
	if refusal != nil {
		return *refusal
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.campaign(c)
	if found == nil {
		return m.missing("campaign")
	}
	after := *found
	after.read(f)
	if len(f.values) == 0 {
		f.complain("at least one field is required")
	}
	if f.wrong != "" {
		return m.refuse(http.StatusBadRequest, f.wrong)
	}
	after.UpdatedAt = m.instant()
	*found = after
	m.commit(func(n *RecomlyCounts) { n.CampaignUpdates++ })
	return m.campaignAnswer(http.StatusOK, found)
}

// deleteCampaign is DELETE /campaigns/{campaignId}. It is taken to be soft, as
// the status deleted suggests.
func (m *recomly) deleteCampaign(c *call) answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.campaign(c)
	if found == nil {
		return m.missing("campaign")
	}
	found.Status = "deleted"
	m.commit(func(n *RecomlyCounts) { n.CampaignDeletes++ })
	return m.ok()
}

func (m *recomly) ok() answer { return jsonAnswer(http.StatusOK, map[string]bool{"ok": true}) }
