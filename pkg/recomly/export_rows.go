package recomly

import (
	"io"
	"slices"

	"github.com/refbulk/refbulk/pkg/export"
)

// The columns of the exports. They are called as an import calls them, or are
// such as it passes over; the token of an advocate's portal is none.
var (
	campaignColumns = slices.Concat(
		export.Texts("campaignId", "name", "rewardMode"), export.Numbers("advocateRewardValue", "friendRewardValue"),
		export.Texts("status", "expiresAt"), export.Numbers("maxReferralsPerAdvocate"), export.Texts("createdAt", "updatedAt"),
	)
	advocateColumns = slices.Concat(
		export.Texts("campaignId", "advocateId", "name", "email", "phone", "notificationPreference", "referralCode"),
		export.Numbers("creditBalanceCents", "pendingCount", "convertedCount"), export.Texts("enrolledAt"),
	)
	referralColumns = export.Texts("campaignId", "referralId", "friendEmail", "friendName", "friendPhone", "status",
		"advocateId", "advocateName", "campaignName", "createdAt", "convertedAt")
	activityColumns = slices.Concat(
		export.Texts("campaignId", "advocateId", "activityId", "action"), export.Numbers("amountCents", "balanceBefore", "balanceAfter"),
		export.Texts("memo", "description", "referralId", "friendName", "createdAt"),
	)
)

// theCampaigns gives the campaigns, which were read already.
func (x *exporting) theCampaigns() func() (export.Page, error) {
	given := false
	return func() (export.Page, error) {
		if given {
			return export.Page{}, io.EOF
		}
		given = true
		page := pageOf(x.campaigns, func(c **Campaign) []string { return x.campaign(*c) })
		page.Total = page.Read
		return page, nil
	}
}

func (x *exporting) campaign(c *Campaign) []string {
	if !x.options.on(c.CreatedAt) {
		return nil
	}
	most := ""
	if c.MaxReferrals != 0 {
		most = cell(c.MaxReferrals)
	}
	return []string{c.ID, c.Name, c.RewardMode, cell(c.AdvocateReward), cell(c.FriendReward), c.Status, c.ExpiresAt, most, c.CreatedAt, c.UpdatedAt}
}

func (x *exporting) advocate(a *Advocate) []string {
	if !x.options.on(a.EnrolledAt) {
		return nil
	}
	return []string{a.CampaignID, a.ID, a.Name, a.Email, a.Phone, a.Preference, a.ReferralCode,
		cell(a.Balance), cell(a.Pending), cell(a.Converted), a.EnrolledAt}
}

func (x *exporting) referral(r *Referral) []string {
	if x.options.State != "" && r.Status != x.options.State || !x.options.on(r.CreatedAt) && (r.ConvertedAt == "" || !x.options.on(r.ConvertedAt)) {
		return nil
	}
	return []string{r.CampaignID, r.ID, r.FriendEmail, r.FriendName, r.FriendPhone, r.Status,
		r.AdvocateID, r.AdvocateName, r.CampaignName, r.CreatedAt, r.ConvertedAt}
}

func (x *exporting) activity(a *Activity) []string {
	if !x.options.on(a.CreatedAt) {
		return nil
	}
	return []string{a.CampaignID, a.AdvocateID, a.ID, a.Action, cell(a.Amount), cell(a.Before), cell(a.After),
		a.Memo, a.Description, a.ReferralID, a.FriendName, a.CreatedAt}
}
