package sandbox

import (
	"cmp"
	"math"
	"net/http"
	"slices"
)

// getAccount shows the plan and its quotas.
func (m *recomly) getAccount(*call) answer {
	m.mu.RLock()
	defer m.mu.RUnlock()
	q := m.org.Quotas
	return jsonAnswer(http.StatusOK, map[string]any{"org": map[string]any{
		"orgId": m.org.ID, "name": m.org.Name, "status": "active", "tier": m.org.Tier, "createdAt": m.org.now,
		"enabledFeatures": map[string]any{
			"users": q.Users, "campaigns": q.Campaigns, "advocates": q.Advocates, "referrals": q.Referrals,
			"sso": false, "api": true, "auditRetentionDays": 90,
		},
	}})
}

// getDashboard shows totals. Its pending counts expired referrals as well.
func (m *recomly) getDashboard(*call) answer {
	m.mu.RLock()
	defer m.mu.RUnlock()
	live := m.org.campaigns.all(func(c *RecomlyCampaign) bool { return c.Status != "deleted" })
	active := 0
	for _, c := range live {
		if c.Status == "active" {
			active++
		}
	}
	rewarded, balance := 0, int64(0)
	for _, a := range m.org.advocates.rows {
		balance += a.Balance
		if a.Balance > 0 {
			rewarded++
		}
	}
	converted := 0
	for _, r := range m.org.referrals.rows {
		if r.Status == "converted" {
			converted++
		}
	}
	total := len(m.org.referrals.ids)
	rate := float64(converted) / float64(max(total, 1))
	return jsonAnswer(http.StatusOK, map[string]any{
		"campaigns": map[string]int{"total": len(live), "active": active},
		"advocates": map[string]any{"total": len(m.org.advocates.ids), "withPendingRewards": rewarded, "totalCreditBalanceCents": balance},
		"referrals": map[string]any{
			"total": total, "pending": total - converted, "converted": converted, "conversionRate": math.Round(rate*1000) / 1000,
		},
	})
}

// recomlyKey is an API key as the list shows it. The simulator keeps no
// secrets: what it accepts is Options.Token.
type recomlyKey struct {
	KeyID     string `json:"keyId"`
	OrgID     string `json:"orgId"`
	Name      string `json:"name"`
	CreatedAt string `json:"createdAt"`
}

func (m *recomly) listKeys(*call) answer {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return jsonAnswer(http.StatusOK, map[string]any{"keys": append([]recomlyKey{}, m.org.keys...)})
}

func (m *recomly) createKey(c *call) answer {
	f := &form{values: map[string]any{}}
	if len(c.body) > 0 {
		var refusal *answer
		if f, refusal = m.decode(c); refusal != nil {
			return *refusal
		}
	}
	name := "API Key"
	f.text("name", 80, &name)
	if f.wrong != "" {
		return m.refuse(http.StatusBadRequest, f.wrong)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	key := recomlyKey{KeyID: "rk_live_" + m.org.newID(), OrgID: m.org.ID, Name: name, CreatedAt: m.instant()}
	m.org.keys = append(m.org.keys, key)
	m.commit(func(n *RecomlyCounts) { n.Keys++ })
	return jsonAnswer(cmp.Or(m.behaviour.CreateStatus, http.StatusCreated), map[string]string{
		"key": key.KeyID + ":example-secret", "keyId": key.KeyID, "name": name, "createdAt": key.CreatedAt,
	})
}

func (m *recomly) deleteKey(c *call) answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := slices.IndexFunc(m.org.keys, func(k recomlyKey) bool { return k.KeyID == c.params["keyId"] })
	if at < 0 {
		return m.missing("key")
	}
	m.org.keys = slices.Delete(m.org.keys, at, at+1)
	m.commit(func(n *RecomlyCounts) { n.Keys++ })
	return m.ok()
}
