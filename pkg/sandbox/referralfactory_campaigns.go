package sandbox

import "net/http"

// campaignView is a campaign as the API shows one.
type campaignView struct {
	ID        any        `json:"id"`
	Name      string     `json:"name"`
	Code      string     `json:"code"`
	Lang      string     `json:"lang"`
	URL       string     `json:"url"`
	Reach     any        `json:"reach"`
	Status    string     `json:"status"`
	StartsAt  any        `json:"starts_at"`
	EndsAt    any        `json:"ends_at"`
	CreatedAt any        `json:"created_at"`
	Fields    fieldsView `json:"fields"`
	Assets    assetsView `json:"assets"`
	Analytics *analytics `json:"analytics,omitempty"`
}

type fieldsView struct {
	PersonReferring []Field `json:"person_referring"`
	PersonInvited   []Field `json:"person_invited"`
}

type assetsView struct {
	Logo logoView `json:"logo"`
}

type logoView struct {
	Type string `json:"type"`
	Path string `json:"path"`
}

// listCampaigns is GET /campaigns.
func (f *referralFactory) listCampaigns(c *call) answer {
	p, refusal := f.readPage(c.query)
	if refusal != nil {
		return *refusal
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.campaignPage(c, p, f.account.campaigns.ids)
}

// searchCampaigns is POST /campaigns/search.
func (f *referralFactory) searchCampaigns(c *call) answer {
	q, refusal := f.readSearch(c, func(name string) bool { return (&Campaign{}).field(name) != nil })
	if refusal != nil {
		return *refusal
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	all := &f.account.campaigns
	return f.campaignPage(c, q.page, matching(all, all.ids, q.filter, (*Campaign).field))
}

func (f *referralFactory) campaignPage(c *call, p page, ids []int64) answer {
	data := []any{}
	for _, id := range p.pick(ids, f.behaviour.NewestFirst) {
		data = append(data, f.presentCampaign(c, f.account.campaigns.get(id)))
	}
	return f.listAnswer(c, p, data, len(ids))
}

// getCampaign is GET /campaigns/{identifier}: an id or a code.
func (f *referralFactory) getCampaign(c *call) answer {
	f.mu.RLock()
	defer f.mu.RUnlock()
	campaign := f.account.campaigns.get(c.id("identifier"))
	for _, id := range f.account.campaigns.ids {
		if x := f.account.campaigns.get(id); campaign == nil && x.Code == c.params["identifier"] {
			campaign = x
		}
	}
	if campaign == nil {
		return f.refuse(http.StatusNotFound, "campaign not found")
	}
	return dataAnswer(http.StatusOK, f.presentCampaign(c, campaign))
}

// presentCampaign shows a campaign. The caller holds the lock.
func (f *referralFactory) presentCampaign(c *call, x *Campaign) campaignView {
	v := campaignView{
		ID: f.idView(x.ID), Name: x.Name, Code: x.Code, Lang: x.Lang, URL: x.URL,
		Reach: f.reachView(), Status: x.Status,
		StartsAt: orNull(x.StartsAt), EndsAt: orNull(x.EndsAt), CreatedAt: orNull(x.CreatedAt),
		Fields: fieldsView{
			PersonReferring: append([]Field{}, x.Fields.PersonReferring...), // never null
			PersonInvited:   append([]Field{}, x.Fields.PersonInvited...),
		},
		Assets: assetsView{logoView{"square", "/logo.png"}},
	}
	if c.with("campaign.analytics") {
		v.Analytics = f.account.analyticsOfCampaign(x.ID)
	}
	return v
}

func (a *account) analyticsOfCampaign(campaign int64) *analytics {
	users := 0
	out := &analytics{Users: &users}
	for _, u := range a.users.rows {
		if u.CampaignID != campaign {
			continue
		}
		users++
		if u.Type == PersonInvited {
			out.Referrals++
		}
		if u.Type == PersonInvited && u.QualifiedAt != "" {
			out.QualifiedReferrals++
		}
	}
	return out
}
