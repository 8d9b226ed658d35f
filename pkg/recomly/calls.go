package recomly

import (
	"context"
	"net/http"
	"net/url"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/fields"
)

// CampaignChanges is what a campaign is created with or changed to; nil leaves
// a value out. An ExpiresAt that points to nil removes the expiry.
type CampaignChanges struct {
	Name           *string  `json:"name,omitempty"`
	RewardMode     *string  `json:"rewardMode,omitempty"`
	AdvocateReward *int64   `json:"advocateRewardValue,omitempty"`
	FriendReward   *int64   `json:"friendRewardValue,omitempty"`
	Status         *string  `json:"status,omitempty"`
	ExpiresAt      **string `json:"expiresAt,omitempty"`
	MaxReferrals   *int64   `json:"maxReferralsPerAdvocate,omitempty"`
}

// CreateCampaign adds a campaign. Nothing says that names are unique: called
// twice it is taken to make two.
func (c *Client) CreateCampaign(ctx context.Context, terms CampaignChanges) (*Campaign, int, error) {
	name := ""
	if terms.Name != nil {
		name = *terms.Name
	}
	c.created.Note(name)
	return c.campaign(ctx, api.Request{Method: http.MethodPost, Path: "/campaigns", Body: terms}, func(x *Campaign) bool {
		return !c.created.IsAnothers(x.Name, name)
	})
}

// UpdateCampaign changes a campaign.
func (c *Client) UpdateCampaign(ctx context.Context, id string, changes CampaignChanges) (*Campaign, int, error) {
	return c.campaign(ctx, api.Request{Method: http.MethodPatch, Path: campaignPath(id), Body: changes}, func(x *Campaign) bool { return x.ID == id })
}

// DeleteCampaign deletes a campaign. What the API answers is not documented.
func (c *Client) DeleteCampaign(ctx context.Context, id string) (int, error) {
	return c.do(ctx, api.Request{Method: http.MethodDelete, Path: campaignPath(id)}, nil)
}

func (c *Client) campaign(ctx context.Context, r api.Request, about func(*Campaign) bool) (*Campaign, int, error) {
	return object(ctx, c, r, "campaign", func(x *Campaign) string { return x.ID }, about)
}

// NewAdvocate is who is invited: a name, and an e-mail address or a phone
// number, or both.
type NewAdvocate struct {
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"` // E.164
}

// Invite enrols an advocate. The vendor writes to the person by mail or SMS,
// and has no switch for it.
func (c *Client) Invite(ctx context.Context, campaign string, a NewAdvocate) (*Advocate, int, error) {
	whom := fields.SameEmail(a.Email)
	c.invited.Note(whom)
	return c.advocate(ctx, api.Request{Method: http.MethodPost, Path: campaignPath(campaign) + "/invite", Body: a}, func(x *Advocate) bool {
		return x.Email == "" || !c.invited.IsAnothers(fields.SameEmail(x.Email), whom)
	})
}

// AdvocateChanges is what an advocate is changed to; nil leaves a value as it
// is.
type AdvocateChanges struct {
	Name       *string `json:"name,omitempty"`
	Email      *string `json:"email,omitempty"`
	Phone      *string `json:"phone,omitempty"`
	Preference *string `json:"notificationPreference,omitempty"`
}

// UpdateAdvocate changes an advocate.
func (c *Client) UpdateAdvocate(ctx context.Context, campaign, advocate string, changes AdvocateChanges) (*Advocate, int, error) {
	return c.advocate(ctx, api.Request{Method: http.MethodPatch, Path: advocatePath(campaign, advocate), Body: changes}, func(x *Advocate) bool { return x.ID == advocate })
}

func (c *Client) advocate(ctx context.Context, r api.Request, about func(*Advocate) bool) (*Advocate, int, error) {
	return object(ctx, c, r, "advocate", func(x *Advocate) string { return x.ID }, about)
}

// Credit changes an advocate's balance by delta cents and returns the new
// balance. It has no protection of its own: called twice it pays twice.
func (c *Client) Credit(ctx context.Context, campaign, advocate string, delta int64, note string) (balance int64, status int, err error) {
	body := struct {
		Delta int64  `json:"delta"`
		Note  string `json:"note,omitempty"`
	}{delta, note}
	var answer struct {
		Balance *int64 `json:"newBalanceCents"`
	}
	status, err = c.do(ctx, api.Request{Method: http.MethodPost, Path: advocatePath(campaign, advocate) + "/credit", Body: body}, &answer)
	if err == nil && answer.Balance == nil {
		return 0, status, &api.Error{Verdict: api.Unknown, Status: status, Message: "the answer holds no balance"}
	}
	if err != nil {
		return 0, status, err
	}
	return *answer.Balance, status, nil
}

// Conversion is what the API says of a conversion.
type Conversion struct {
	ID      string `json:"conversionId"`
	Balance int64  `json:"advocateNewBalance"` // of the advocate, in cents
}

// Convert marks a referral converted: the advocate is credited, both sides are
// written to, and the friend becomes an advocate. It cannot be taken back.
// JobValue, in cents, is for percent campaigns; 0 leaves it out.
func (c *Client) Convert(ctx context.Context, campaign, referral string, jobValue int64) (*Conversion, int, error) {
	body := struct {
		JobValue int64 `json:"jobValueCents,omitempty"`
	}{jobValue}
	path := campaignPath(campaign) + "/referrals/" + url.PathEscape(referral) + "/convert"
	var answer Conversion
	status, err := c.do(ctx, api.Request{Method: http.MethodPost, Path: path, Body: body}, &answer)
	return &answer, status, err
}

// GetAccount reads the organisation and its quotas.
func (c *Client) GetAccount(ctx context.Context) (*Account, error) {
	account, _, err := object(ctx, c, api.Request{Method: http.MethodGet, Path: "/account", Reads: true}, "org",
		func(x *Account) string { return x.ID }, func(*Account) bool { return true })
	return account, err
}

// CountAdvocates reads how many advocates the organisation has, from the
// totals of the dashboard.
func (c *Client) CountAdvocates(ctx context.Context) (int64, error) {
	var answer struct {
		Advocates struct {
			Total Count `json:"total"`
		} `json:"advocates"`
	}
	_, err := c.do(ctx, api.Request{Method: http.MethodGet, Path: "/dashboard", Reads: true}, &answer)
	return int64(answer.Advocates.Total), err
}
