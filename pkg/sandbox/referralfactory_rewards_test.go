package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// owing is a populated account where noor's qualification made two rewards
// due: 1, an amount for ivan, and 2, a coupon for noor.
func owing(t *testing.T, b sandbox.Behaviour) *sandbox.Server {
	t.Helper()
	state := populated()
	state.Rewards = append(state.Rewards,
		sandbox.Reward{ID: 2, CampaignID: 1, Name: "A coupon", Metric: "coupon", RewardFor: sandbox.PersonInvited},
		sandbox.Reward{ID: 3, CampaignID: 2, Name: "Elsewhere", Metric: "amount", RewardFor: sandbox.PersonReferring},
	)
	s := newServer(sandbox.Options{State: state, Behaviour: b})
	wantStatus(t, ask(t, s, "PUT", "/users/qualification", `{"id": 11, "qualified": true}`), 200)
	return s
}

func TestRewardsAreListedAndSearchedByMetric(t *testing.T) {
	s := owing(t, sandbox.Behaviour{})
	wantStatus(t, ask(t, s, "POST", "/rewards/issue/2", ""), 200)
	tests := []struct{ method, path, body, ids string }{
		{"GET", "/rewards/dashboard/amount", "", "1 3"},
		{"GET", "/rewards/dashboard/coupon", "", "2"},
		{"GET", "/rewards/dashboard/custom", "", ""},
		{"POST", "/rewards/dashboard/amount/search", `{"filters": {"field": "campaign_id", "operator": "=", "value": 2}}`, "3"},
		{"GET", "/rewards/due/amount", "", "1"},
		{"GET", "/rewards/due/coupon", "", ""},
		{"POST", "/rewards/due/amount/search", `{"filters": {"field": "recipient_id", "operator": "=", "value": 10}}`, "1"},
		{"POST", "/rewards/due/amount/search", `{"filters": {"field": "recipient_id", "operator": "=", "value": 11}}`, ""},
		{"GET", "/rewards/issued/coupon", "", "2"},
		{"GET", "/rewards/issued/amount", "", ""},
		{"POST", "/rewards/issued/coupon/search", `{"filters": {"field": "status", "operator": "=", "value": "issued"}}`, "2"},
		{"POST", "/rewards/issued/coupon/search", `{"filters": {"field": "reward_id", "operator": "!=", "value": 2}}`, ""},
	}
	for _, tt := range tests {
		got := ask(t, s, tt.method, tt.path, tt.body)
		wantStatus(t, got, 200)
		if ids := got.column(t, "id"); ids != tt.ids {
			t.Errorf("%s %s: ids = %q, want %q", tt.method, tt.path, ids, tt.ids)
		}
	}
	wantStatus(t, ask(t, s, "GET", "/rewards/due/gold", ""), 404)
	wantProblem(t, ask(t, s, "POST", "/rewards/due/amount/search", `{"filters": {"field": "name", "operator": "=", "value": ""}}`), "filters")
}

func TestRewardsHaveTheFieldsOfTheirMetric(t *testing.T) {
	s := owing(t, sandbox.Behaviour{})
	amount := ask(t, s, "GET", "/rewards/due/amount", "").list(t)[0]
	if want := "map[can_be_issued:true count:1 id:1 recipient_id:10 reward_id:1 total:10]"; fmt.Sprint(amount) != want {
		t.Errorf("due amount = %v, want %s", amount, want)
	}
	coupon := ask(t, s, "GET", "/rewards/due/coupon", "").list(t)[0]
	if _, hasCount := coupon["count"]; hasCount || coupon["coupon"] == nil || coupon["recipient_id"] != 11.0 {
		t.Errorf("due coupon = %v, want a coupon for 11 without count", coupon)
	}
	issued := ask(t, s, "POST", "/rewards/issue/1", "").data(t)
	if issued["id"] != 1.0 || issued["issued_at"] != day || issued["status"] != "issued" {
		t.Errorf("issued = %v, want id 1, issued on %s", issued, day)
	}
}

func TestIssuingTwice(t *testing.T) {
	tests := []struct {
		name           string
		behaviour      sandbox.IssueTwice
		status, double int
	}{
		{"is 404", sandbox.IssueTwiceMissing, 404, 0},
		{"is 422", sandbox.IssueTwiceInvalid, 422, 0},
		{"pays again", sandbox.IssueTwicePays, 200, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := owing(t, sandbox.Behaviour{IssueTwice: tt.behaviour})
			wantStatus(t, ask(t, s, "POST", "/rewards/issue/1", ""), 200)
			wantStatus(t, ask(t, s, "POST", "/rewards/issue/1", ""), tt.status)
			c := s.Counts()
			if c.Repeated.IssueCalls != 1 || c.Repeated.Issues != tt.double || c.Commits.Issues != 1+tt.double {
				t.Errorf("Counts() = %+v, want 1 repeated call, %d double", c, tt.double)
			}
			if n := len(s.State().Issued); n != 1+tt.double {
				t.Errorf("%d issued, want %d", n, 1+tt.double)
			}
		})
	}
}

func TestIssueRefusesWhatIsNotDue(t *testing.T) {
	state := populated()
	state.Due = []sandbox.DueReward{{ID: 4, RewardID: 1, RecipientID: 10, LeadID: 11}}
	s := newServer(sandbox.Options{State: state})
	wantProblem(t, ask(t, s, "POST", "/rewards/issue/4", ""), "id")
	for _, id := range []string{"9", "one", "0"} {
		wantStatus(t, ask(t, s, "POST", "/rewards/issue/"+id, ""), 404)
	}
	if c := s.Counts().Commits; c.Issues != 0 {
		t.Errorf("issues = %d, want 0", c.Issues)
	}
}

func TestCancelTakesTheRewardAway(t *testing.T) {
	s := owing(t, sandbox.Behaviour{})
	wantStatus(t, ask(t, s, "POST", "/rewards/cancel/1", ""), 200)
	wantStatus(t, ask(t, s, "POST", "/rewards/cancel/1", ""), 404)
	wantStatus(t, ask(t, s, "POST", "/rewards/issue/1", ""), 404)
	if state, c := s.State(), s.Counts().Commits; len(state.Due) != 1 || c.Cancels != 1 || c.Issues != 0 {
		t.Errorf("due %v, commits %+v, want the coupon due and one cancel", state.Due, c)
	}
}

func TestALeadWithoutReferrerEarnsNobodyAnything(t *testing.T) {
	s := owing(t, sandbox.Behaviour{QualifyReferring: true})
	due := len(s.State().Due)
	wantStatus(t, ask(t, s, "PUT", "/users/qualification", `{"id": 12, "qualified": true}`), 200)
	if got := len(s.State().Due); got != due {
		t.Errorf("%d due, want %d as before", got, due)
	}
}
