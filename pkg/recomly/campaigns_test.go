package recomly_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/recomly"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

const vendorsSample = "name,rewardMode,advocateRewardValue,friendRewardValue,maxReferralsPerAdvocate\nSummer friends,fixed,2500,1500,20\n"

func TestTheVendorsSampleIsCreatedFromOneRow(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	lines := r.mustRun("campaigns", recomly.Options{}, vendorsSample)
	r.wantStatuses(lines, "created")
	made := r.state().Campaigns[1]
	if made.Name != "Summer friends" || made.RewardMode != "fixed" || made.AdvocateReward != 2500 || made.FriendReward != 1500 ||
		made.MaxReferrals != 20 || made.Status != "active" || lines[0]["id"] != made.ID {
		t.Errorf("created %+v for %v", made, lines[0])
	}
	undo := r.read("campaigns.undo.csv")
	if len(undo) != 1 || undo[0]["operation"] != "delete" || undo[0]["campaignId"] != made.ID {
		t.Errorf("undo = %v, want the deletion of %s", undo, made.ID)
	}
	r.wantStatuses(r.mustRun("campaigns", recomly.Options{}, vendorsSample), "created")
	if n := r.counts().CampaignCreates; n != 1 {
		t.Errorf("%d campaigns after a rerun, want 1", n)
	}
}

func TestCampaignsOfATakenNameExistUnlessAllowed(t *testing.T) {
	const text = "name,rewardMode,advocateRewardValue,friendRewardValue\n refer  A friend ,percent,5 %,2.5%\n"
	for _, tt := range []struct {
		o       recomly.Options
		want    string
		created int
	}{
		{recomly.Options{}, "exists", 0},
		{recomly.Options{AllowSameName: true}, "created", 1},
		{recomly.Options{OnExisting: recomly.Fail}, "rejected", 0},
		{recomly.Options{OnExisting: recomly.Update}, "updated", 0},
	} {
		t.Run(tt.want, func(t *testing.T) {
			r := newRig(t, sandbox.Options{})
			r.wantStatuses(r.mustRun("campaigns", tt.o, text), tt.want)
			if n := r.counts().CampaignCreates; n != tt.created {
				t.Errorf("%d created, want %d", n, tt.created)
			}
		})
	}
}

func TestCampaignsAreUpdatedAndDeleted(t *testing.T) {
	for _, behaviour := range []sandbox.RecomlyBehaviour{{}, {HideDeleted: true}, {BareObjects: true}, {NullFields: true}} {
		r := newRig(t, sandbox.Options{Behaviour: sandbox.Behaviour{Recomly: behaviour}})
		lines := r.mustRun("campaigns", recomly.Options{}, `operation,campaignId,name,advocateRewardValue,expiresAt,status
update,1,Winter club,$30.00,2026-12-31,paused
update,1,,,never,
update,1,,30 USD,,
update,none-such,Other,,,
delete,1,,,,
delete,1,,,,
delete,none-such,,,,
`)
		r.wantStatuses(lines, "updated updated unchanged absent deleted duplicate absent")
		c := r.state().Campaigns[0]
		if c.Name != "Winter club" || c.AdvocateReward != 3000 || c.ExpiresAt != "" || c.Status != "deleted" || c.FriendReward != 1500 {
			t.Errorf("the campaign is %+v", c)
		}
		var undone []string
		for _, l := range r.read("campaigns.undo.csv") {
			undone = append(undone, l["operation"]+" "+l["name"]+l["advocateRewardValue"]+l["expiresAt"]+l["status"])
		}
		want := "skip Winter club, update 2026-12-31T23:59:59.000Z, update Refer a Friend2500neveractive"
		if got := strings.Join(undone, ", "); got != want {
			t.Errorf("undo = %q, want %q", got, want)
		}
		if got := r.counts(); got.CampaignUpdates != 2 || got.CampaignDeletes != 1 {
			t.Errorf("counts = %+v", got)
		}
	}
}

func TestAChangeOfModeNeedsBothValues(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	lines := r.mustRun("campaigns", recomly.Options{Operation: "update"}, `campaignId,rewardMode,advocateRewardValue,friendRewardValue
1,percent,,
1,percent,5%,
`)
	r.wantStatuses(lines, "invalid invalid")
	r = newRig(t, sandbox.Options{})
	r.wantStatuses(r.mustRun("campaigns", recomly.Options{Operation: "update"}, "campaignId,rewardMode,advocateRewardValue,friendRewardValue\n1,percent,5%,250\n"), "updated")
	if c := r.state().Campaigns[0]; c.RewardMode != "percent" || c.AdvocateReward != 500 || c.FriendReward != 250 {
		t.Errorf("the campaign is %+v", c)
	}
}

// badCampaigns are cells that make a row of campaigns invalid: name, mode,
// advocate's and friend's reward, status, expiry, most referrals; and what the
// message has to say.
var badCampaigns = [][]string{
	{"", "fixed", "2500", "1500", "", "", "", `column "name": is empty`},
	{strings.Repeat("x", 101), "fixed", "2500", "1500", "", "", "", "101 characters"},
	{"A", "", "2500", "1500", "", "", "", `column "rewardMode": is empty`},
	{"A", "points", "2500", "1500", "", "", "", "none of fixed, percent"},
	{"A", "fixed", "", "1500", "", "", "", `column "advocateRewardValue": is empty`},
	{"A", "fixed", "25.00", "1500", "", "", "", "may be dollars or cents"},
	{"A", "fixed", "5 %", "1500", "", "", "", "is a percentage"},
	{"A", "fixed", "€25", "1500", "", "", "", "not in US dollars"},
	{"A", "fixed", "-$5", "1500", "", "", "", "less than nothing"},
	{"A", "fixed", "2500", "many", "", "", "", "not an amount of money"},
	{"A", "percent", "10001", "100", "", "", "", "more than 10000 basis points"},
	{"A", "percent", "101%", "100", "", "", "", "more than 10000 basis points"},
	{"A", "percent", "5.5", "100", "", "", "", "may be percent or basis points"},
	{"A", "percent", "$5", "100", "", "", "", "an amount of money, where a percentage belongs"},
	{"A", "fixed", "2500", "1500", "deleted", "", "", "none of active, paused"},
	{"A", "fixed", "2500", "1500", "", "03/04/2026", "", "day and month or month and day"},
	{"A", "fixed", "2500", "1500", "", "31.02.2026", "", "the calendar does not have"},
	{"A", "fixed", "2500", "1500", "", "46387", "", "as a spreadsheet stores it"},
	{"A", "fixed", "2500", "1500", "", "", "0", "not between 1 and 200"},
	{"A", "fixed", "2500", "1500", "", "", "201", "not between 1 and 200"},
}

func TestOf200CampaignsThe20BadOnesAreNamedAndTheOthersMade(t *testing.T) {
	state := sandbox.Example()
	state.Recomly.Org.Quotas = sandbox.RecomlyQuota{Campaigns: 500, Advocates: 1000}
	r := newRig(t, sandbox.Options{State: &state})
	var b strings.Builder
	b.WriteString("name,rewardMode,advocateRewardValue,friendRewardValue,status,expiresAt,maxReferralsPerAdvocate\n")
	bad := 0
	for i := range 200 {
		cells := []string{fmt.Sprintf("Campaign %d", i), "fixed", "$25.00", "1500", "paused", "31 Dec 2026", "20"}
		if i%10 == 3 {
			cells = badCampaigns[bad][:7]
			bad++
		}
		for n, cell := range cells {
			if n > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q", cell)
		}
		b.WriteByte('\n')
	}
	lines := r.mustRun("campaigns", recomly.Options{}, b.String())
	bad = 0
	for i, l := range lines {
		if i%10 != 3 {
			if l["status"] != "created" {
				t.Errorf("row %d: %s %s, want created", i+1, l["status"], l["error"])
			}
			continue
		}
		if want := badCampaigns[bad][7]; l["status"] != "invalid" || !strings.Contains(l["error"], want) {
			t.Errorf("row %d: %s %q, want invalid with %q", i+1, l["status"], l["error"], want)
		}
		bad++
	}
	if bad != 20 || r.counts().CampaignCreates != 180 || r.totals.Failed != 20 {
		t.Errorf("%d bad, %d created, %d in the failed file; want 20, 180, 20", bad, r.counts().CampaignCreates, r.totals.Failed)
	}
}

// A campaign that somebody made a minute ago, of the same name and terms, is not
// what became of a create that never arrived: it was there before.
func TestACampaignThatWasThereIsNotTakenForALostOne(t *testing.T) {
	state := sandbox.Example()
	state.Recomly.Campaigns[0].CreatedAt = "" // just now
	r := newRig(t, sandbox.Options{State: &state, Faults: []sandbox.Fault{fault(t, "POST /campaigns times=1 reset-before")}})
	lines := r.mustRun("campaigns", recomly.Options{AllowSameName: true}, "name,rewardMode,advocateRewardValue,friendRewardValue\nRefer a Friend,fixed,2500,1500\n")
	r.wantStatuses(lines, "created")
	if n := r.counts().CampaignCreates; n != 1 || lines[0]["id"] == "1" {
		t.Errorf("%d campaigns created, and the row has the id %s; want one, and not that of the old one", n, lines[0]["id"])
	}
}

func TestCreatingCampaignsSurvivesLostAnswers(t *testing.T) {
	const text = "name,rewardMode,advocateRewardValue,friendRewardValue,expiresAt\nA,fixed,2500,1500,2027-01-01\nA,fixed,2500,1400,\nB,percent,500,0,\n"
	for _, effect := range lostAnswers {
		for _, allow := range []bool{false, true} {
			r := newRig(t, sandbox.Options{Faults: []sandbox.Fault{fault(t, "POST /campaigns times=2 "+effect)}})
			lines := r.mustRun("campaigns", recomly.Options{AllowSameName: allow}, text)
			want, n := "created exists created", 2
			if allow {
				want, n = "created created created", 3
			}
			r.wantStatuses(lines, want)
			if got := r.counts(); got.CampaignCreates != n || got.Repeated.Campaigns != 0 {
				t.Errorf("%s, same name %v: counts = %+v, want %d created", effect, allow, got, n)
			}
		}
	}
}

// lostAnswers are the ways in which a write ends without a usable answer, some
// of them applied and some not.
var lostAnswers = []string{
	"lose-answer", "reset-before", "reset-mid-body", "malformed-json", "empty-body", "html-body", "status=500", "status=503", "stall",
}
