package recomly

import (
	"encoding/json"
	"time"
)

// What a campaign, a referral and a preference can be.
const (
	Active  = "active"
	Paused  = "paused"
	Deleted = "deleted"

	Fixed   = "fixed"   // rewards in cents
	Percent = "percent" // rewards in basis points, 100 of them to a percent

	Pending   = "pending"
	Converted = "converted"
	Expired   = "expired"

	ByEmail = "email"
	BySMS   = "sms"
	ByBoth  = "both"
)

// Campaign is a campaign of the organisation. Instants are written as
// 2026-05-02T08:00:00.000Z, "" for none.
type Campaign struct {
	ID             string `json:"campaignId"`
	Name           string `json:"name"`
	Status         string `json:"status"`
	RewardMode     string `json:"rewardMode"`
	AdvocateReward int64  `json:"advocateRewardValue"` // cents or basis points, as RewardMode says
	FriendReward   int64  `json:"friendRewardValue"`
	MaxReferrals   int64  `json:"maxReferralsPerAdvocate"`
	ExpiresAt      string `json:"expiresAt"`
	CreatedAt      string `json:"createdAt"`
	UpdatedAt      string `json:"updatedAt"`
}

// Advocate is a person in one campaign. The token of its portal is left out:
// it opens the portal to whoever holds it.
type Advocate struct {
	ID           string `json:"advocateId"`
	CampaignID   string `json:"campaignId"`
	Name         string `json:"name"`
	Email        string `json:"email"`
	Phone        string `json:"phone"` // E.164
	Preference   string `json:"notificationPreference"`
	ReferralCode string `json:"referralCode"`
	Balance      int64  `json:"creditBalanceCents"`
	EnrolledAt   string `json:"enrolledAt"`
	Pending      int64  `json:"pendingCount"`   // in lists alone
	Converted    int64  `json:"convertedCount"` // in lists alone
}

// Referral is a friend who filled in the form behind an advocate's link.
type Referral struct {
	ID           string `json:"referralId"`
	CampaignID   string `json:"campaignId"`
	CampaignName string `json:"campaignName"`
	AdvocateID   string `json:"advocateId"`
	AdvocateName string `json:"advocateName"`
	Status       string `json:"status"`
	FriendName   string `json:"friendName"`
	FriendEmail  string `json:"friendEmail"`
	FriendPhone  string `json:"friendPhone"` // likely, though no sample shows it
	CreatedAt    string `json:"createdAt"`
	ConvertedAt  string `json:"convertedAt"` // likewise
}

// Activity is an entry of an advocate's ledger.
type Activity struct {
	ID          string `json:"activityId"`
	CampaignID  string `json:"campaignId"`
	AdvocateID  string `json:"advocateId"`
	Action      string `json:"action"` // advocate.enrolled, advocate.credit.adjusted, …
	Description string `json:"description"`
	Amount      int64  `json:"amountCents"`
	Before      int64  `json:"balanceBefore"`
	After       int64  `json:"balanceAfter"`
	Memo        string `json:"memo"` // the note of a credit
	ReferralID  string `json:"referralId"`
	FriendName  string `json:"friendName"`
	CreatedAt   string `json:"createdAt"`
}

// Account is the organisation and what its plan allows.
type Account struct {
	ID     string `json:"orgId"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Tier   string `json:"tier"`
	Quotas Quotas `json:"enabledFeatures"`
}

// Quotas are how many of each the plan allows; 0 where the answer does not say.
type Quotas struct {
	Users     Count `json:"users"`
	Campaigns Count `json:"campaigns"`
	Advocates Count `json:"advocates"` // of all campaigns together
	Referrals Count `json:"referrals"`
}

// Count is a number that an answer may leave out, or put something else in the
// place of: then it is 0.
type Count int64

// UnmarshalJSON reads a number and passes over all else: a plan without a
// bound is not documented.
func (c *Count) UnmarshalJSON(data []byte) error {
	var n int64
	if json.Unmarshal(data, &n) == nil {
		*c = Count(n)
	}
	return nil
}

// longAgo is how far the vendor's clock and ours may differ: what happened
// longer than that before a write left is certainly not that write's doing.
const longAgo = 24 * time.Hour

// since reports whether the instant can be of a write that left at t. One that
// cannot be read is taken for it: a write is rather not repeated.
func since(instant string, t time.Time) bool {
	at, err := time.Parse(time.RFC3339Nano, instant)
	return err != nil || at.After(t.Add(-longAgo))
}
