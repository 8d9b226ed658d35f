package sandbox_test

import (
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestQualifyFindsTheLead(t *testing.T) {
	for name, who := range map[string]string{
		"id":                 `"id": 11`,
		"id as text":         `"id": "11"`,
		"code":               `"code": "NoorNoor"`,
		"email and campaign": `"email": "NOOR@example.com", "campaign_id": 1`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(sandbox.Options{})
			got := ask(t, s, "PUT", "/users/qualification", `{"qualified": true, `+who+`}`)
			wantStatus(t, got, 200)
			if u := got.data(t); u["id"] != 11.0 || u["qualified_at"] != day {
				t.Errorf("id, qualified_at = %v, %v, want 11, %s", u["id"], u["qualified_at"], day)
			}
			if due := s.State().Due; len(due) != 1 || due[0].RecipientID != 10 || due[0].Total != 10 {
				t.Errorf("due = %+v, want ten for the referrer", due)
			}
		})
	}
}

func TestQualifyByEmailMeansTheLead(t *testing.T) {
	state := populated()
	state.Users = append(state.Users, sandbox.User{ID: 5, CampaignID: 1, Email: "noor@example.com"})
	got := ask(t, newServer(sandbox.Options{State: state}), "PUT", "/users/qualification",
		`{"email": "noor@example.com", "campaign_id": 1, "qualified": true}`)
	wantStatus(t, got, 200)
	if id := got.data(t)["id"]; id != 11.0 {
		t.Errorf("id = %v, want 11, who was invited", id)
	}
}

func TestQualifyRefusals(t *testing.T) {
	tests := []struct {
		name, body string
		behaviour  sandbox.Behaviour
		status     int
		field      string
	}{
		{"nobody named", `{"qualified": true}`, sandbox.Behaviour{}, 422, "id"},
		{"nothing asked", `{"id": 11}`, sandbox.Behaviour{}, 422, "qualified"},
		{"a vague wish", `{"id": 11, "qualified": "soon"}`, sandbox.Behaviour{}, 422, "qualified"},
		{"an id by letter", `{"id": "noor", "qualified": true}`, sandbox.Behaviour{}, 422, "id"},
		{"an email without campaign", `{"email": "noor@example.com", "qualified": true}`, sandbox.Behaviour{}, 422, "campaign_id"},
		{"an unknown id", `{"id": 99, "qualified": true}`, sandbox.Behaviour{}, 404, ""},
		{"an unknown code", `{"code": "nobody", "qualified": true}`, sandbox.Behaviour{}, 404, ""},
		{"an email of another campaign", `{"email": "noor@example.com", "campaign_id": 2, "qualified": true}`, sandbox.Behaviour{}, 404, ""},
		{"an unknown id, strictly", `{"id": 99, "qualified": true}`, sandbox.Behaviour{QualifyUnknownInvalid: true}, 422, "id"},
		{"a person referring", `{"id": 10, "qualified": true}`, sandbox.Behaviour{}, 422, "qualified"},
		{"a person referring, allowed", `{"id": 10, "qualified": true}`, sandbox.Behaviour{QualifyReferring: true}, 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, newServer(withBehaviour(tt.behaviour)), "PUT", "/users/qualification", tt.body)
			wantStatus(t, got, tt.status)
			if tt.field != "" {
				wantProblem(t, got, tt.field)
			}
		})
	}
}

func TestQualifyingTwice(t *testing.T) {
	for _, tt := range []struct {
		counts       bool
		due, commits int
		date         string
	}{{false, 1, 1, "2026-02-03"}, {true, 2, 2, "2026-02-04"}} {
		now := fixedDay()
		s := newServer(sandbox.Options{
			Now:       func() time.Time { return now },
			Behaviour: sandbox.Behaviour{RequalifyCounts: tt.counts},
		})
		for range 2 {
			wantStatus(t, ask(t, s, "PUT", "/users/qualification", `{"id": 11, "qualified": true}`), 200)
			now = now.AddDate(0, 0, 1)
		}
		state, c := s.State(), s.Counts()
		if len(state.Due) != tt.due || state.Users[1].QualifiedAt != tt.date {
			t.Errorf("RequalifyCounts %v: %d due, on %s, want %d, on %s", tt.counts, len(state.Due), state.Users[1].QualifiedAt, tt.due, tt.date)
		}
		if c.Commits.Qualifications != tt.commits || c.Repeated.Qualifications != 1 {
			t.Errorf("RequalifyCounts %v: %+v, want %d commits and 1 repeated", tt.counts, c, tt.commits)
		}
	}
}

func TestUnqualifyPutsTheLeadBack(t *testing.T) {
	s := newServer(sandbox.Options{})
	before := s.State()
	ask(t, s, "PUT", "/users/qualification", `{"id": 11, "qualified": true}`)
	for range 2 {
		got := ask(t, s, "PUT", "/users/qualification", `{"id": 11, "qualified": false}`)
		wantStatus(t, got, 200)
		if at := got.data(t)["qualified_at"]; at != nil {
			t.Errorf("qualified_at = %v, want null", at)
		}
	}
	before.NextReward++ // the lapsed reward's id is gone for good
	wantSameState(t, s.State(), before)
	if c := s.Counts().Commits; c.Unqualifications != 1 {
		t.Errorf("unqualifications = %d, want 1", c.Unqualifications)
	}
}

func TestUnqualifyKeepsWhatWasIssued(t *testing.T) {
	state := populated()
	state.Rewards[0].AutoIssue = true
	s := newServer(sandbox.Options{State: state})
	ask(t, s, "PUT", "/users/qualification", `{"id": 11, "qualified": true}`)
	ask(t, s, "PUT", "/users/qualification", `{"id": 11, "qualified": false}`)
	if after := s.State(); len(after.Due) != 0 || len(after.Issued) != 1 {
		t.Errorf("due %v, issued %v, want one issued", after.Due, after.Issued)
	}
}
