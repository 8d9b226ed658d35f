package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestSearchFindsUsers(t *testing.T) {
	tests := []struct{ name, filters, ids string }{
		{"the body clients send", `{"operator": "AND", "value": [
			{"field": "email", "operator": "=", "value": "ivan@example.com"},
			{"field": "campaign_id", "operator": "=", "value": 1}]}`, "10"},
		{"an email in any case", `{"field": "email", "operator": "=", "value": "IVAN@Example.com"}`, "10 12"},
		{"nobody", `{"field": "email", "operator": "=", "value": "nobody@example.com"}`, ""},
		{"several emails", `{"field": "email", "operator": "IN", "value": ["ivan@example.com", "noor@example.com", "x@example.com"]}`, "10 11 12"},
		{"no emails", `{"field": "email", "operator": "in", "value": []}`, ""},
		{"other emails", `{"field": "email", "operator": "!=", "value": "IVAN@example.com"}`, "11"},
		{"a part of a name", `{"field": "first_name", "operator": "like", "value": "IVAN"}`, "10 12"},
		{"the end of a name", `{"field": "first_name", "operator": "LIKE", "value": "%two"}`, "12"},
		{"the middle of an email", `{"field": "email", "operator": "like", "value": "n%r@%com"}`, "11"},
		{"no such middle", `{"field": "email", "operator": "like", "value": "n%z%com"}`, ""},
		{"an id", `{"field": "id", "operator": "=", "value": "11"}`, "11"},
		{"a code", `{"field": "code", "operator": "=", "value": "IvanTwo2"}`, "12"},
		{"a code in another case", `{"field": "code", "operator": "=", "value": "ivantwo2"}`, ""},
		{"a type", `{"field": "type", "operator": "=", "value": "person_invited"}`, "11"},
		{"without referrer", `{"field": "referrer_id", "operator": "=", "value": null}`, "10 12"},
		{"not qualified", `{"field": "qualified", "operator": "=", "value": false}`, "10 11 12"},
		{"either", `{"operator": "OR", "value": [{"field": "id", "operator": "=", "value": 10}, {"field": "code", "operator": "=", "value": "NoorNoor"}]}`, "10 11"},
		{"either, one without index", `{"operator": "or", "value": [{"field": "id", "operator": "=", "value": 10}, {"field": "first_name", "operator": "=", "value": "Noor"}]}`, "10 11"},
		{"both, the index second", `{"operator": "AND", "value": [{"field": "first_name", "operator": "=", "value": "Ivan"}, {"field": "email", "operator": "=", "value": "ivan@example.com"}]}`, "10"},
		{"nested", `{"operator": "AND", "value": [{"field": "campaign_id", "operator": "=", "value": 1},
			{"operator": "OR", "value": [{"field": "id", "operator": "IN", "value": [11, 12]}]}]}`, "11"},
		{"a list is an AND", `[{"field": "campaign_id", "operator": "=", "value": 1}, {"field": "source", "operator": "=", "value": "Added"}]`, "10 11"},
		{"no conditions", `{"operator": "AND", "value": []}`, "10 11 12"},
		{"null", `null`, "10 11 12"},
	}
	s := newServer(sandbox.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, s, "POST", "/users/search", `{"filters": `+tt.filters+`}`)
			wantStatus(t, got, 200)
			if ids := got.column(t, "id"); ids != tt.ids {
				t.Errorf("ids = %q, want %q", ids, tt.ids)
			}
		})
	}
}

func TestSearchRefusesWhatItCanNotRead(t *testing.T) {
	s := newServer(sandbox.Options{})
	for _, filters := range []string{
		`7`,
		`{}`,
		`{"operator": "AND"}`,
		`{"operator": "AND", "value": [7]}`,
		`{"operator": "between", "field": "id", "value": 1}`,
		`{"operator": "=", "field": "shoe", "value": 1}`,
		`{"operator": "=", "value": 1}`,
		`{"operator": "=", "field": "id", "value": {}}`,
		`{"operator": "IN", "field": "id", "value": 1}`,
	} {
		wantProblem(t, ask(t, s, "POST", "/users/search", `{"filters": `+filters+`}`), "filters")
	}
}

func TestSearchIsPagedUnlessSwitchedOff(t *testing.T) {
	tests := []struct {
		name, query, body string
		ignores           bool
		want              int
	}{
		{"by default", "", `{}`, false, 25},
		{"in the query", "?per_page=10&page=2", `{}`, false, 10},
		{"in the body", "", `{"per_page": 40}`, false, 30},
		{"not at all", "?per_page=10", `{}`, true, 30},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(sandbox.Options{State: crowd(30), Behaviour: sandbox.Behaviour{SearchIgnoresPaging: tt.ignores}})
			got := ask(t, s, "POST", "/users/search"+tt.query, tt.body)
			if n := len(got.list(t)); n != tt.want {
				t.Errorf("%d users, want %d", n, tt.want)
			}
			if total := got.object(t)["meta"].(map[string]any)["total"]; total != 30.0 {
				t.Errorf("total = %v, want 30", total)
			}
		})
	}
}

func TestSearchOfNobodyHasAnEmptyList(t *testing.T) {
	for _, ignores := range []bool{false, true} {
		s := newServer(sandbox.Options{State: crowd(0), Behaviour: sandbox.Behaviour{SearchIgnoresPaging: ignores}})
		if got := ask(t, s, "POST", "/users/search", `{}`); len(got.list(t)) != 0 {
			t.Errorf("answer = %s, want an empty list", got.body)
		}
	}
}

func TestCampaignsAreListedFoundAndSearched(t *testing.T) {
	s := newServer(sandbox.Options{})
	tests := []struct{ method, path, body, ids string }{
		{"GET", "/campaigns", "", "1 2"},
		{"GET", "/campaigns?per_page=1&page=2", "", "2"},
		{"POST", "/campaigns/search", `{"filters": {"field": "status", "operator": "=", "value": "paused"}}`, "2"},
		{"POST", "/campaigns/search", `{"filters": {"field": "name", "operator": "like", "value": "friend"}}`, "1"},
	}
	for _, tt := range tests {
		got := ask(t, s, tt.method, tt.path, tt.body)
		wantStatus(t, got, 200)
		if ids := got.column(t, "id"); ids != tt.ids {
			t.Errorf("%s %s: ids = %q, want %q", tt.method, tt.path, ids, tt.ids)
		}
	}
	wantProblem(t, ask(t, s, "POST", "/campaigns/search", `{"filters": {"field": "email", "operator": "=", "value": 1}}`), "filters")
	for _, identifier := range []string{"2", "WinTer22"} {
		if id := ask(t, s, "GET", "/campaigns/"+identifier, "").data(t)["id"]; id != 2.0 {
			t.Errorf("GET /campaigns/%s: id = %v, want 2", identifier, id)
		}
	}
	wantStatus(t, ask(t, s, "GET", "/campaigns/3", ""), 404)
}

func TestCampaignShowsItsFieldsAndCounts(t *testing.T) {
	s := newServer(sandbox.Options{})
	plain := ask(t, s, "GET", "/campaigns/2", "").data(t)
	fields := fmt.Sprint(plain["fields"])
	const want = "map[person_invited:[] person_referring:[map[id:21 label:City required:true type:input value:<nil>]]]"
	if fields != want {
		t.Errorf("fields = %s, want %s", fields, want)
	}
	if _, there := plain["analytics"]; there || plain["starts_at"] != nil {
		t.Errorf("campaign = %v, want no analytics and no start", plain)
	}
	counted := ask(t, s, "GET", "/campaigns/1?with=campaign.analytics", "").data(t)
	if got := fmt.Sprint(counted["analytics"]); got != "map[qualified_referrals:0 reach:0 referrals:1 users:2]" {
		t.Errorf("analytics = %s, want 2 users and 1 referral", got)
	}
}
