package recomly_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/recomly"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

var converting = recomly.Options{Operation: "qualify"}

// friends is an account of two advocates in a fixed campaign and one in a
// percent campaign, with referrals of every kind.
func friends() *sandbox.State {
	s := sandbox.Example()
	s.Recomly.Campaigns = append(s.Recomly.Campaigns, sandbox.RecomlyCampaign{
		ID: "9c41-west", Name: "West", RewardMode: "percent", AdvocateReward: 250, FriendReward: 100,
	})
	s.Recomly.Advocates = append(s.Recomly.Advocates,
		sandbox.RecomlyAdvocate{ID: "4", CampaignID: "1", Name: "Bo Lund", Email: "bo@example.com"},
		sandbox.RecomlyAdvocate{ID: "5", CampaignID: "9c41-west", Name: "Cy West", Email: "cy@example.com"})
	add := func(id, campaign, advocate, status, email string) {
		s.Recomly.Referrals = append(s.Recomly.Referrals, sandbox.RecomlyReferral{
			ID: id, CampaignID: campaign, AdvocateID: advocate, Status: status, FriendName: "A Friend", FriendEmail: email,
		})
	}
	add("two-a", "1", "2", "pending", "two@example.com")
	add("two-b", "1", "4", "pending", "Two@example.com")
	add("done", "1", "2", "converted", "done@example.com")
	add("late", "1", "2", "expired", "late@example.com")
	add("west", "9c41-west", "5", "pending", "west@example.com")
	return &s
}

func TestOnlyFreshPendingReferralsAreConverted(t *testing.T) {
	const text = `campaignId,referralId,friendEmail,jobValueCents
1,3,,
1,,PER@example.com,
1,,two@example.com,
1,two-b,,
1,two-a,,
1,done,,
1,,done@example.com,
1,late,,
1,,late@example.com,
1,,nobody@example.com,
1,nothing-such,,
9c41-west,,west@example.com,$820.01
1,two-b,per@example.com,
`
	for name, behaviour := range map[string]sandbox.RecomlyBehaviour{
		"409": {}, "pays twice": {RepeatConvert: sandbox.ConvertPaysTwice, ConvertExpired: true}, "pages": {PageSize: 2}, "nulls": {NullFields: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, sandbox.Options{State: friends(), Behaviour: sandbox.Behaviour{Recomly: behaviour}})
			r.workers = 1
			lines := r.mustRun("referrals", converting, text)
			r.wantStatuses(lines, "converted unchanged invalid converted invalid unchanged unchanged invalid absent absent absent converted invalid")
			if n := r.counts(); n.Converts != 3 || n.Repeated.ConvertCalls != 0 {
				t.Errorf("counts = %+v, want 3 conversions and nothing else asked for", n)
			}
			if !strings.Contains(lines[2]["error"], "two-a (sent by Ida Moss)") || !strings.Contains(lines[2]["error"], "two-b (sent by Bo Lund)") {
				t.Errorf("the error %q does not name both referrals", lines[2]["error"])
			}
			balances := map[string]int64{}
			for _, a := range r.state().Advocates {
				balances[a.Name+" "+a.Email] = a.Balance
			}
			// 2.5 % and 1 % of $820.01, rounded down; 2500 and 1500 cents.
			for who, want := range map[string]int64{
				"Ida Moss ida@example.com": 2500, "Bo Lund bo@example.com": 2500, "Cy West cy@example.com": 2050,
				"A Friend west@example.com": 820, "Per Lund per@example.com": 1500, "A Friend Two@example.com": 1500,
			} {
				if balances[who] != want {
					t.Errorf("%s has %d cents, want %d; all: %v", who, balances[who], want, balances)
				}
			}
			if !strings.Contains(lines[11]["error"], "the advocate's balance is $20.50") {
				t.Errorf("the remark %q does not tell the balance", lines[11]["error"])
			}
			for _, l := range r.read("referrals.undo.csv") {
				if l["operation"] != "skip" || !strings.Contains(l["note"], "cannot be taken back") {
					t.Errorf("undo = %v", l)
				}
			}
		})
	}
}

// Two advocates sent the same friend, and each referral has its own row: the
// conversion of one lets the other expire, whoever comes first.
func TestConversionsOfOneFriendDoNotMeet(t *testing.T) {
	for range 20 {
		r := newRig(t, sandbox.Options{State: friends(), Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{ConvertExpired: true}}})
		lines := r.mustRun("referrals", converting, "campaignId,referralId\n1,two-a\n1,two-b\n")
		got := lines[0]["status"] + " " + lines[1]["status"]
		if got != "converted invalid" && got != "invalid converted" {
			t.Errorf("statuses %s, want one converted and one invalid", got)
		}
		if n := r.counts().Converts; n != 1 {
			t.Errorf("%d conversions, want 1", n)
		}
	}
}

func TestConvertingSurvivesLostAnswers(t *testing.T) {
	for _, effect := range lostAnswers {
		for _, repeat := range []sandbox.RepeatConvert{sandbox.ConvertConflict, sandbox.ConvertPaysTwice} {
			state := sandbox.Example()
			var text strings.Builder
			text.WriteString("campaignId,friendEmail\n")
			for i := range 20 {
				email := fmt.Sprintf("f%d@example.com", i)
				state.Recomly.Referrals = append(state.Recomly.Referrals, sandbox.RecomlyReferral{
					ID: fmt.Sprint("r", i), CampaignID: "1", AdvocateID: "2", Status: "pending", FriendName: "F", FriendEmail: email,
				})
				fmt.Fprintf(&text, "1,%s\n", email)
			}
			r := newRig(t, sandbox.Options{
				State: &state, Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{RepeatConvert: repeat}},
				Faults: []sandbox.Fault{fault(t, "POST /campaigns/*/referrals/*/convert every=4 times=4 "+effect)},
			})
			r.workers = 8
			r.wantStatuses(r.mustRun("referrals", converting, text.String()), strings.TrimSpace(strings.Repeat("converted ", 20)))
			if n := r.counts(); n.Converts != 20 || n.Repeated.Converts != 0 || n.Repeated.ConvertCalls != 0 {
				t.Errorf("%s: counts = %+v, want 20 conversions, none twice", effect, n)
			}
			if got := r.state().Advocates[0].Balance; got != 20*2500 {
				t.Errorf("%s: the advocate has %d cents, want %d", effect, got, 20*2500)
			}
		}
	}
}

func TestPercentCampaignsNeedTheJobsValue(t *testing.T) {
	r := newRig(t, sandbox.Options{State: friends()})
	lines := r.mustRun("referrals", converting, "campaignId,referralId,jobValueCents\n9c41-west,a,\n9c41-west,b,0\n9c41-west,c,-5\n9c41-west,d,820.00\n")
	r.wantStatuses(lines, "invalid invalid invalid invalid")
	for i, want := range []string{"a share of it", "not more than nothing", "not more than nothing", "may be dollars or cents"} {
		if !strings.Contains(lines[i]["error"], want) {
			t.Errorf("row %d: %q, want %q", i+1, lines[i]["error"], want)
		}
	}
}

func TestReferralsCannotBeCreatedAndItIsSaidWhy(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	for _, operation := range []string{"", "create"} {
		_, err := r.run("referrals", recomly.Options{Operation: operation, Campaign: "1"}, "friendEmail\nper@example.com\n")
		if err == nil || !strings.Contains(err.Error(), recomly.NoReferralCreate) || !strings.Contains(err.Error(), "qualify") {
			t.Errorf("operation %q: err = %v, want why, and what can be done", operation, err)
		}
	}
	lines := r.mustRun("referrals", recomly.Options{Operation: "qualify", Campaign: "1"}, "operation,friendEmail\ncreate,per@example.com\n")
	r.wantStatuses(lines, "invalid")
	if !strings.Contains(lines[0]["error"], recomly.NoReferralCreate) {
		t.Errorf("error = %q", lines[0]["error"])
	}
}

func TestUnknownAndDeletedCampaignsAreNamed(t *testing.T) {
	state := friends()
	state.Recomly.Campaigns[1].Status = "deleted"
	r := newRig(t, sandbox.Options{State: state})
	lines := r.mustRun("referrals", converting, "campaignId,referralId\n7,3\n9c41-west,west\n,3\n")
	r.wantStatuses(lines, "invalid invalid invalid")
	for i, want := range []string{`is no campaign of this account; there are 1 "Refer a Friend"`, "was deleted", "--campaign"} {
		if !strings.Contains(lines[i]["error"], want) {
			t.Errorf("row %d: %q, want %q", i+1, lines[i]["error"], want)
		}
	}
}
