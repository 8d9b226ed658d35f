package recomly_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/export"
	"github.com/refbulk/refbulk/pkg/recomly"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// exported reads a whole export: the text of its file, its rows by column, and
// what was said on the way.
func (r *rig) exported(resource string, o recomly.ExportOptions) (text string, rows []line, said string) {
	r.Helper()
	var log strings.Builder
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	source, err := r.client().Export(resource, o, func(op func(context.Context) error) error { return op(r.Context()) })
	if err != nil {
		r.Fatal(err)
	}
	var b bytes.Buffer
	out, err := export.NewWriter(&b, export.CSV, source.Columns())
	if err != nil {
		r.Fatal(err)
	}
	if _, err := export.Copy(out, source, nil); err != nil {
		r.Fatal(err)
	}
	text = b.String()
	records, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		r.Fatal(err)
	}
	for _, record := range records[1:] {
		l := line{}
		for i, name := range records[0] {
			l[name] = record[i]
		}
		rows = append(rows, l)
	}
	return text, rows, log.String()
}

// programme is an account with two campaigns, a deleted one, and what happens
// in them.
func programme() *sandbox.State {
	s := crowd()
	x := &s.Recomly
	x.Campaigns[0].ExpiresAt = "2027-05-02T08:00:00.000Z"
	x.Campaigns = append(x.Campaigns, sandbox.RecomlyCampaign{ID: "gone", Name: "Gone", Status: "deleted", RewardMode: "fixed"})
	x.Advocates = append(x.Advocates,
		sandbox.RecomlyAdvocate{ID: "a2", CampaignID: "9c41-west", Name: "=Zoë \"Z\"", Email: "zoe@example.com", Preference: "email", EnrolledAt: "2026-06-01T08:00:00.000Z"},
		sandbox.RecomlyAdvocate{ID: "a3", CampaignID: "gone", Name: "Old", Email: "old@example.com", EnrolledAt: "2025-06-01T08:00:00.000Z"})
	x.Referrals = append(x.Referrals, sandbox.RecomlyReferral{ID: "r2", CampaignID: "1", AdvocateID: "2", Status: "converted", FriendName: "Al", FriendEmail: "al@example.com",
		CreatedAt: "2026-01-10T08:00:00.000Z", ConvertedAt: "2026-07-01T08:00:00.000Z"})
	for i := range 130 {
		x.Activity = append(x.Activity, sandbox.RecomlyActivity{ID: fmt.Sprint("act", i), CampaignID: "1", AdvocateID: "2", Action: "advocate.credit.adjusted",
			Amount: -5, Memo: "+note", CreatedAt: "2026-03-01T08:00:00.000Z"})
	}
	return s
}

// What is exported comes back as an update that changes nothing, and nobody's
// portal token is in it.
func TestAnExportComesBackWithoutAWrite(t *testing.T) {
	for name, behaviour := range map[string]sandbox.RecomlyBehaviour{
		"whole lists": {}, "pages": {PageSize: 1}, "older lists": {OldAdvocates: true}, "nulls": {NullFields: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, sandbox.Options{State: programme(), Behaviour: sandbox.Behaviour{Recomly: behaviour}})
			for resource, want := range map[string]string{"campaigns": "unchanged unchanged", "advocates": "unchanged unchanged"} {
				text, _, _ := r.exported(resource, recomly.ExportOptions{})
				if strings.Contains(strings.ToLower(text), "token") {
					t.Errorf("the export of %s speaks of tokens:\n%s", resource, text)
				}
				for _, a := range r.state().Advocates {
					if strings.Contains(text, a.PortalToken) {
						t.Errorf("the export of %s holds the portal token of %s", resource, a.ID)
					}
				}
				r.wantStatuses(r.mustRun(resource, recomly.Options{Operation: "update"}, text), want)
			}
			if n := r.server.Counts().Writes; n != 0 {
				t.Errorf("%d writes, want none", n)
			}
		})
	}
}

func TestAnExportHoldsWhatIsAskedFor(t *testing.T) {
	r := newRig(t, sandbox.Options{State: programme()})
	for _, test := range []struct {
		resource string
		options  recomly.ExportOptions
		column   string
		want     string
		says     string
	}{
		{"campaigns", recomly.ExportOptions{}, "campaignId", "1 9c41-west", "1 deleted campaigns are left out"},
		{"campaigns", recomly.ExportOptions{Campaign: "gone"}, "status", "deleted", ""},
		{"advocates", recomly.ExportOptions{}, "advocateId", "2 a2", ""},
		{"advocates", recomly.ExportOptions{Campaign: "9c41-west"}, "name", "'=Zoë \"Z\"", ""},
		{"advocates", recomly.ExportOptions{Since: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}, "advocateId", "a2", ""},
		{"referrals", recomly.ExportOptions{}, "referralId", "3 r2", ""},
		{"referrals", recomly.ExportOptions{State: recomly.Pending}, "friendEmail", "per@example.com", ""},
		{"referrals", recomly.ExportOptions{Since: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}, "referralId", "r2", ""},
		{"activity", recomly.ExportOptions{Campaign: "9c41-west"}, "activityId", "", ""},
	} {
		_, rows, said := r.exported(test.resource, test.options)
		var got []string
		for _, l := range rows {
			got = append(got, l[test.column])
		}
		if strings.Join(got, " ") != test.want || !strings.Contains(said, test.says) {
			t.Errorf("%s %+v: %q, want %q; it said %s", test.resource, test.options, got, test.want, said)
		}
	}
	for resource, o := range map[string]recomly.ExportOptions{"people": {}, "campaigns": {Campaign: "9"}, "advocates": {State: "pending"}, "referrals": {State: "gone"}} {
		if _, err := r.client().Export(resource, o, func(op func(context.Context) error) error { return op(t.Context()) }); err == nil {
			t.Errorf("Export(%s, %+v) found something to export", resource, o)
		}
	}
}

// An advocate's ledger comes in pages, or is cut after a hundred entries, which
// is said.
func TestTheActivityOfAllAdvocates(t *testing.T) {
	for _, old := range []bool{false, true} {
		r := newRig(t, sandbox.Options{State: programme(), Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{OldActivity: old}}})
		_, rows, said := r.exported("activity", recomly.ExportOptions{})
		want := map[bool]int{false: 130, true: 100}[old]
		if len(rows) != want || strings.Contains(said, "older ones may be missing") != old {
			t.Errorf("older API %v: %d entries, want %d; it said %q", old, len(rows), want, said)
		}
		if rows[0]["amountCents"] != "-5" || rows[0]["memo"] != "'+note" {
			t.Errorf("an entry is exported as %v", rows[0])
		}
	}
}
