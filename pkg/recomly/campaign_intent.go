package recomly

import (
	"cmp"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// terms is the content of a row of campaigns: which campaign it names and what
// it wants the API to hold. What the row leaves open is nil or "".
type terms struct {
	operation string
	id        string

	name           string
	mode           string
	advocateReward *int64
	friendReward   *int64
	status         string
	expiresAt      *string // "" takes the expiry away
	maxReferrals   *int64

	how []string
}

func (t *terms) readings() []string { return t.how }

// target is how the results file names the campaign. A new one has its name
// alone.
func (t *terms) target() string {
	switch {
	case t.operation == create && t.name != "":
		return "name:" + nameKey(t.name)
	case t.operation != create && t.id != "":
		return "campaign:" + t.id
	}
	return ""
}

// Intents starts a pass over the file.
func (c *Campaigns) Intents(rows *sheet.Rows) (engine.Intents, error) {
	return newIntents(&c.base, rows, c.read)
}

// read turns one row into an intent, with all of its problems.
func (c *Campaigns) read(record *fields.Record[campaignRow]) row.Intent {
	cells := &cellReader{columns: c.columns}
	v := record.Value
	t := &terms{operation: cells.operation(v.Operation, c.options.Operation, c.vendors)}
	t.id = cmp.Or(cells.word(v.CampaignID), target(v.Target)["campaign"])
	if !c.unknown(cells, t.operation) && (t.operation == create || t.operation == update) {
		c.readTerms(v, t, cells)
	}
	misread := cells.misread() + record.At.Fault
	switch t.operation {
	case create:
		t.checkNew(cells)
	case update:
		c.checkChange(t, cells)
	case remove:
		c.checkKnown(t, cells)
	}
	in := begin(record, cells)
	in.Operation, in.Target, in.Payload = t.operation, t.target(), t
	in.Problems, t.how = cells.problems, cells.readings
	in.Content = t.content(misread)
	in.Own = record.Own(in.Content)
	in.Kind = "content"
	switch t.operation {
	case create:
		in.Kind, in.Would, in.Makes = "existence", row.Created, true
		in.Own = cmp.Or(in.Own, in.Content) // with --allow-same-name each is a campaign of its own
		if !c.options.AllowSameName {
			in.Meets = c.options.OnExisting.meets()
		}
	case remove:
		in.Kind, in.Would, in.Asks = "existence", row.Deleted, true
	case update:
		in.Would, in.MustExist = row.Updated, true
	case skip:
		in.Would, in.Skip, in.Problems = row.Skipped, true, nil
	}
	return in
}

func (c *Campaigns) readTerms(v campaignRow, t *terms, cells *cellReader) {
	t.name = cells.title("name", v.Name)
	t.mode = cells.choice("rewardMode", v.RewardMode, Fixed, Percent)
	mode := t.mode
	if there := c.campaigns.known[t.id]; mode == "" && t.operation == update && there != nil {
		mode = there.RewardMode
	}
	t.advocateReward = cells.reward("advocateRewardValue", v.AdvocateReward, mode)
	t.friendReward = cells.reward("friendRewardValue", v.FriendReward, mode)
	t.status = cells.choice("status", v.Status, Active, Paused)
	t.expiresAt = cells.instant("expiresAt", v.ExpiresAt)
	t.maxReferrals = cells.number("maxReferralsPerAdvocate", v.MaxReferrals, 1, 200)
}

// content sums what the row wants the API to hold.
func (t *terms) content(misread string) row.Fingerprint {
	expires := "-"
	if t.expiresAt != nil {
		expires = "=" + *t.expiresAt
	}
	return row.FingerprintOf(t.operation, t.target(), misread, t.name, t.mode, optional(t.advocateReward),
		optional(t.friendReward), t.status, expires, optional(t.maxReferrals))
}

// checkNew finds what keeps a campaign from being created. A cell that was
// misread has its problem already.
func (t *terms) checkNew(cells *cellReader) {
	for _, need := range []struct {
		field string
		there bool
	}{
		{"name", t.name != ""}, {"rewardMode", t.mode != ""},
		{"advocateRewardValue", t.advocateReward != nil}, {"friendRewardValue", t.friendReward != nil},
	} {
		if !need.there && !cells.complained(need.field) {
			cells.complain(need.field, "", fault{"is empty", "a campaign cannot be created without it"})
		}
	}
}

// checkChange finds what keeps a campaign from being changed. Another mode
// makes cents of basis points, or the reverse: it needs both values anew.
func (c *Campaigns) checkChange(t *terms, cells *cellReader) {
	there := c.checkKnown(t, cells)
	if len(cells.problems) > 0 {
		return
	}
	if t.changesNothing() {
		cells.complain("name", "", fault{"is empty, and so is every other column that could change something", "fill in what is to change"})
	}
	if there == nil {
		return // the look will say that it is absent
	}
	if t.mode != "" && t.mode != there.RewardMode && (t.advocateReward == nil || t.friendReward == nil) {
		cells.complain("rewardMode", t.mode, fault{"is not the campaign's present mode, and the values would change their unit", "fill in both reward values as well"})
	}
	if t.mode == "" && there.RewardMode != Fixed && there.RewardMode != Percent && (t.advocateReward != nil || t.friendReward != nil) {
		cells.complain("rewardMode", "", fault{"is empty, and the campaign's own is neither fixed nor percent", "fill in rewardMode"})
	}
}

func (t *terms) changesNothing() bool {
	return t.name == "" && t.mode == "" && t.advocateReward == nil && t.friendReward == nil &&
		t.status == "" && t.expiresAt == nil && t.maxReferrals == nil
}

// checkKnown gives the campaign that the row names, nil when it is not there.
func (c *Campaigns) checkKnown(t *terms, cells *cellReader) *Campaign {
	if t.id == "" {
		cells.complain("campaignId", "", fault{"is empty", "name the campaign by its id: names are not unique"})
		return nil
	}
	return c.campaigns.known[t.id]
}

// complained reports whether a field has a problem already.
func (c *cellReader) complained(field string) bool {
	column := c.columns.Header(field)
	for _, p := range c.problems {
		if p.Column == column {
			return true
		}
	}
	return false
}
