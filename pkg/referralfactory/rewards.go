package referralfactory

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
)

// Metrics are what rewards are counted in. Each metric has lists of its own.
var Metrics = []string{"amount", "commission", "coupon", "custom"}

// Reward is what somebody earned: due, or issued. The vendor's reference names
// the two objects "Due reward" and "Issued reward"; whether the second keeps
// the number of the first is not documented.
type Reward struct {
	ID          int64
	Metric      string // of the list it stands in
	RewardID    int64  // of its Promise
	RecipientID int64  // the user who earned it
	CanBeIssued bool
	Coupon      string // of the metric coupon
	Count       string // of the other metrics, a number
	Total       string // likewise

	IssuedAt string // YYYY-MM-DD, of an issued one
	Status   string // likewise
}

// UnmarshalJSON reads a reward leniently.
func (r *Reward) UnmarshalJSON(data []byte) error {
	var wire struct {
		ID          number          `json:"id"`
		RewardID    number          `json:"reward_id"`
		RecipientID number          `json:"recipient_id"`
		CanBeIssued flag            `json:"can_be_issued"`
		Coupon      json.RawMessage `json:"coupon"`
		Count       text            `json:"count"`
		Total       text            `json:"total"`
		IssuedAt    text            `json:"issued_at"`
		Status      text            `json:"status"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*r = Reward{
		ID: int64(wire.ID), RewardID: int64(wire.RewardID), RecipientID: int64(wire.RecipientID), CanBeIssued: bool(wire.CanBeIssued),
		Coupon: couponOf(wire.Coupon), Count: string(wire.Count), Total: string(wire.Total), IssuedAt: string(wire.IssuedAt), Status: string(wire.Status),
	}
	return nil
}

// couponOf reads a coupon, which is its code or an object that has one.
func couponOf(raw json.RawMessage) string {
	var code text
	_ = json.Unmarshal(raw, &code) // never fails, but for no value at all
	var object struct {
		Code text `json:"code"`
	}
	if code == "" {
		lenient(raw, &object)
		code = object.Code
	}
	return string(code)
}

// Promise is what a campaign promises for a lead: the definition by which
// rewards fall due. Its shape is that of v1.
type Promise struct {
	ID         int64
	CampaignID int64
	Name       string
	For        string // whose reward it is
	Type       string
	Value      string // a number
	When       string
}

// UnmarshalJSON reads a promise leniently.
func (p *Promise) UnmarshalJSON(data []byte) error {
	var wire struct {
		ID         number `json:"id"`
		CampaignID number `json:"campaign_id"`
		Name       text   `json:"name"`
		For        text   `json:"reward_for"`
		Type       text   `json:"type"`
		Value      text   `json:"value"`
		When       text   `json:"when_referral"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*p = Promise{int64(wire.ID), int64(wire.CampaignID), string(wire.Name), string(wire.For), string(wire.Type), string(wire.Value), string(wire.When)}
	return nil
}

// AllPromises starts a listing of the promises of a metric.
func (c *Client) AllPromises(metric string, try engine.Try) *Listing[Promise] {
	return newListing(try, func(ctx context.Context, n int) (Page[Promise], error) {
		return list[Promise](ctx, c, "/rewards/dashboard/"+metric, n)
	}, func(p *Promise) int64 { return p.ID })
}

// AllDue starts a listing of the rewards of a metric that are owed.
func (c *Client) AllDue(metric string, try engine.Try) *Listing[Reward] {
	return c.allRewards("/rewards/due/", metric, try)
}

// AllIssued starts a listing of the rewards of a metric that were issued.
func (c *Client) AllIssued(metric string, try engine.Try) *Listing[Reward] {
	return c.allRewards("/rewards/issued/", metric, try)
}

func (c *Client) allRewards(path, metric string, try engine.Try) *Listing[Reward] {
	return newListing(try, func(ctx context.Context, n int) (Page[Reward], error) {
		page, err := list[Reward](ctx, c, path+metric, n)
		for i := range page.Data {
			page.Data[i].Metric = metric
		}
		return page, err
	}, func(r *Reward) int64 { return r.ID })
}

// IssueReward pays a reward that is due: real money. What a second call does
// is not documented. No shape of a successful answer is, so none is asked of
// it.
func (c *Client) IssueReward(ctx context.Context, id int64) (int, error) {
	return c.settleReward(ctx, "issue", id)
}

// CancelReward takes a reward that is due off the list.
func (c *Client) CancelReward(ctx context.Context, id int64) (int, error) {
	return c.settleReward(ctx, "cancel", id)
}

func (c *Client) settleReward(ctx context.Context, how string, id int64) (int, error) {
	return c.api.Do(ctx, api.Request{Method: http.MethodPost, Path: "/rewards/" + how + "/" + strconv.FormatInt(id, 10)}, nil)
}
