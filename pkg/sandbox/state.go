package sandbox

import "slices"

// The two types a user has.
const (
	PersonReferring = "person_referring"
	PersonInvited   = "person_invited"
)

// State is everything an account holds. Users may be given with campaign and
// e-mail alone: id, code, url, type, source and date are filled in.
type State struct {
	Campaigns []Campaign     `json:"campaigns,omitempty"`
	Users     []User         `json:"users,omitempty"`
	Rewards   []Reward       `json:"rewards,omitempty"`
	Due       []DueReward    `json:"due,omitempty"`
	Issued    []IssuedReward `json:"issued,omitempty"`
	// NextUser and NextReward are the ids the next user and the next due
	// reward get. Ids below are never given again.
	NextUser   int64 `json:"next_user_id,omitempty"`
	NextReward int64 `json:"next_reward_id,omitempty"`
	// Recomly is the account at the other vendor.
	Recomly RecomlyState `json:"recomly,omitzero"`
}

// Campaign is a referral campaign. Dates are YYYY-MM-DD, empty for none.
type Campaign struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Code      string `json:"code"`
	Lang      string `json:"lang,omitempty"`
	URL       string `json:"url,omitempty"`
	Status    string `json:"status"` // launched, draft or paused
	StartsAt  string `json:"starts_at,omitempty"`
	EndsAt    string `json:"ends_at,omitempty"`
	CreatedAt string `json:"created_at,omitempty"`
	Fields    Fields `json:"fields"`
}

// Fields are the questions a campaign asks, by the type of person asked.
type Fields struct {
	PersonReferring []Field `json:"person_referring,omitempty"`
	PersonInvited   []Field `json:"person_invited,omitempty"`
}

// Field is one such question. Users answer it in meta, under its label.
type Field struct {
	ID       int64  `json:"id"`
	Type     string `json:"type"` // input or select
	Label    string `json:"label"`
	Value    any    `json:"value"`
	Required bool   `json:"required"`
}

// User is a person in one campaign. Dates are YYYY-MM-DD, empty for none.
type User struct {
	ID             int64  `json:"id"`
	CampaignID     int64  `json:"campaign_id"`
	ReferrerID     int64  `json:"referrer_id,omitempty"` // 0 for nobody
	Type           string `json:"type"`
	Email          string `json:"email"`
	FirstName      string `json:"first_name"`
	Code           string `json:"code"`
	URL            string `json:"url"`
	Source         string `json:"source"`
	Promotion      string `json:"promotion,omitempty"` // its promo code
	SignedUpAt     string `json:"signed_up_at"`
	QualifiedAt    string `json:"qualified_at,omitempty"`
	UnsubscribedAt string `json:"unsubscribed_at,omitempty"`
	Meta           []Meta `json:"meta,omitempty"`
}

// Meta is a user's value for a campaign field. Value is any JSON value;
// numbers that came over the wire are json.Number.
type Meta struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

// Reward is what a campaign promises for each qualified lead.
type Reward struct {
	ID         int64   `json:"id"`
	CampaignID int64   `json:"campaign_id"`
	Name       string  `json:"name"`
	Metric     string  `json:"metric"`     // amount, commission, coupon or custom
	RewardFor  string  `json:"reward_for"` // PersonReferring or PersonInvited
	Value      float64 `json:"value"`
	AutoIssue  bool    `json:"auto_issue,omitempty"` // issued at once, never due
}

// DueReward is a reward owed and not yet issued.
type DueReward struct {
	ID          int64   `json:"id"`
	RewardID    int64   `json:"reward_id"`
	RecipientID int64   `json:"recipient_id"`
	LeadID      int64   `json:"lead_id"` // whose qualification earned it
	CanBeIssued bool    `json:"can_be_issued"`
	Coupon      string  `json:"coupon,omitempty"`
	Count       int     `json:"count"`
	Total       float64 `json:"total"`
}

// IssuedReward is a reward that was paid. It keeps the id it was due under.
type IssuedReward struct {
	DueReward
	IssuedAt string `json:"issued_at"`
	Status   string `json:"status"`
}

// Example is a fresh account: one launched campaign, number 1, with two
// optional fields and a reward, and nobody in it; and at Recomly a campaign,
// number 1, with an advocate and a pending referral.
func Example() State {
	return State{
		Campaigns: []Campaign{{
			ID: 1, Name: "Refer a Friend", Code: "RfAFrnd1", Lang: "en",
			URL: "https://example.com/refer", Status: "launched", CreatedAt: "2026-01-05",
			Fields: Fields{PersonReferring: exampleFields(1), PersonInvited: exampleFields(11)},
		}},
		Rewards: []Reward{{
			ID: 1, CampaignID: 1, Name: "Ten for a friend", Metric: "amount",
			RewardFor: PersonReferring, Value: 10,
		}},
		NextUser: 1, NextReward: 1,
		Recomly: exampleRecomly(),
	}
}

func exampleFields(firstID int64) []Field {
	return []Field{
		{ID: firstID, Type: "input", Label: "First name", Value: ""},
		{ID: firstID + 1, Type: "select", Label: "City", Value: ""},
	}
}

// clone shares nothing with s that either side could change.
func (s State) clone() State {
	s.Campaigns = slices.Clone(s.Campaigns)
	for i := range s.Campaigns {
		f := &s.Campaigns[i].Fields
		f.PersonReferring = cloneFields(f.PersonReferring)
		f.PersonInvited = cloneFields(f.PersonInvited)
	}
	s.Users = slices.Clone(s.Users)
	for i := range s.Users {
		s.Users[i].Meta = cloneMeta(s.Users[i].Meta)
	}
	s.Rewards = slices.Clone(s.Rewards)
	s.Due = slices.Clone(s.Due)
	s.Issued = slices.Clone(s.Issued)
	s.Recomly = s.Recomly.clone()
	return s
}

func cloneFields(fields []Field) []Field {
	fields = slices.Clone(fields)
	for i := range fields {
		fields[i].Value = cloneValue(fields[i].Value)
	}
	return fields
}

func cloneMeta(meta []Meta) []Meta {
	meta = slices.Clone(meta)
	for i := range meta {
		meta[i].Value = cloneValue(meta[i].Value)
	}
	return meta
}

// cloneValue copies a decoded JSON value.
func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = cloneValue(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = cloneValue(e)
		}
		return out
	}
	return v
}
