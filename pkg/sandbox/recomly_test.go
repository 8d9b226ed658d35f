package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// tell makes one call of the other vendor, with a key and the content type
// that every call needs.
func tell(t *testing.T, s *sandbox.Server, method, path, body string) reply {
	t.Helper()
	r := request(method, "/app"+path, body)
	r.Header.Set("Content-Type", "application/json")
	return send(s, r)
}

// organisation is the example with a percent campaign and an advocate by phone.
func organisation() *sandbox.State {
	s := sandbox.Example()
	s.Recomly.Campaigns = append(s.Recomly.Campaigns, sandbox.RecomlyCampaign{ID: "west", Name: "West", RewardMode: "percent", AdvocateReward: 250, FriendReward: 100})
	s.Recomly.Advocates = append(s.Recomly.Advocates, sandbox.RecomlyAdvocate{ID: "cy", CampaignID: "west", Name: "Cy", Phone: "+13125550142"})
	s.Recomly.Referrals = append(s.Recomly.Referrals,
		sandbox.RecomlyReferral{ID: "w", CampaignID: "west", AdvocateID: "cy", Status: "pending", FriendName: "Wim", FriendEmail: "wim@example.com"},
		sandbox.RecomlyReferral{ID: "again", CampaignID: "1", AdvocateID: "2", Status: "pending", FriendName: "Per", FriendEmail: "PER@example.com"})
	return &s
}

func recomlyServer(b sandbox.RecomlyBehaviour) *sandbox.Server {
	return newServer(sandbox.Options{State: organisation(), Behaviour: sandbox.Behaviour{Recomly: b}})
}

func (r reply) in(t *testing.T, name string) object {
	t.Helper()
	inner, ok := r.object(t)[name].(map[string]any)
	if !ok {
		t.Fatalf("answer %d %s has no object %q", r.status, r.body, name)
	}
	return inner
}

func TestRecomlyRefusesByForm(t *testing.T) {
	const terms = `"name":"A","rewardMode":"fixed","advocateRewardValue":1,"friendRewardValue":1`
	tests := []struct {
		method, path, body string
		want               int
		says               string
	}{
		{"POST", "/campaigns", `{}`, 400, "name is required"},
		{"POST", "/campaigns", `no JSON`, 400, "invalid JSON"},
		{"POST", "/campaigns", `{"name":"A","rewardMode":"points","advocateRewardValue":1,"friendRewardValue":1}`, 400, "rewardMode"},
		{"POST", "/campaigns", `{"name":"A","rewardMode":"percent","advocateRewardValue":10001,"friendRewardValue":1}`, 400, "advocateRewardValue"},
		{"POST", "/campaigns", `{"name":"A","rewardMode":"fixed","advocateRewardValue":"1","friendRewardValue":1}`, 400, "integer"},
		{"POST", "/campaigns", `{` + terms + `,"maxReferralsPerAdvocate":201}`, 400, "between 1 and 200"},
		{"POST", "/campaigns", `{` + terms + `,"expiresAt":"tomorrow"}`, 400, "ISO 8601"},
		{"POST", "/campaigns", `{` + terms + `,"status":"deleted"}`, 400, "status"},
		{"POST", "/campaigns", `{"name":"` + strings.Repeat("x", 101) + `","rewardMode":"fixed","advocateRewardValue":1,"friendRewardValue":1}`, 400, "100 characters"},
		{"PATCH", "/campaigns/1", `{}`, 400, "at least one field"},
		{"PATCH", "/campaigns/west", `{"advocateRewardValue":20000}`, 400, "between"},
		{"PATCH", "/campaigns/9", `{"name":"B"}`, 404, "campaign not found"},
		{"DELETE", "/campaigns/9", ``, 404, "campaign not found"},
		{"POST", "/campaigns/1/invite", `{"email":"a@example.com"}`, 400, "name is required"},
		{"POST", "/campaigns/1/invite", `{"name":"A"}`, 400, "email or phone"},
		{"POST", "/campaigns/1/invite", `{"name":"A","email":"a"}`, 400, "email"},
		{"POST", "/campaigns/1/invite", `{"name":"A","phone":"+442071838750"}`, 400, "US number"},
		{"POST", "/campaigns/9/invite", `{"name":"A","email":"a@example.com"}`, 404, "campaign not found"},
		{"PATCH", "/campaigns/1/advocates/2", `{"email":null}`, 400, "email or phone is required"},
		{"PATCH", "/campaigns/1/advocates/2", `{"notificationPreference":"sms"}`, 400, "does not match"},
		{"PATCH", "/campaigns/west/advocates/2", `{"name":"X"}`, 404, "advocate not found"},
		{"POST", "/campaigns/1/advocates/2/credit", `{"delta":0}`, 400, "non-zero"},
		{"POST", "/campaigns/1/advocates/2/credit", `{"delta":100001}`, 400, "between"},
		{"POST", "/campaigns/1/advocates/2/credit", `{"delta":1,"note":"` + strings.Repeat("x", 201) + `"}`, 400, "200 characters"},
		{"GET", "/campaigns/1/advocates/2/activity?limit=201", ``, 400, "limit"},
		{"GET", "/campaigns/1/advocates/2/activity?nextToken=oops", ``, 400, "nextToken"},
		{"GET", "/campaigns/1/advocates/2/activity?nextToken=MDAw!", ``, 400, "nextToken"},
		{"GET", "/campaigns/1/referrals?status=expired", ``, 400, "status"},
		{"POST", "/campaigns/west/referrals/w/convert", `{}`, 400, "jobValueCents"},
		{"POST", "/campaigns/1/referrals/w/convert", ``, 404, "referral not found"},
		{"PUT", "/campaigns", ``, 405, "method"},
		{"GET", "/nothing", ``, 404, "no such path"},
	}
	for _, tt := range tests {
		s := recomlyServer(sandbox.RecomlyBehaviour{})
		before := s.State()
		got := tell(t, s, tt.method, tt.path, tt.body)
		message, _ := got.object(t)["error"].(string)
		if got.status != tt.want || !strings.Contains(message, tt.says) {
			t.Errorf("%s %s %s = %d %q, want %d with %q", tt.method, tt.path, tt.body, got.status, message, tt.want, tt.says)
		}
		wantSameState(t, s.State(), before)
	}
}

func TestRecomlyWantsItsContentTypeAndIsAtBothPrefixes(t *testing.T) {
	s := recomlyServer(sandbox.RecomlyBehaviour{})
	bare := request("GET", "/app/campaigns", "")
	bare.Header.Del("Content-Type")
	wantStatus(t, send(s, bare), 400)
	for _, prefix := range sandbox.RecomlyPrefixes {
		r := request("GET", prefix+"/campaigns", "")
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		wantStatus(t, send(s, r), 200)
	}
	wantStatus(t, tell(t, recomlyServer(sandbox.RecomlyBehaviour{OnlyPrefix: "/api/app"}), "GET", "/campaigns", ""), 404)
	wantStatus(t, tell(t, newServer(sandbox.Options{Token: "other"}), "GET", "/campaigns", ""), 401)
}

func TestRecomlyConvertsWithAllItsEffects(t *testing.T) {
	s := recomlyServer(sandbox.RecomlyBehaviour{})
	got := tell(t, s, "POST", "/campaigns/1/referrals/3/convert", "")
	wantStatus(t, got, 200)
	if o := got.object(t); o["ok"] != true || o["advocateNewBalance"] != 2500.0 || o["conversionId"] == "" {
		t.Errorf("answer %s", got.body)
	}
	wantStatus(t, tell(t, s, "POST", "/campaigns/west/referrals/w/convert", `{"jobValueCents":82001}`), 200)
	type who struct {
		campaign, contact, preference string
		balance                       int64
	}
	var people []who
	state := s.State().Recomly
	for _, a := range state.Advocates {
		people = append(people, who{a.CampaignID, a.Email + a.Phone, a.Preference, a.Balance})
	}
	want := []who{
		{"1", "ida@example.com", "email", 2500}, {"west", "+13125550142", "sms", 2050},
		{"1", "per@example.com", "email", 1500}, {"west", "wim@example.com", "email", 820},
	}
	if diff := cmp.Diff(want, people, cmp.AllowUnexported(who{})); diff != "" {
		t.Errorf("advocates (-want +got):\n%s", diff)
	}
	statuses := ""
	for _, r := range state.Referrals {
		statuses += r.ID + " " + r.Status + " "
	}
	if statuses != "3 converted w converted again expired " {
		t.Errorf("referrals = %s", statuses)
	}
	wantStatus(t, tell(t, s, "POST", "/campaigns/1/referrals/3/convert", ""), 409)
	wantStatus(t, tell(t, s, "POST", "/campaigns/1/referrals/again/convert", ""), 409)
	c := s.Counts()
	if c.Recomly.Converts != 2 || c.Recomly.Repeated.ConvertCalls != 2 || c.Recomly.Repeated.Converts != 0 || c.Notified != 4 {
		t.Errorf("counts = %+v, notified %d", c.Recomly, c.Notified)
	}
}

func TestRecomlyContestedPointsAreSwitches(t *testing.T) {
	const idaAgain = `{"name":"Ida","email":"IDA@example.com"}`
	tests := []struct {
		name               string
		behaviour          sandbox.RecomlyBehaviour
		before             string // a call before, "METHOD path"
		method, path, body string
		want               int
		check              func(sandbox.RecomlyCounts) bool
	}{
		{"a repeated invitation", sandbox.RecomlyBehaviour{}, "", "POST", "/campaigns/1/invite", idaAgain, 409, func(n sandbox.RecomlyCounts) bool { return n.Repeated.InviteCalls == 1 && n.Invites == 0 }},
		{"400", sandbox.RecomlyBehaviour{RepeatInvite: sandbox.InviteInvalid}, "", "POST", "/campaigns/1/invite", idaAgain, 400, nil},
		{"422", sandbox.RecomlyBehaviour{RepeatInvite: sandbox.InviteUnprocessed}, "", "POST", "/campaigns/1/invite", idaAgain, 422, nil},
		{"the old record", sandbox.RecomlyBehaviour{RepeatInvite: sandbox.InviteReturnsOld}, "", "POST", "/campaigns/1/invite", idaAgain, 200, func(n sandbox.RecomlyCounts) bool { return n.Invites == 0 }},
		{"another", sandbox.RecomlyBehaviour{RepeatInvite: sandbox.InviteMakesAnother}, "", "POST", "/campaigns/1/invite", idaAgain, 201, func(n sandbox.RecomlyCounts) bool { return n.Invites == 1 && n.Repeated.Invites == 1 }},
		{"a fresh one is 200", sandbox.RecomlyBehaviour{CreateStatus: 200}, "", "POST", "/campaigns/1/invite", `{"name":"A","email":"a@example.com"}`, 200, nil},
		{"a paused campaign", sandbox.RecomlyBehaviour{}, `PATCH /campaigns/1 {"status":"paused"}`, "POST", "/campaigns/1/invite", `{"name":"A","email":"a@example.com"}`, 201, nil},
		{"a paused campaign refuses", sandbox.RecomlyBehaviour{RefuseInactive: true}, `PATCH /campaigns/1 {"status":"paused"}`, "POST", "/campaigns/1/invite", `{"name":"A","email":"a@example.com"}`, 409, nil},
		{"a second conversion pays", sandbox.RecomlyBehaviour{RepeatConvert: sandbox.ConvertPaysTwice}, "POST /campaigns/1/referrals/3/convert", "POST", "/campaigns/1/referrals/3/convert", "", 200, func(n sandbox.RecomlyCounts) bool { return n.Converts == 2 && n.Repeated.Converts == 1 }},
		{"a second conversion does nothing", sandbox.RecomlyBehaviour{RepeatConvert: sandbox.ConvertChangesNone}, "POST /campaigns/1/referrals/3/convert", "POST", "/campaigns/1/referrals/3/convert", "", 200, func(n sandbox.RecomlyCounts) bool { return n.Converts == 1 }},
		{"an expired referral", sandbox.RecomlyBehaviour{ConvertExpired: true}, "POST /campaigns/1/referrals/3/convert", "POST", "/campaigns/1/referrals/again/convert", "", 200, nil},
		{"less than nothing", sandbox.RecomlyBehaviour{}, "", "POST", "/campaigns/1/advocates/2/credit", `{"delta":-1}`, 200, nil},
		{"never less than nothing", sandbox.RecomlyBehaviour{RefuseNegative: true}, "", "POST", "/campaigns/1/advocates/2/credit", `{"delta":-1}`, 409, nil},
		{"the same credit", sandbox.RecomlyBehaviour{}, `POST /campaigns/1/advocates/2/credit {"delta":5,"note":"m"}`, "POST", "/campaigns/1/advocates/2/credit", `{"delta":5,"note":"m"}`, 200, func(n sandbox.RecomlyCounts) bool { return n.Credits == 2 && n.Repeated.Credits == 1 }},
		{"a plan without API", sandbox.RecomlyBehaviour{NoAPI: true}, "", "GET", "/campaigns", "", 403, nil},
		{"a mere user reads", sandbox.RecomlyBehaviour{ReadOnlyKey: true}, "", "GET", "/account", "", 200, nil},
		{"a mere user writes", sandbox.RecomlyBehaviour{ReadOnlyKey: true}, "", "DELETE", "/campaigns/1", "", 403, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := recomlyServer(tt.behaviour)
			if method, rest, ok := strings.Cut(tt.before, " "); ok {
				path, body, _ := strings.Cut(rest, " ")
				wantStatus(t, tell(t, s, method, path, body), 200)
			}
			wantStatus(t, tell(t, s, tt.method, tt.path, tt.body), tt.want)
			if n := s.Counts().Recomly; tt.check != nil && !tt.check(n) {
				t.Errorf("counts = %+v", n)
			}
		})
	}
}

func TestRecomlyListsComeWholeOrInPages(t *testing.T) {
	for _, size := range []int{0, 1} {
		s := recomlyServer(sandbox.RecomlyBehaviour{PageSize: size})
		for path, name := range map[string]string{"/campaigns": "campaigns", "/campaigns/1/advocates": "advocates", "/campaigns/1/referrals": "referrals"} {
			seen, token := 0, ""
			for pages := 0; pages < 9; pages++ {
				got := tell(t, s, "GET", path+"?nextToken="+token, "").object(t)
				list, _ := got[name].([]any)
				seen += len(list)
				if token, _ = got["nextToken"].(string); token == "" {
					break
				}
			}
			if want := map[string]int{"campaigns": 2, "advocates": 1, "referrals": 2}[name]; seen != want {
				t.Errorf("size %d: %s has %d, want %d", size, path, seen, want)
			}
		}
	}
}

func TestRecomlyActivityIsNewestFirst(t *testing.T) {
	c := newClock()
	s := newServer(sandbox.Options{State: organisation(), Now: c.now, Limit: -1})
	for i := range 130 {
		c.advance(time.Second)
		wantStatus(t, tell(t, s, "POST", "/campaigns/1/advocates/2/credit", fmt.Sprintf(`{"delta":1,"note":"n%d"}`, i)), 200)
	}
	first := tell(t, s, "GET", "/campaigns/1/advocates/2/activity", "").object(t)
	list := first["activity"].([]any)
	newest := list[0].(map[string]any)
	if len(list) != 25 || newest["memo"] != "n129" || newest["balanceAfter"] != 130.0 || newest["action"] != "advocate.credit.adjusted" || first["nextToken"] == nil {
		t.Errorf("%d entries from %v", len(list), newest)
	}
	old := newServer(sandbox.Options{State: ptrTo(s.State()), Limit: -1, Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{OldActivity: true}}})
	whole := tell(t, old, "GET", "/campaigns/1/advocates/2/activity?limit=500", "").object(t)
	if n := len(whole["activity"].([]any)); n != 100 || whole["nextToken"] != nil {
		t.Errorf("the older activity has %d entries, next %v", n, whole["nextToken"])
	}
}

func ptrTo[T any](v T) *T { return &v }

func TestRecomlyAccountShowsWhatThePlanAllows(t *testing.T) {
	s := recomlyServer(sandbox.RecomlyBehaviour{})
	features := tell(t, s, "GET", "/account", "").in(t, "org")["enabledFeatures"].(map[string]any)
	if features["advocates"] != 1000.0 || features["api"] != true {
		t.Errorf("features = %v", features)
	}
	wantStatus(t, tell(t, s, "DELETE", "/campaigns/west", ""), 200)
	if got := tell(t, s, "GET", "/dashboard", ""); got.in(t, "campaigns")["total"] != 1.0 || got.in(t, "advocates")["total"] != 2.0 || got.in(t, "referrals")["pending"] != 3.0 {
		t.Errorf("dashboard = %s", got.body)
	}
	state := organisation()
	state.Recomly.Org.Quotas = sandbox.RecomlyQuota{Campaigns: 2, Advocates: 2}
	full := newServer(sandbox.Options{State: state})
	wantStatus(t, tell(t, full, "POST", "/campaigns/1/invite", `{"name":"A","email":"a@example.com"}`), 409)
	wantStatus(t, tell(t, full, "POST", "/campaigns/1/referrals/3/convert", ""), 409)
	wantStatus(t, tell(t, full, "POST", "/campaigns", `{"name":"A","rewardMode":"fixed","advocateRewardValue":1,"friendRewardValue":1}`), 409)
}

func TestRecomlyDeletesAnAdvocateWithItsReferrals(t *testing.T) {
	s := recomlyServer(sandbox.RecomlyBehaviour{})
	wantStatus(t, tell(t, s, "DELETE", "/campaigns/1/advocates/2", ""), 200)
	wantStatus(t, tell(t, s, "DELETE", "/campaigns/1/advocates/2", ""), 404)
	if state := s.State().Recomly; len(state.Advocates) != 1 || len(state.Referrals) != 1 {
		t.Errorf("left: %+v", state)
	}
	wantStatus(t, tell(t, s, "POST", "/campaigns/1/invite", `{"name":"Ida","email":"ida@example.com"}`), 201)
}

func TestRecomlyKeysAreCountedWhenTheyChange(t *testing.T) {
	s := recomlyServer(sandbox.RecomlyBehaviour{})
	id := tell(t, s, "POST", "/api-keys", "").object(t)["keyId"].(string)
	wantStatus(t, tell(t, s, "GET", "/api-keys", ""), 200)
	wantStatus(t, tell(t, s, "DELETE", "/api-keys/"+id, ""), 200)
	if n := s.Counts().Recomly.Keys; n != 2 {
		t.Errorf("%d changes of keys, want 2", n)
	}
}

func TestRecomlyHasItsOwnLimitAndNoPenalty(t *testing.T) {
	s := newServer(sandbox.Options{})
	for range sandbox.RecomlyLimit {
		wantStatus(t, tell(t, s, "GET", "/campaigns", ""), 200)
	}
	for range 10 {
		other := request("GET", "/app/campaigns", "")
		other.Header.Set("Authorization", "Bearer other")
		other.Header.Set("Content-Type", "application/json")
		wantStatus(t, send(s, other), http.StatusTooManyRequests) // the limit is the organisation's
	}
	wantStatus(t, ask(t, s, "GET", "/campaigns", ""), 200) // the other vendor's is not touched
	if n := s.Counts(); n.Overruns != 10 || n.Blocked != 0 || n.WorstWindow != sandbox.RecomlyLimit+10 {
		t.Errorf("overruns %d, blocked %d, worst window %d", n.Overruns, n.Blocked, n.WorstWindow)
	}
}

func TestRecomlyStateIsKeptAndChecked(t *testing.T) {
	s := recomlyServer(sandbox.RecomlyBehaviour{})
	tell(t, s, "POST", "/campaigns/1/invite", `{"name":"A","email":"a@example.com","phone":"+12125550100"}`)
	tell(t, s, "POST", "/campaigns/1/referrals/3/convert", "")
	want := s.State()
	if diff := cmp.Diff(want, newServer(sandbox.Options{State: &want}).State(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("a server of the state differs (-want +got):\n%s", diff)
	}
	for name, spoil := range map[string]func(*sandbox.RecomlyState){
		"an advocate of no campaign":     func(s *sandbox.RecomlyState) { s.Advocates[0].CampaignID = "9" },
		"an advocate without a contact":  func(s *sandbox.RecomlyState) { s.Advocates[0].Email = "" },
		"a referral of another campaign": func(s *sandbox.RecomlyState) { s.Referrals[0].CampaignID = "west" },
		"a referral of no status":        func(s *sandbox.RecomlyState) { s.Referrals[0].Status = "lost" },
		"a campaign twice":               func(s *sandbox.RecomlyState) { s.Campaigns[1].ID = "1" },
		"a campaign of no mode":          func(s *sandbox.RecomlyState) { s.Campaigns[0].RewardMode = "" },
	} {
		bad := organisation()
		spoil(&bad.Recomly)
		if err := s.SetState(*bad); err == nil {
			t.Errorf("SetState took %s", name)
		}
	}
	wantSameState(t, s.State(), want)
}

func TestRecomlyFaultsNameItsPaths(t *testing.T) {
	f, err := sandbox.ParseFault("POST /campaigns/*/invite times=1 status=503 retry-after=2s")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(sandbox.Options{Faults: []sandbox.Fault{f}})
	got := tell(t, s, "POST", "/campaigns/1/invite", `{"name":"A","email":"a@example.com"}`)
	if got.status != 503 || got.header.Get("Retry-After") != "2" || got.object(t)["error"] == "" {
		t.Errorf("answer %d %s", got.status, got.body)
	}
}
