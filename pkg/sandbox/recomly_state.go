package sandbox

import (
	"fmt"
	"slices"
)

// RecomlyState is everything a Recomly organisation holds. Instants are
// written as 2026-05-02T08:00:00.000Z. Advocates may be given with campaign,
// name and a contact alone: ids, code, preference and date are filled in.
type RecomlyState struct {
	Org       RecomlyOrg        `json:"org,omitzero"`
	Campaigns []RecomlyCampaign `json:"campaigns,omitempty"`
	Advocates []RecomlyAdvocate `json:"advocates,omitempty"`
	Referrals []RecomlyReferral `json:"referrals,omitempty"`
	Activity  []RecomlyActivity `json:"activity,omitempty"` // oldest first
	// Next is the number the next id is made of. Ids are never given again.
	Next int64 `json:"next,omitempty"`
}

// RecomlyOrg is the organisation and what its plan allows.
type RecomlyOrg struct {
	ID     string       `json:"orgId"`
	Name   string       `json:"name"`
	Tier   string       `json:"tier"`
	Quotas RecomlyQuota `json:"quotas"`
}

// RecomlyQuota is how many of each the plan allows.
type RecomlyQuota struct {
	Users     int `json:"users"`
	Campaigns int `json:"campaigns"`
	Advocates int `json:"advocates"` // of all campaigns together
	Referrals int `json:"referrals"`
}

// RecomlyCampaign is a campaign. Its reward values are cents when RewardMode is
// fixed and basis points when it is percent.
type RecomlyCampaign struct {
	ID             string `json:"campaignId"`
	Name           string `json:"name"`
	Status         string `json:"status"` // active, paused or deleted
	RewardMode     string `json:"rewardMode"`
	AdvocateReward int64  `json:"advocateRewardValue"`
	FriendReward   int64  `json:"friendRewardValue"`
	MaxReferrals   int64  `json:"maxReferralsPerAdvocate"`
	ExpiresAt      string `json:"expiresAt,omitempty"`
	CreatedAt      string `json:"createdAt"`
	UpdatedAt      string `json:"updatedAt,omitempty"`
}

// RecomlyAdvocate is a person in one campaign.
type RecomlyAdvocate struct {
	ID           string `json:"advocateId"`
	CampaignID   string `json:"campaignId"`
	Name         string `json:"name"`
	Email        string `json:"email,omitempty"`
	Phone        string `json:"phone,omitempty"`
	Preference   string `json:"notificationPreference"` // email, sms or both
	ReferralCode string `json:"referralCode"`
	PortalToken  string `json:"portalToken"`
	Balance      int64  `json:"creditBalanceCents"`
	EnrolledAt   string `json:"enrolledAt"`
}

// RecomlyReferral is a friend who filled in the form behind an advocate's link.
type RecomlyReferral struct {
	ID           string `json:"referralId"`
	CampaignID   string `json:"campaignId"`
	AdvocateID   string `json:"advocateId"`
	Status       string `json:"status"` // pending, converted or expired
	FriendName   string `json:"friendName"`
	FriendEmail  string `json:"friendEmail,omitempty"`
	FriendPhone  string `json:"friendPhone,omitempty"`
	CreatedAt    string `json:"createdAt"`
	ConvertedAt  string `json:"convertedAt,omitempty"`
	ConversionID string `json:"conversionId,omitempty"`
}

// RecomlyActivity is an entry of an advocate's ledger.
type RecomlyActivity struct {
	ID          string `json:"activityId"`
	CampaignID  string `json:"campaignId"`
	AdvocateID  string `json:"advocateId"`
	Action      string `json:"action"`
	Description string `json:"description"`
	Amount      int64  `json:"amountCents"`
	Before      int64  `json:"balanceBefore"`
	After       int64  `json:"balanceAfter"`
	Memo        string `json:"memo,omitempty"`
	ReferralID  string `json:"referralId,omitempty"`
	FriendName  string `json:"friendName,omitempty"`
	CreatedAt   string `json:"createdAt"`
}

// exampleRecomly is a fresh organisation: one campaign, number 1, an advocate
// in it and a friend whose referral waits to be converted.
func exampleRecomly() RecomlyState {
	const born = "2026-01-05T08:00:00.000Z"
	return RecomlyState{
		Campaigns: []RecomlyCampaign{{
			ID: "1", Name: "Refer a Friend", Status: "active", RewardMode: "fixed",
			AdvocateReward: 2500, FriendReward: 1500, MaxReferrals: 10, CreatedAt: born,
		}},
		Advocates: []RecomlyAdvocate{{ID: "2", CampaignID: "1", Name: "Ida Moss", Email: "ida@example.com", EnrolledAt: born}},
		Referrals: []RecomlyReferral{{
			ID: "3", CampaignID: "1", AdvocateID: "2", Status: "pending",
			FriendName: "Per Lund", FriendEmail: "per@example.com", CreatedAt: born,
		}},
	}
}

// clone shares nothing with s that either side could change.
func (s RecomlyState) clone() RecomlyState {
	s.Campaigns, s.Advocates = slices.Clone(s.Campaigns), slices.Clone(s.Advocates)
	s.Referrals, s.Activity = slices.Clone(s.Referrals), slices.Clone(s.Activity)
	return s
}

// check finds what would make the organisation contradict itself.
func (c *stateCheck) checkRecomly(s RecomlyState) {
	campaigns, advocates := map[string]bool{}, map[string]string{}
	for _, x := range s.Campaigns {
		c.expect(x.ID != "" && !campaigns[x.ID], "recomly campaign %q: id is empty, or there twice", x.ID)
		c.expect(x.RewardMode == "fixed" || x.RewardMode == "percent", "recomly campaign %q: reward mode %q is neither fixed nor percent", x.ID, x.RewardMode)
		campaigns[x.ID] = true
	}
	for _, x := range s.Advocates {
		c.expect(campaigns[x.CampaignID], "recomly advocate %q: no campaign %q", x.ID, x.CampaignID)
		c.expect(x.Email != "" || x.Phone != "", "recomly advocate %q (%s): neither e-mail nor phone", x.ID, x.Name)
		if _, twice := advocates[x.ID]; x.ID != "" {
			c.expect(!twice, "recomly advocate %q: is there twice", x.ID)
			advocates[x.ID] = x.CampaignID
		}
	}
	referrals := map[string]bool{}
	for _, x := range s.Referrals {
		c.expect(x.ID != "" && !referrals[x.ID], "recomly referral %q: id is empty, or there twice", x.ID)
		c.expect(advocates[x.AdvocateID] == x.CampaignID && x.CampaignID != "", "recomly referral %q: no advocate %q in its campaign", x.ID, x.AdvocateID)
		c.expect(slices.Contains([]string{"pending", "converted", "expired"}, x.Status), "recomly referral %q: status %q is none", x.ID, x.Status)
		referrals[x.ID] = true
	}
	for _, x := range s.Activity {
		c.expect(x.ID != "" && x.CreatedAt != "", "recomly activity %q: id or instant is empty", x.ID)
	}
}

// uuidFor is an id in the form of a UUID, a function of its arguments alone.
func uuidFor(seed uint64, n int64) string {
	a := mix(mix(seed+2) ^ mix(uint64(n)))
	b := mix(a)
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}
