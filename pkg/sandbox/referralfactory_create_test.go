package sandbox_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestCreateMakesAPersonReferring(t *testing.T) {
	s := newServer(sandbox.Options{})
	got := ask(t, s, "POST", "/users", `{"campaign_id": 1, "first_name": " Jane ", "email": "Jane@example.com",
		"notify": true, "promotion": true, "meta": [{"field": "City", "value": "Ghent"}]}`)
	wantStatus(t, got, 201)
	u := got.data(t)
	for field, want := range map[string]any{
		"id": 13.0, "campaign_id": 1.0, "referrer_id": nil, "type": "person_referring", "email": "Jane@example.com",
		"first_name": "Jane", "source": "Api", "signed_up_at": day, "qualified_at": nil, "unsubscribed_at": nil,
		"reach": "0", "url": fmt.Sprintf("https://example.com/refer/%s", u["code"]),
	} {
		if u[field] != want {
			t.Errorf("%s = %#v, want %#v", field, u[field], want)
		}
	}
	if code := u["code"].(string); !regexp.MustCompile(`^[0-9A-Za-z]{8}$`).MatchString(code) {
		t.Errorf("code = %q, want eight letters and digits", code)
	}
	if c := s.Counts(); c.Commits.Creates != 1 || c.Notified != 1 || c.NotifyUnsaid != 0 {
		t.Errorf("Counts() = %+v, want one create, with notify", c)
	}
}

func TestCreateWithReferrerMakesAPersonInvited(t *testing.T) {
	for name, referrer := range map[string]string{
		"id":                           `{"field": "id", "value": 10}`,
		"id as text":                   `{"field": "id", "value": "10"}`,
		"code":                         `{"field": "code", "value": "IvanIvan"}`,
		"email":                        `{"field": "email", "value": "ivan@EXAMPLE.com"}`,
		"somebody invited, by code":    `{"field": "code", "value": "NoorNoor"}`,
		"a null elsewhere is no error": `{"field": "id", "value": 10, "note": null}`,
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(t, newServer(sandbox.Options{}), "POST", "/users",
				`{"campaign_id": "1", "first_name": "Jane", "email": "jane@example.com", "referrer": `+referrer+`}`)
			wantStatus(t, got, 201)
			u := got.data(t)
			if u["type"] != "person_invited" || u["referrer_id"] != 10.0 && u["referrer_id"] != 11.0 {
				t.Errorf("type, referrer_id = %v, %v, want person_invited by 10 or 11", u["type"], u["referrer_id"])
			}
		})
	}
}

func TestReferrerByEmailIsThePersonReferring(t *testing.T) {
	state := populated()
	// Noor the lead comes first, Noor the referrer later.
	state.Users = append(state.Users, sandbox.User{ID: 20, CampaignID: 1, Email: "noor@example.com", FirstName: "Noor"})
	got := ask(t, newServer(sandbox.Options{State: state}), "POST", "/users",
		`{"campaign_id": 1, "first_name": "Jane", "email": "jane@example.com", "referrer": {"field": "email", "value": "noor@example.com"}}`)
	wantStatus(t, got, 201)
	if id := got.data(t)["referrer_id"]; id != 20.0 {
		t.Errorf("referrer_id = %v, want 20", id)
	}
}

func TestCreateNamesWhatIsWrong(t *testing.T) {
	const rest = `"campaign_id": 1, "first_name": "Jane", "email": "jane@example.com"`
	tests := []struct{ name, body, field string }{
		{"no first name", `{"campaign_id": 1, "email": "jane@example.com"}`, "first_name"},
		{"a blank first name", `{"campaign_id": 1, "first_name": "  ", "email": "jane@example.com"}`, "first_name"},
		{"a first name of parts", `{"campaign_id": 1, "first_name": ["Jane"], "email": "jane@example.com"}`, "first_name"},
		{"no email", `{"campaign_id": 1, "first_name": "Jane"}`, "email"},
		{"an email without a domain", `{"campaign_id": 1, "first_name": "Jane", "email": "jane@"}`, "email"},
		{"an email without a dot", `{"campaign_id": 1, "first_name": "Jane", "email": "jane@localhost"}`, "email"},
		{"an email with a name", `{"campaign_id": 1, "first_name": "Jane", "email": "Jane <jane@example.com>"}`, "email"},
		{"a refused domain", `{"campaign_id": 1, "first_name": "Jane", "email": "jane@Nomail.example.com"}`, "email"},
		{"no campaign", `{"first_name": "Jane", "email": "jane@example.com"}`, "campaign_id"},
		{"an unknown campaign", `{"campaign_id": 9, "first_name": "Jane", "email": "jane@example.com"}`, "campaign_id"},
		{"a campaign by name", `{"campaign_id": "one", "first_name": "Jane", "email": "jane@example.com"}`, "campaign_id"},
		{"a vague notify", `{"notify": "perhaps", ` + rest + `}`, "notify"},
		{"meta that is no list", `{"meta": {"City": "Ghent"}, ` + rest + `}`, "meta"},
		{"meta without a field", `{"meta": [{"value": "Ghent"}], ` + rest + `}`, "meta"},
		{"an unknown referrer", `{"referrer": {"field": "code", "value": "nobody"}, ` + rest + `}`, "referrer"},
		{"a code in another case", `{"referrer": {"field": "code", "value": "ivanivan"}, ` + rest + `}`, "referrer"},
		{"a referrer of another campaign", `{"referrer": {"field": "id", "value": 12}, ` + rest + `}`, "referrer"},
		{"a referrer by name", `{"referrer": {"field": "name", "value": "Ivan"}, ` + rest + `}`, "referrer"},
		{"a referrer without value", `{"referrer": {"field": "id"}, ` + rest + `}`, "referrer"},
		{"a referrer as v1 had it", `{"referrer": "IvanIvan", ` + rest + `}`, "referrer"},
		{"oneself", `{"campaign_id": 1, "first_name": "Ivan", "email": "IVAN@example.com", "referrer": {"field": "id", "value": 10}}`, "referrer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(sandbox.Options{RefusedDomains: []string{"nomail.Example.com"}})
			before := s.State()
			wantProblem(t, ask(t, s, "POST", "/users", tt.body), tt.field)
			wantSameState(t, s.State(), before)
		})
	}
}

func TestCreateNamesAllThatIsWrong(t *testing.T) {
	got := ask(t, newServer(sandbox.Options{}), "POST", "/users", `{}`)
	for _, field := range []string{"first_name", "email", "campaign_id"} {
		wantProblem(t, got, field)
	}
}

const ivanAgain = `{"campaign_id": 1, "first_name": "Johan", "email": "ivan@EXAMPLE.com", "notify": true,
	"meta": [{"field": "City", "value": "Delft"}]}`

func TestRepeatedCreateAnswersAsBehaviourHasIt(t *testing.T) {
	tests := []struct {
		name      string
		behaviour sandbox.RepeatCreate
		status    int
		id        any
	}{
		{"the same user", sandbox.RepeatReturnsSame, 200, 10.0},
		{"the same user as if created", sandbox.RepeatReturnsCreated, 201, 10.0},
		{"422", sandbox.RepeatInvalid, 422, nil},
		{"409", sandbox.RepeatConflict, 409, nil},
		{"another user", sandbox.RepeatMakesAnother, 201, 13.0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(withBehaviour(sandbox.Behaviour{RepeatCreate: tt.behaviour}))
			before := s.State()
			got := ask(t, s, "POST", "/users", ivanAgain)
			wantStatus(t, got, tt.status)
			if tt.status == 422 {
				wantProblem(t, got, "email")
			}
			if tt.id != nil && got.data(t)["id"] != tt.id {
				t.Errorf("id = %v, want %v", got.data(t)["id"], tt.id)
			}
			c := s.Counts()
			another := 0
			if tt.behaviour == sandbox.RepeatMakesAnother {
				another = 1
			} else {
				wantSameState(t, s.State(), before)
			}
			if c.Repeated.CreateCalls != 1 || c.Repeated.Creates != another || c.Commits.Creates != another || c.Notified != another {
				t.Errorf("Counts() = %+v, want one repeated call and %d repeated commits", c, another)
			}
		})
	}
}

func TestRepeatedCreateKeepsOrTakesTheNewData(t *testing.T) {
	for _, updates := range []bool{false, true} {
		s := newServer(withBehaviour(sandbox.Behaviour{RepeatUpdates: updates}))
		want := "Ivan []"
		if updates {
			want = "Johan [{City Delft}]"
		}
		ask(t, s, "POST", "/users", ivanAgain)
		if u := s.State().Users[0]; fmt.Sprint(u.FirstName, " ", u.Meta) != want {
			t.Errorf("RepeatUpdates %v: %s %v, want %s", updates, u.FirstName, u.Meta, want)
		}
	}
}

func TestFirstReferrerKeepsTheCredit(t *testing.T) {
	s := newServer(sandbox.Options{})
	ask(t, s, "POST", "/users", `{"campaign_id": 1, "first_name": "Zoe", "email": "zoe@example.com"}`)
	got := ask(t, s, "POST", "/users", `{"campaign_id": 1, "first_name": "Noor", "email": "noor@example.com",
		"referrer": {"field": "email", "value": "zoe@example.com"}}`)
	wantStatus(t, got, 200)
	if u := got.data(t); u["id"] != 11.0 || u["referrer_id"] != 10.0 {
		t.Errorf("id, referrer_id = %v, %v, want 11, 10", u["id"], u["referrer_id"])
	}
}

func TestOnePersonMayHaveBothRolesUnlessOneIsAsked(t *testing.T) {
	const noorRefers = `{"campaign_id": 1, "first_name": "Noor", "email": "noor@example.com"}`
	for _, tt := range []struct {
		one    bool
		status int
		id     any
	}{{false, 201, 13.0}, {true, 200, 11.0}} {
		s := newServer(withBehaviour(sandbox.Behaviour{OneRolePerEmail: tt.one}))
		got := ask(t, s, "POST", "/users", noorRefers)
		wantStatus(t, got, tt.status)
		if id := got.data(t)["id"]; id != tt.id {
			t.Errorf("OneRolePerEmail %v: id = %v, want %v", tt.one, id, tt.id)
		}
	}
}

func TestTheSameEmailInAnotherCampaignIsAnotherUser(t *testing.T) {
	got := ask(t, newServer(sandbox.Options{}), "POST", "/users", `{"campaign_id": 2, "first_name": "Noor", "email": "noor@example.com"}`)
	wantStatus(t, got, 201)
}

func TestCreateSwitchesOfTheCampaign(t *testing.T) {
	const unknownLabel = `{"campaign_id": 1, "first_name": "Jane", "email": "jane@example.com", "meta": [{"field": "Shoe", "value": 41}]}`
	const paused = `{"campaign_id": 2, "first_name": "Jane", "email": "jane@example.com"}`
	tests := []struct {
		name, body, field string
		behaviour         sandbox.Behaviour
	}{
		{"an unknown label", unknownLabel, "meta", sandbox.Behaviour{RefuseUnknownMeta: true}},
		{"a required field left out", paused, "meta", sandbox.Behaviour{RequireFields: true}},
		{"a paused campaign", paused, "campaign_id", sandbox.Behaviour{RefuseInactive: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantStatus(t, ask(t, newServer(sandbox.Options{}), "POST", "/users", tt.body), 201)
			wantProblem(t, ask(t, newServer(withBehaviour(tt.behaviour)), "POST", "/users", tt.body), tt.field)
		})
	}
}

func TestCreateStatusCanBeChosen(t *testing.T) {
	s := newServer(withBehaviour(sandbox.Behaviour{CreateStatus: 200}))
	wantStatus(t, ask(t, s, "POST", "/users", `{"campaign_id": 1, "first_name": "Jane", "email": "jane@example.com"}`), 200)
}

func TestCodesRepeatWithTheSeed(t *testing.T) {
	codes := func(seed uint64) (out []any) {
		s := newServer(sandbox.Options{Seed: seed})
		for i := range 20 {
			got := ask(t, s, "POST", "/users", fmt.Sprintf(`{"campaign_id": 1, "first_name": "Jane", "email": "jane%d@example.com"}`, i))
			out = append(out, got.data(t)["code"])
		}
		return out
	}
	first, again, other := codes(1), codes(1), codes(2)
	if fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("codes with one seed differ: %v and %v", first, again)
	}
	if fmt.Sprint(first) == fmt.Sprint(other) {
		t.Errorf("codes with two seeds are the same: %v", first)
	}
}

func TestCreatesThatDoNotSayNotifyAreCounted(t *testing.T) {
	s := newServer(sandbox.Options{})
	for i, notify := range []string{``, `"notify": false,`, `"notify": 1,`} {
		ask(t, s, "POST", "/users", fmt.Sprintf(`{%s "campaign_id": 1, "first_name": "Jane", "email": "jane%d@example.com"}`, notify, i))
	}
	if c := s.Counts(); c.Notified != 1 || c.NotifyUnsaid != 1 {
		t.Errorf("notified, unsaid = %d, %d, want 1, 1", c.Notified, c.NotifyUnsaid)
	}
}
