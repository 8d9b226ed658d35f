package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestGetFindsByIDCodeAndEmail(t *testing.T) {
	tests := []struct {
		identifier string
		id         any
	}{
		{"11", 11.0},
		{"NoorNoor", 11.0},
		{"noor@example.com", 11.0},
		{"NOOR%40Example.com", 11.0},
		{"ivan@example.com", 10.0}, // of two, the lower id
		{"noornoor", nil},
		{"99", nil},
		{"-1", nil},
		{"search", nil},
	}
	for _, tt := range tests {
		got := ask(t, newServer(sandbox.Options{}), "GET", "/users/"+tt.identifier, "")
		if tt.id == nil {
			wantStatus(t, got, 404)
			continue
		}
		wantStatus(t, got, 200)
		if id := got.data(t)["id"]; id != tt.id {
			t.Errorf("GET /users/%s: id = %v, want %v", tt.identifier, id, tt.id)
		}
	}
}

func TestAnalyticsComeWhenAskedFor(t *testing.T) {
	s := newServer(sandbox.Options{})
	ask(t, s, "PUT", "/users/qualification", `{"id": 11, "qualified": true}`)
	if _, there := ask(t, s, "GET", "/users/10", "").data(t)["analytics"]; there {
		t.Error("analytics are there without asking")
	}
	const want = "map[qualified_referrals:1 reach:0 referrals:1]"
	for _, got := range []object{
		ask(t, s, "GET", "/users/10?with=user.analytics", "").data(t),
		ask(t, s, "GET", "/users?with=qr,user.analytics", "").list(t)[0],
		ask(t, s, "POST", "/users/search?with[]=user.analytics", `{}`).list(t)[0],
	} {
		if fmt.Sprint(got["analytics"]) != want {
			t.Errorf("analytics = %v, want %s", got["analytics"], want)
		}
	}
}

// crowd is an account of n people, u001@example.com and on, ids from 1.
func crowd(n int) *sandbox.State {
	s := sandbox.Example()
	for i := range n {
		s.Users = append(s.Users, sandbox.User{ID: int64(i + 1), CampaignID: 1, Email: fmt.Sprintf("u%03d@example.com", i+1)})
	}
	return &s
}

func TestListIsPaged(t *testing.T) {
	tests := []struct {
		query, ids, next, prev string
		last                   float64
	}{
		{"?per_page=3", "1 2 3", "http://example.com/api/v2/users?page=2&per_page=3", "", 3},
		{"?per_page=3&page=2", "4 5 6", "http://example.com/api/v2/users?page=3&per_page=3", "http://example.com/api/v2/users?page=1&per_page=3", 3},
		{"?per_page=3&page=3", "7", "", "http://example.com/api/v2/users?page=2&per_page=3", 3},
		{"?per_page=3&page=9", "", "", "http://example.com/api/v2/users?page=8&per_page=3", 3},
		{"?page=none&per_page=0", "1 2 3 4 5 6 7", "", "", 1},
	}
	for _, tt := range tests {
		got := ask(t, newServer(sandbox.Options{State: crowd(7)}), "GET", "/users"+tt.query, "")
		wantStatus(t, got, 200)
		if ids := got.column(t, "id"); ids != tt.ids {
			t.Errorf("%s: ids %q, want %q", tt.query, ids, tt.ids)
		}
		o := got.object(t)
		links, meta := o["links"].(map[string]any), o["meta"].(map[string]any)
		if next, _ := links["next"].(string); next != tt.next {
			t.Errorf("%s: next = %q, want %q", tt.query, next, tt.next)
		}
		if prev, _ := links["prev"].(string); prev != tt.prev {
			t.Errorf("%s: prev = %q, want %q", tt.query, prev, tt.prev)
		}
		if meta["total"] != 7.0 || meta["last_page"] != tt.last {
			t.Errorf("%s: meta = %v, want total 7, last_page %v", tt.query, meta, tt.last)
		}
	}
}

func TestPagesHave25UsersAnd250AtMost(t *testing.T) {
	s := newServer(sandbox.Options{State: crowd(300)})
	for query, want := range map[string]int{"": 25, "?per_page=250": 250, "?per_page=251": 250, "?per_page=100000": 250} {
		if got := len(ask(t, s, "GET", "/users"+query, "").list(t)); got != want {
			t.Errorf("GET /users%s: %d users, want %d", query, got, want)
		}
	}
	strict := newServer(withBehaviour(sandbox.Behaviour{RefuseLargePages: true}))
	wantStatus(t, ask(t, strict, "GET", "/users?per_page=250", ""), 200)
	for _, path := range []string{"/users", "/campaigns", "/rewards/due/amount"} {
		wantProblem(t, ask(t, strict, "GET", path+"?per_page=251", ""), "per_page")
	}
}

func TestListSwitches(t *testing.T) {
	tests := []struct {
		name, query string
		behaviour   sandbox.Behaviour
		ids         string
	}{
		{"campaign_id is passed over", "?campaign_id=2", sandbox.Behaviour{}, "10 11 12"},
		{"campaign_id filters", "?campaign_id=2", sandbox.Behaviour{ListFiltersByCampaign: true}, "12"},
		{"newest first", "?per_page=2", sandbox.Behaviour{NewestFirst: true}, "12 11"},
		{"newest first, the rest", "?per_page=2&page=2", sandbox.Behaviour{NewestFirst: true}, "10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, newServer(withBehaviour(tt.behaviour)), "GET", "/users"+tt.query, "")
			if ids := got.column(t, "id"); ids != tt.ids {
				t.Errorf("ids = %q, want %q", ids, tt.ids)
			}
		})
	}
}

func TestLinksMayNameAnotherHost(t *testing.T) {
	s := newServer(withBehaviour(sandbox.Behaviour{LinksHost: "https://elsewhere.example.com"}))
	links := ask(t, s, "GET", "/users?per_page=1", "").object(t)["links"].(map[string]any)
	if next := links["next"].(string); !strings.HasPrefix(next, "https://elsewhere.example.com/api/v2/users?") {
		t.Errorf("next = %q, want it on the other host", next)
	}
}

func TestLooseTypesAreTheOtherForms(t *testing.T) {
	s := newServer(withBehaviour(sandbox.Behaviour{LooseTypes: true}))
	u := ask(t, s, "GET", "/users/11", "").data(t)
	_, isList := u["sharing"].([]any)
	if u["id"] != "11" || u["campaign_id"] != "1" || u["referrer_id"] != "10" || u["reach"] != 0.0 || !isList {
		t.Errorf("user = %v, want ids as text, reach a number, sharing a list", u)
	}
}

func TestUpdateChangesWhatItNames(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"nothing", `{}`, "Noor noor@example.com [{City Utrecht} {Plan Pro}]"},
		{"first name", `{"first_name": "Nora"}`, "Nora noor@example.com [{City Utrecht} {Plan Pro}]"},
		{"email", `{"email": "nora@example.com"}`, "Noor nora@example.com [{City Utrecht} {Plan Pro}]"},
		{"email in another case", `{"email": "NOOR@example.com"}`, "Noor NOOR@example.com [{City Utrecht} {Plan Pro}]"},
		{"the email of another campaign's", `{"email": "zoe@example.com"}`, "Noor zoe@example.com [{City Utrecht} {Plan Pro}]"},
		{"meta", `{"meta": [{"field": "City", "value": "Ghent"}, {"field": "Shoe", "value": 41}]}`,
			"Noor noor@example.com [{City Ghent} {Plan Pro} {Shoe 41}]"},
		{"what is not updatable", `{"campaign_id": 2, "referrer": {"field": "id", "value": 12}}`,
			"Noor noor@example.com [{City Utrecht} {Plan Pro}]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(sandbox.Options{})
			wantStatus(t, ask(t, s, "PUT", "/users/11", tt.body), 200)
			u := s.State().Users[1]
			if got := fmt.Sprint(u.FirstName, " ", u.Email, " ", u.Meta); got != tt.want {
				t.Errorf("user = %s, want %s", got, tt.want)
			}
			if u.ReferrerID != 10 || u.CampaignID != 1 {
				t.Errorf("referrer, campaign = %d, %d, want 10, 1", u.ReferrerID, u.CampaignID)
			}
			if got := ask(t, s, "GET", "/users/"+u.Email, ""); got.data(t)["id"] != 11.0 {
				t.Errorf("GET /users/%s = %s, want user 11", u.Email, got.body)
			}
			if c := s.Counts().Commits; c.Updates != 1 {
				t.Errorf("updates = %d, want 1", c.Updates)
			}
		})
	}
}

func TestUpdateMayReplaceMeta(t *testing.T) {
	s := newServer(withBehaviour(sandbox.Behaviour{MetaReplaces: true}))
	ask(t, s, "PUT", "/users/11", `{"meta": [{"field": "City", "value": "Ghent"}]}`)
	if got := fmt.Sprint(s.State().Users[1].Meta); got != "[{City Ghent}]" {
		t.Errorf("meta = %s, want City alone", got)
	}
}

func TestUpdateNamesWhatIsWrong(t *testing.T) {
	state := populated()
	state.Users = append(state.Users, sandbox.User{ID: 20, CampaignID: 1, ReferrerID: 10, Email: "taken@example.com"})
	s := newServer(sandbox.Options{State: state, RefusedDomains: []string{"nomail.example.com"}, Behaviour: sandbox.Behaviour{RefuseUnknownMeta: true}})
	before := s.State()
	for body, field := range map[string]string{
		`{"first_name": ""}`:                             "first_name",
		`{"first_name": null}`:                           "first_name",
		`{"email": "nowhere"}`:                           "email",
		`{"email": "noor@nomail.example.com"}`:           "email",
		`{"email": "Taken@example.com"}`:                 "email",
		`{"meta": "City"}`:                               "meta",
		`{"meta": [{"field": "Shoe", "value": 1}]}`:      "meta",
		`{"first_name": "Nora", "email": "a@b@c.de.fg"}`: "email",
	} {
		wantProblem(t, ask(t, s, "PUT", "/users/11", body), field)
	}
	wantSameState(t, s.State(), before)
}

func TestCallsOnNobodyAre404OrGone(t *testing.T) {
	for _, tt := range []struct {
		gone                  bool
		deleted, neverThere   int
		afterDelete, byLetter int
	}{{false, 404, 404, 404, 404}, {true, 410, 404, 410, 404}} {
		s := newServer(withBehaviour(sandbox.Behaviour{DeletedGone: tt.gone}))
		wantStatus(t, ask(t, s, "DELETE", "/users/12", ""), 200)
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			wantStatus(t, ask(t, s, method, "/users/12", "{}"), tt.afterDelete)
			wantStatus(t, ask(t, s, method, "/users/3", "{}"), tt.deleted)
			wantStatus(t, ask(t, s, method, "/users/77", "{}"), tt.neverThere)
			wantStatus(t, ask(t, s, method, "/users/abc", "{}"), tt.byLetter)
		}
		if c := s.Counts().Commits; c.Deletes != 1 || c.Updates != 0 {
			t.Errorf("commits = %+v, want one delete", c)
		}
	}
}

func TestDeleteOfAReferrerUnattributesItsLeads(t *testing.T) {
	s := newServer(sandbox.Options{})
	ask(t, s, "PUT", "/users/qualification", `{"id": 11, "qualified": true}`)
	if due := len(s.State().Due); due != 1 {
		t.Fatalf("%d rewards due, want 1", due)
	}
	wantStatus(t, ask(t, s, "DELETE", "/users/10", ""), 200)
	after := s.State()
	if len(after.Due) != 0 {
		t.Errorf("due = %v, want none left", after.Due)
	}
	if lead := after.Users[0]; lead.ID != 11 || lead.ReferrerID != 0 || lead.Type != sandbox.PersonInvited {
		t.Errorf("lead = %+v, want 11, invited, by nobody any more", lead)
	}
}

func TestDeleteMayHaveNoBody(t *testing.T) {
	got := ask(t, newServer(withBehaviour(sandbox.Behaviour{DeleteStatus: 204})), "DELETE", "/users/10", "")
	if got.status != 204 || got.body != "" {
		t.Errorf("DELETE = %d %q, want 204 and nothing", got.status, got.body)
	}
}

func TestIdsAreNeverGivenTwice(t *testing.T) {
	s := newServer(sandbox.Options{})
	ask(t, s, "DELETE", "/users/12", "")
	got := ask(t, s, "POST", "/users", `{"campaign_id": 1, "first_name": "Jane", "email": "jane@example.com"}`)
	if id := got.data(t)["id"]; id != 13.0 {
		t.Errorf("id = %v, want 13", id)
	}
}
