package recomly

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// Campaigns is the resource "campaigns" of an import.
type Campaigns struct{ base }

var _ Resource = (*Campaigns)(nil)

// NewCampaigns checks the options.
func NewCampaigns(client *Client, o Options) (*Campaigns, error) {
	c := &Campaigns{}
	return c, c.set(CampaignsName, client, o)
}

// Match implements Resource.
func (c *Campaigns) Match(headers []string) (fields.Columns, error) {
	return c.match(headers, func(columns fields.Columns) []string {
		var lacks []string
		switch {
		case columns.Has("operation"): // judged row by row
		case c.options.Operation == create:
			for _, f := range []string{"name", "rewardMode", "advocateRewardValue", "friendRewardValue"} {
				if !columns.Has(f) {
					lacks = append(lacks, "a column "+f)
				}
			}
		case !columns.Has("campaignId") && !columns.Has("target"):
			lacks = append(lacks, "a column that says which campaign is meant (campaignId)")
		}
		return lacks
	})
}

// Prepare compares the new campaigns with what the plan allows.
func (c *Campaigns) Prepare(due int, try engine.Try) error {
	more := min(int64(due), c.creates.Load())
	if more == 0 {
		return nil
	}
	account, err := c.account(try)
	if account == nil {
		return err
	}
	c.warn("campaigns", int64(c.campaigns.live()), more, int64(account.Quotas.Campaigns))
	return nil
}

// Look finds the campaign that the row names and decides what is left to do.
func (c *Campaigns) Look(ctx context.Context, in *row.Intent, sent time.Time) (engine.Step, error) {
	w := campaignWork{Campaigns: c, terms: in.Payload.(*terms), sent: sent}
	if !sent.IsZero() || in.InDoubt {
		if err := c.refresh(ctx); err != nil {
			return engine.Step{}, err
		}
	}
	switch w.operation {
	case create:
		return w.create(), nil
	case update:
		return w.update(c.campaigns.get(w.id)), nil
	case remove:
		return w.remove(c.campaigns.get(w.id)), nil
	}
	return engine.Step{Done: row.Outcome{Status: row.Skipped}}, nil
}

// refresh lists the campaigns anew.
func (c *Campaigns) refresh(ctx context.Context) error {
	writes := c.campaigns.sofar()
	var fresh []*Campaign
	_, err := pages(func(token string) (Page, error) {
		return c.client.ListCampaigns(ctx, token, func(x *Campaign) { fresh = append(fresh, x) })
	})
	if err == nil {
		c.campaigns.renew(fresh, writes)
	}
	return err
}

// UndoColumns are the fields of a row that takes a change back.
func (c *Campaigns) UndoColumns() []string {
	return []string{"operation", "campaignId", "name", "rewardMode", "advocateRewardValue", "friendRewardValue",
		"status", "expiresAt", "maxReferralsPerAdvocate", "note"}
}

// campaignWork is one row against the present state.
type campaignWork struct {
	*Campaigns
	*terms
	sent time.Time // when a write whose answer was lost had left; zero for none
}

func campaignOutcome(status row.Status, c *Campaign, http int, remark string) row.Outcome {
	o := row.Outcome{Status: status, HTTPStatus: http, Error: remark}
	if c != nil {
		o.ID = c.ID
	}
	return o
}

// create adds the campaign, unless one of its name is there.
func (w campaignWork) create() engine.Step {
	for _, there := range w.campaigns.named(w.name) {
		if own := !w.sent.IsZero() && since(there.CreatedAt, w.sent) && !w.campaigns.before(there.ID, w.sent) && w.sameTerms(&there); own {
			return engine.Step{Done: campaignOutcome(row.Created, &there, 0, ""), Undo: w.undoCreate}
		}
	}
	if found := w.campaigns.named(w.name); len(found) > 0 && !w.options.AllowSameName {
		return w.meets(found)
	}
	return engine.Step{Send: func(ctx context.Context) (row.Outcome, error) {
		made, status, err := w.client.CreateCampaign(ctx, w.whole())
		if err != nil {
			return row.Outcome{}, err
		}
		w.campaigns.wrote(made)
		return campaignOutcome(row.Created, made, status, ""), nil
	}, Undo: w.undoCreate}
}

// meets decides about a create that found the name taken.
func (w campaignWork) meets(found []Campaign) engine.Step {
	there := &found[0]
	switch w.options.OnExisting {
	case Fail:
		return engine.Step{Done: campaignOutcome(row.Rejected, there, 0, "a campaign of this name is there; to create another all the same, say --allow-same-name and name other --results")}
	case Update:
		if len(found) > 1 {
			return engine.Step{Done: row.Outcome{Status: row.Invalid,
				Error: "the name is that of " + strconv.Itoa(len(found)) + " campaigns: say which, in a column campaignId, with the operation update"}}
		}
		return w.update(there)
	}
	return engine.Step{Done: campaignOutcome(row.Exists, there, 0, "a campaign of this name is there; to create another all the same, say --allow-same-name and name other --results")}
}

// whole is what a create sends.
func (w campaignWork) whole() CampaignChanges {
	changes, _ := w.differences(&Campaign{})
	return changes
}

// sameTerms reports whether a campaign is as the row would create it.
func (w campaignWork) sameTerms(c *Campaign) bool {
	_, what := w.differences(c)
	return len(what) == 0
}

// differences is what an update has to send, and the names of it.
func (t *terms) differences(c *Campaign) (CampaignChanges, []string) {
	var changes CampaignChanges
	var what []string
	text := func(field, want, have string, to **string) {
		if want != "" && want != have {
			*to, what = &want, append(what, field)
		}
	}
	number := func(field string, want *int64, have int64, to **int64) {
		if want != nil && (*want != have || c.ID == "") {
			*to, what = want, append(what, field)
		}
	}
	text("name", t.name, c.Name, &changes.Name)
	text("rewardMode", t.mode, c.RewardMode, &changes.RewardMode)
	number("advocateRewardValue", t.advocateReward, c.AdvocateReward, &changes.AdvocateReward)
	number("friendRewardValue", t.friendReward, c.FriendReward, &changes.FriendReward)
	text("status", t.status, c.Status, &changes.Status)
	number("maxReferralsPerAdvocate", t.maxReferrals, c.MaxReferrals, &changes.MaxReferrals)
	if t.expiresAt != nil && !sameInstant(*t.expiresAt, c.ExpiresAt) {
		at := t.expiresAt
		if *at == "" {
			at = nil
		}
		changes.ExpiresAt, what = &at, append(what, "expiresAt")
	}
	return changes, what
}

// update sends what differs from the present state.
func (w campaignWork) update(there *Campaign) engine.Step {
	if there == nil {
		return engine.Step{Done: row.Outcome{Status: row.Absent, Error: "no campaign of this id is there to update"}}
	}
	changes, what := w.differences(there)
	if len(what) == 0 {
		status := row.Unchanged
		if !w.sent.IsZero() {
			status = row.Updated // by the write whose answer was lost
		}
		return engine.Step{Done: campaignOutcome(status, there, 0, "")}
	}
	// Done has no ID, which would say that this row created it.
	return engine.Step{Done: row.Outcome{Status: row.Updated}, Send: func(ctx context.Context) (row.Outcome, error) {
		after, status, err := w.client.UpdateCampaign(ctx, there.ID, changes)
		if gone(err) {
			return campaignOutcome(row.Absent, nil, api.StatusOf(err), "no campaign of this id is there to update"), nil
		}
		if err != nil {
			return row.Outcome{}, err
		}
		w.campaigns.wrote(after)
		return campaignOutcome(row.Updated, after, status, "changed "+strings.Join(what, ", ")), nil
	}, Undo: func(row.Outcome) map[string]string { return there.former(what) }}
}

// remove deletes a campaign.
func (w campaignWork) remove(there *Campaign) engine.Step {
	if there == nil {
		status := row.Absent
		if !w.sent.IsZero() {
			status = row.Deleted
		}
		return engine.Step{Done: row.Outcome{Status: status}}
	}
	return engine.Step{Send: func(ctx context.Context) (row.Outcome, error) {
		status, err := w.client.DeleteCampaign(ctx, there.ID)
		if gone(err) {
			return row.Outcome{Status: row.Absent, HTTPStatus: api.StatusOf(err)}, nil
		}
		if err != nil {
			return row.Outcome{}, err
		}
		after := *there
		after.Status = Deleted
		w.campaigns.wrote(&after)
		return campaignOutcome(row.Deleted, there, status, ""), nil
	}, Undo: func(row.Outcome) map[string]string {
		return map[string]string{"operation": skip, "campaignId": there.ID, "name": there.Name, "note": "a deleted campaign cannot be brought back"}
	}}
}

// undoCreate is known once the campaign has its id.
func (w campaignWork) undoCreate(o row.Outcome) map[string]string {
	if o.ID == "" {
		return nil
	}
	return map[string]string{"operation": remove, "campaignId": o.ID, "name": w.name}
}

// former is the row that gives the named fields their former values.
func (c *Campaign) former(what []string) map[string]string {
	all := map[string]string{
		"name": c.Name, "rewardMode": c.RewardMode, "status": c.Status, "expiresAt": cmp.Or(c.ExpiresAt, never),
		"advocateRewardValue":     strconv.FormatInt(c.AdvocateReward, 10),
		"friendRewardValue":       strconv.FormatInt(c.FriendReward, 10),
		"maxReferralsPerAdvocate": strconv.FormatInt(c.MaxReferrals, 10),
	}
	cells := map[string]string{"operation": update, "campaignId": c.ID}
	for _, field := range what {
		cells[field] = all[field]
		if field == "rewardMode" { // without which the values have no unit
			cells["advocateRewardValue"], cells["friendRewardValue"] = all["advocateRewardValue"], all["friendRewardValue"]
		}
	}
	return cells
}

// gone reports whether the API says that there is no such thing.
func gone(err error) bool {
	status := api.StatusOf(err)
	return api.VerdictOf(err) == api.Refused && (status == http.StatusNotFound || status == http.StatusGone)
}
