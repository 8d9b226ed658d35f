package referralfactory

import (
	"strings"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// After a lost answer, what is found done is the row's own work, and what is
// not is sent again. Nothing happens twice, even where the API would let it.
func TestALostAnswerIsLookedUpBeforeAnythingIsSentAgain(t *testing.T) {
	qualified := "email,first_name,referrer_id,qualified/new@example.com,Nia,1,yes"
	for _, test := range []struct {
		name, fault string
		options     UserOptions
		file        string
		status      row.Status
		id          string
		writes      int
		commits     sandbox.Commits
	}{
		{"create, applied", "POST /users times=1 lose-answer", UserOptions{}, "email,first_name/new@example.com,Nia",
			row.Created, "101", 1, sandbox.Commits{Creates: 1}},
		{"create, not applied", "POST /users times=1 reset-before", UserOptions{}, "email,first_name/new@example.com,Nia",
			row.Created, "101", 2, sandbox.Commits{Creates: 1}},
		{"create, applied, an unreadable answer", "POST /users times=1 malformed-json", UserOptions{}, "email,first_name/new@example.com,Nia",
			row.Created, "101", 1, sandbox.Commits{Creates: 1}},
		{"create without a look before, applied", "POST /users times=1 lose-answer", UserOptions{Lookup: LookupOff}, "email,first_name/new@example.com,Nia",
			row.Created, "101", 1, sandbox.Commits{Creates: 1}},
		{"create and qualify, lost after the create", "POST /users times=1 lose-answer", UserOptions{}, qualified,
			row.Created, "101", 2, sandbox.Commits{Creates: 1, Qualifications: 1}},
		{"create and qualify, the second lost and applied", "PUT /users/qualification times=1 lose-answer", UserOptions{}, qualified,
			row.Created, "101", 2, sandbox.Commits{Creates: 1, Qualifications: 1}},
		{"create and qualify, the second lost and not applied", "PUT /users/qualification times=1 reset-before", UserOptions{}, qualified,
			row.Created, "101", 3, sandbox.Commits{Creates: 1, Qualifications: 1}},
		{"create and qualify, the second held up by the limit", "PUT /users/qualification times=1 status=429", UserOptions{}, qualified,
			row.Created, "101", 3, sandbox.Commits{Creates: 1, Qualifications: 1}},
		{"create and qualify, everything held up", "* * from=1 every=2 times=2 status=429", UserOptions{Lookup: LookupOff}, qualified,
			row.Created, "101", 4, sandbox.Commits{Creates: 1, Qualifications: 1}},
		{"upsert, a create lost", "POST /users times=1 lose-answer", UserOptions{Operation: upsert}, qualified,
			row.Created, "101", 2, sandbox.Commits{Creates: 1, Qualifications: 1}},
		{"upsert, an update lost", "PUT /users/2 times=1 lose-answer", UserOptions{Operation: upsert}, "email,first_name/leo@example.com,Leopold",
			row.Updated, "2", 1, sandbox.Commits{Updates: 1}},
		{"create on one who is there, the update lost", "PUT /users/1 times=1 lose-answer", UserOptions{OnExisting: Update}, "email,first_name/rita@example.com,Margarita",
			row.Updated, "1", 1, sandbox.Commits{Updates: 1}},
		{"update, applied", "PUT /users/2 times=1 lose-answer", UserOptions{Operation: update}, "id,first_name,qualified/2,Leopold,yes",
			row.Updated, "2", 2, sandbox.Commits{Updates: 1, Qualifications: 1}},
		{"update, held up between its writes", "PUT /users/qualification times=1 status=429", UserOptions{Operation: update}, "id,first_name,qualified/2,Leopold,yes",
			row.Updated, "2", 3, sandbox.Commits{Updates: 1, Qualifications: 1}},
		{"update, not applied", "PUT /users/2 times=1 status=503", UserOptions{Operation: update}, "id,first_name/2,Leopold",
			row.Updated, "2", 2, sandbox.Commits{Updates: 1}},
		{"qualify, applied", "PUT /users/qualification times=1 lose-answer", UserOptions{Operation: qualify}, "email/leo@example.com",
			row.Qualified, "2", 1, sandbox.Commits{Qualifications: 1}},
		{"qualify without a look before, applied", "PUT /users/qualification times=1 lose-answer", UserOptions{Operation: qualify, Lookup: LookupOff}, "email/leo@example.com",
			row.Qualified, "2", 1, sandbox.Commits{Qualifications: 1}},
		{"unqualify, applied", "PUT /users/qualification times=1 empty-body", UserOptions{Operation: unqualify}, "email/quin@example.com",
			row.Unqualified, "3", 1, sandbox.Commits{Unqualifications: 1}},
		{"delete, applied", "DELETE /users/2 times=1 lose-answer", UserOptions{Operation: remove}, "email/leo@example.com",
			row.Deleted, "2", 1, sandbox.Commits{Deletes: 1}},
		{"delete, not applied", "DELETE /users/2 times=1 status=502", UserOptions{Operation: remove}, "email/leo@example.com",
			row.Deleted, "2", 2, sandbox.Commits{Deletes: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, lookup := range []Lookup{LookupEach, LookupList} {
				if test.options.Lookup == LookupOff {
					lookup = LookupOff
				}
				o := test.options
				o.Lookup, o.Campaign = lookup, 1
				// An API that makes a second user shows a double send.
				w := newWorld(t, sandbox.Options{Behaviour: sandbox.Behaviour{RepeatCreate: sandbox.RepeatMakesAnother, RequalifyCounts: true}}, o)
				if err := w.users.Prepare(1, w.try); err != nil {
					t.Fatal(err)
				}
				if err := w.server.AddFaults(faults(t, test.fault)...); err != nil {
					t.Fatal(err)
				}
				got := w.send(w.rows(strings.Replace(test.file, "/", "\n", 1))[0])
				if got.Status != test.status || got.ID != test.id {
					t.Errorf("%s: %v of id %q (%s), want %v of %q", lookup, got.Status, got.ID, got.Error, test.status, test.id)
				}
				if _, writes := w.calls(); writes != test.writes {
					t.Errorf("%s: %d writes, want %d", lookup, writes, test.writes)
				}
				if commits := w.server.Counts().Commits; commits != test.commits {
					t.Errorf("%s: the account saw %+v, want %+v", lookup, commits, test.commits)
				}
			}
		})
	}
}

// A run after a crash knows of a row only when its write left. It takes what
// it finds for the row's own, unless that was there long before.
func TestARunAfterACrashGoesOnWhereTheRowWas(t *testing.T) {
	today := time.Now().UTC().Format(time.DateOnly)
	state := people()
	byHerself := sandbox.User{ID: 8, CampaignID: 1, Type: Referring, FirstName: "Dee", Email: "dee@example.com", SignedUpAt: today, Source: "Direct"}
	state.Users = append(state.Users, byHerself, sandbox.User{ID: 7, CampaignID: 1, ReferrerID: 1, Type: Invited, FirstName: "Nia", Email: "new@example.com", SignedUpAt: today, Source: "Api"})
	for _, test := range []struct {
		name, file string
		options    UserOptions
		sent       time.Time
		status     row.Status
		writes     int
	}{
		{"a create that was applied", "email,first_name,referrer_id\nnew@example.com,Nia,1", UserOptions{}, time.Now(), row.Created, 0},
		{"a create of which the qualification is missing", "email,first_name,referrer_id,qualified\nnew@example.com,Nia,1,yes", UserOptions{}, time.Now(), row.Created, 1},
		{"a create that found somebody there", "email,first_name\nrita@example.com,Rita", UserOptions{}, time.Now(), row.Exists, 0},
		{"a create of one who refers that found a lead of today", "email,first_name\nnew@example.com,Nia", UserOptions{}, time.Now(), row.Exists, 0},
		{"a create weeks ago that was applied then", "email,first_name\nrita@example.com,Rita", UserOptions{}, time.Date(2025, 3, 1, 20, 0, 0, 0, time.UTC), row.Created, 0},
		{"a create of one who has signed up by herself since", "email,first_name\ndee@example.com,Dee", UserOptions{}, time.Now(), row.Exists, 0},
		{"a create that was not applied", "email,first_name\nother@example.com,Olu", UserOptions{}, time.Now(), row.Created, 1},
		{"a create that was applied, where who is there is changed", "email,first_name,referrer_id\nnew@example.com,Nia,1", UserOptions{OnExisting: Update}, time.Now(), row.Created, 0},
		{"a create that was to change somebody of today, not applied", "email,first_name,referrer_id\nnew@example.com,Naomi,1", UserOptions{OnExisting: Update}, time.Now(), row.Updated, 1},
		{"an upsert that made somebody", "email,first_name,referrer_id\nnew@example.com,Nia,1", UserOptions{Operation: upsert}, time.Now(), row.Created, 0},
		{"an upsert that changed somebody", "email,first_name\nrita@example.com,Rita", UserOptions{Operation: upsert}, time.Now(), row.Updated, 0},
		{"an upsert that was not applied", "email,first_name\nrita@example.com,Margarita", UserOptions{Operation: upsert}, time.Now(), row.Updated, 1},
		{"an update that was applied", "id,first_name\n2,Leo", UserOptions{Operation: update}, time.Now(), row.Updated, 0},
		{"a qualify that was applied", "email\nquin@example.com", UserOptions{Operation: qualify}, time.Now(), row.Qualified, 0},
		{"an unqualify that was applied", "email\nleo@example.com", UserOptions{Operation: unqualify}, time.Now(), row.Unqualified, 0},
		{"a delete that was applied", "email\ngone@example.com", UserOptions{Operation: remove}, time.Now(), row.Deleted, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.Campaign = 1
			w := newWorld(t, sandbox.Options{State: state}, test.options)
			got := w.resume(w.rows(test.file)[0], test.sent)
			if got.Status != test.status {
				t.Errorf("status %v (%s), want %v", got.Status, got.Error, test.status)
			}
			if reads, writes := w.calls(); reads != 1 || writes != test.writes {
				t.Errorf("%d reads and %d writes, want 1 and %d", reads, writes, test.writes)
			}
		})
	}
}

// The intent that a killed run has left tells whom its write went to.
func TestWhoWasSentAChangeIsNotTakenForMade(t *testing.T) {
	state := people()
	state.Users = append(state.Users, sandbox.User{ID: 7, CampaignID: 1, Type: Referring, FirstName: "Nia", Email: "new@example.com", Source: "Api"}) // of today
	for sentTo, want := range map[string]row.Status{"7": row.Updated, "": row.Created} {
		for _, o := range []UserOptions{{Operation: upsert}, {OnExisting: Update}} {
			o.Campaign = 1
			w := newWorld(t, sandbox.Options{State: state}, o)
			in := w.rows("email,first_name\nnew@example.com,Nia")[0]
			in.SentTo = sentTo
			if got := w.resume(in, time.Now()); got.Status != want {
				t.Errorf("%+v, sent to %q: %v (%s), want %v", o, sentTo, got.Status, got.Error, want)
			}
		}
	}
}

// Of a row that takes two writes, what the first did is told, and can be taken
// back, when the second is refused: also when the first one's answer was lost.
func TestARefusalHalfWayTellsWhatWasDone(t *testing.T) {
	for _, test := range []struct {
		file    string
		options UserOptions
		lost    string
		says    string
		undo    string
	}{
		{"email,first_name,referrer_id,qualified\nnew@example.com,Nia,1,yes", UserOptions{}, "POST /users", "was created, but not qualified", remove},
		{"id,first_name,qualified\n2,Leopold,yes", UserOptions{Operation: update}, "PUT /users/2", "changed first_name; but the state qualified was refused", update},
	} {
		for _, lost := range []string{"", test.lost + " times=1 lose-answer\n"} {
			test.options.Lookup, test.options.Campaign = LookupEach, 1
			w := newWorld(t, sandbox.Options{Faults: faults(t, lost+"PUT /users/qualification status=422")}, test.options)
			got := w.send(w.rows(test.file)[0])
			if got.Status != row.Rejected || got.HTTPStatus != 422 || !strings.Contains(got.Error, test.says) || got.ID == "" {
				t.Errorf("%q: %v %d of id %q: %s; want rejected 422: %s", test.file, got.Status, got.HTTPStatus, got.ID, got.Error, test.says)
			}
			if got.Undo["operation"] != test.undo || got.Undo["id"] != got.ID || got.Undo["qualified"] != "" {
				t.Errorf("%q: to undo it, %v; want a row that is %q", test.file, got.Undo, test.undo)
			}
		}
	}
}
