package sandbox

import (
	"strconv"
)

// The fields a search can name, as text; nil for a field there is none of.
// Absent numbers and dates are "", which is what null compares as.

func (u *User) field(name string) *string {
	switch name {
	case "id":
		return number(u.ID)
	case "campaign_id":
		return number(u.CampaignID)
	case "referrer_id":
		return number(u.ReferrerID)
	case "qualified":
		return new(strconv.FormatBool(u.QualifiedAt != ""))
	case "code":
		return &u.Code
	case "email":
		return &u.Email
	case "first_name":
		return &u.FirstName
	case "type":
		return &u.Type
	case "source":
		return &u.Source
	case "url":
		return &u.URL
	case "signed_up_at":
		return &u.SignedUpAt
	case "qualified_at":
		return &u.QualifiedAt
	case "unsubscribed_at":
		return &u.UnsubscribedAt
	}
	return nil
}

func (c *Campaign) field(name string) *string {
	switch name {
	case "id":
		return number(c.ID)
	case "name":
		return &c.Name
	case "code":
		return &c.Code
	case "lang":
		return &c.Lang
	case "status":
		return &c.Status
	case "url":
		return &c.URL
	}
	return nil
}

func (r *Reward) field(name string) *string {
	switch name {
	case "id":
		return number(r.ID)
	case "campaign_id":
		return number(r.CampaignID)
	case "name":
		return &r.Name
	case "reward_for":
		return &r.RewardFor
	}
	return nil
}

func (d *DueReward) field(name string) *string {
	switch name {
	case "id":
		return number(d.ID)
	case "reward_id":
		return number(d.RewardID)
	case "recipient_id":
		return number(d.RecipientID)
	case "can_be_issued":
		return new(strconv.FormatBool(d.CanBeIssued))
	case "coupon":
		return &d.Coupon
	}
	return nil
}

func (i *IssuedReward) field(name string) *string {
	switch name {
	case "issued_at":
		return &i.IssuedAt
	case "status":
		return &i.Status
	}
	return i.DueReward.field(name)
}

func number(n int64) *string {
	if n == 0 {
		return new("")
	}
	return new(strconv.FormatInt(n, 10))
}
