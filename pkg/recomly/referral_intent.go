package recomly

import (
	"cmp"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// NoReferralCreate says why no file can bring referrals in.
const NoReferralCreate = "cannot be done: Recomly has no call that creates a referral. One comes only of the form behind an advocate's link, " +
	"which the friend fills in; it would need a call that takes the campaign, the advocate, and the friend's name with an e-mail address or a phone number"

// friend is the content of a row of referrals.
type friend struct {
	operation string
	campaign  string
	id        string
	email     string
	jobValue  *int64 // cents; nil when the row does not say

	how []string
}

func (f *friend) readings() []string { return f.how }

// target is how the results file names the referral.
func (f *friend) target() string {
	switch {
	case f.id != "":
		return "referral:" + f.id + " campaign:" + f.campaign
	case f.email != "":
		return "friend:" + fields.SameEmail(f.email) + " campaign:" + f.campaign
	}
	return ""
}

// Intents starts a pass over the file.
func (r *Referrals) Intents(rows *sheet.Rows) (engine.Intents, error) {
	return newIntents(&r.base, rows, r.read)
}

// read turns one row into an intent, with all of its problems.
func (r *Referrals) read(record *fields.Record[referralRow]) row.Intent {
	cells := &cellReader{columns: r.columns}
	v := record.Value
	from := target(v.Target)
	f := &friend{operation: cells.operation(v.Operation, r.options.Operation, r.vendors)}
	f.campaign = cmp.Or(cells.word(v.CampaignID), from["campaign"], r.options.Campaign)
	f.id, f.email = cells.word(v.ReferralID), cells.email("friendEmail", v.FriendEmail)
	if f.id == "" && f.email == "" {
		f.id, f.email = from["referral"], cells.email("target", from["friend"])
	}
	f.jobValue = cells.money("jobValueCents", v.JobValue)
	misread := cells.misread() + record.At.Fault
	if !r.unknown(cells, f.operation) && f.operation != skip {
		r.check(f, cells)
	}
	in := begin(record, cells)
	in.Operation, in.Target, in.Payload = f.operation, f.target(), f
	in.Problems, f.how = cells.problems, cells.readings
	in.Content = row.FingerprintOf(f.operation, f.target(), misread, fields.SameEmail(f.email), optional(f.jobValue))
	in.Kind = "qualification"
	if f.operation == skip {
		in.Would, in.Skip, in.Problems = row.Skipped, true, nil
		return in
	}
	in.Would, in.Meets, in.Notifies = row.Converted, row.Unchanged, 2 // both sides are told
	return in
}

// check finds what keeps a row from being sent. A cell that was misread has
// its problem already.
func (r *Referrals) check(f *friend, cells *cellReader) {
	campaign := r.campaign(cells, f.campaign)
	if f.target() == "" && !cells.complained("friendEmail") {
		cells.complain("friendEmail", "", fault{"is empty", "say which referral is meant by referralId or friendEmail"})
	}
	switch {
	case f.jobValue != nil && *f.jobValue <= 0:
		cells.complain("jobValueCents", "", fault{"is not more than nothing", "say what the job was worth"})
	case campaign != nil && campaign.RewardMode == Percent && f.jobValue == nil && !cells.complained("jobValueCents"):
		cells.complain("jobValueCents", "", fault{"is empty, and the campaign's rewards are a share of it", "say what the job was worth"})
	}
}
