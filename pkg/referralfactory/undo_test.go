package referralfactory

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// asFile writes what would undo a row as a file that can be imported.
func asFile(undo map[string]string) string {
	var head, cells []string
	for _, field := range slices.Sorted(maps.Keys(undo)) {
		head = append(head, field)
		cells = append(cells, `"`+strings.ReplaceAll(undo[field], `"`, `""`)+`"`)
	}
	return strings.Join(head, ",") + "\n" + strings.Join(cells, ",")
}

// What a row did, and the row that takes it back.
func TestEveryChangeSaysHowItIsTakenBack(t *testing.T) {
	for _, test := range []struct {
		name, file string
		options    UserOptions
		want       map[string]string // without the note
		note       string            // a part of it
	}{
		{"created", "email,first_name\nnew@example.com,Nia", UserOptions{}, map[string]string{"operation": "delete", "id": "101"}, "new@example.com was created"},
		{"created and told", "email,first_name,notify\nnew@example.com,Nia,yes", UserOptions{}, map[string]string{"operation": "delete", "id": "101"}, "may have written"},
		{"created without a look", "email,first_name\nnew@example.com,Nia", UserOptions{Lookup: LookupOff}, map[string]string{"operation": "skip", "id": "101"}, "nothing tells for certain"},
		{"upserted", "email,first_name\nnew@example.com,Nia", UserOptions{Operation: upsert}, map[string]string{"operation": "delete", "id": "101"}, ""},
		{"exists", "email,first_name\nrita@example.com,Rita", UserOptions{}, nil, ""},
		{"updated", "id,first_name,email,City\n2,Leopold,leopold@example.com,Paris", UserOptions{Operation: update},
			map[string]string{"operation": "update", "id": "2", "first_name": "Leo", "email": "leo@example.com", "meta:City": "Utrecht"}, "leo@example.com"},
		{"updated, of what differs alone", "id,first_name,City,qualified\n2,Leo,Paris,yes", UserOptions{Operation: update},
			map[string]string{"operation": "update", "id": "2", "meta:City": "Utrecht", "qualified": "no"}, ""},
		{"updated, where it was empty before", "id,first_name,City\n3,Quincy,Paris", UserOptions{Operation: update},
			map[string]string{"operation": "update", "id": "3", "first_name": "Quin"}, "meta:City was empty, and the API cannot empty it again"},
		{"updated, where everything was empty before", "id,City\n3,Paris", UserOptions{Operation: update},
			map[string]string{"operation": "skip", "id": "3"}, "cannot empty it again"},
		{"updated without a look", "id,first_name\n2,Leopold", UserOptions{Operation: update, Lookup: LookupOff},
			map[string]string{"operation": "skip", "target": "id:2"}, "was not looked up"},
		{"unchanged", "id,first_name\n2,Leo", UserOptions{Operation: update}, nil, ""},
		{"qualified", "email\nleo@example.com", UserOptions{Operation: qualify}, map[string]string{"operation": "unqualify", "id": "2"}, "stays paid"},
		{"qualified without a look", "email\nleo@example.com", UserOptions{Operation: qualify, Lookup: LookupOff},
			map[string]string{"operation": "skip", "target": "email:leo@example.com campaign:1"}, "was not looked up"},
		{"unqualified", "email\nquin@example.com", UserOptions{Operation: unqualify}, map[string]string{"operation": "qualify", "id": "3"}, "due again"},
		{"deleted", "email\nleo@example.com", UserOptions{Operation: remove}, map[string]string{"operation": "skip", "id": "2", "code": "codeLeo2",
			"email": "leo@example.com", "first_name": "Leo", "campaign_id": "1", "referrer_id": "1", "qualified": "no", "meta:City": "Utrecht", "meta:Size": "S"}, "cannot be taken back"},
		{"absent", "email\nnew@example.com", UserOptions{Operation: remove}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.Campaign = 1
			if test.options.Lookup == "" {
				test.options.Lookup = LookupEach
			}
			w := newWorld(t, sandbox.Options{}, test.options)
			before := w.server.State()
			got := w.send(w.rows(test.file)[0])
			undo := maps.Clone(got.Undo)
			note := undo["note"]
			delete(undo, "note")
			if !maps.Equal(undo, test.want) || !strings.Contains(note, test.note) {
				t.Fatalf("undone by %v, want %v and a note of %q", got.Undo, test.want, test.note)
			}
			columns := w.users.UndoColumns()
			for field := range got.Undo {
				if !slices.Contains(columns, field) {
					t.Errorf("%s is none of the undo columns %v", field, columns)
				}
			}
			// The former state has to be on disk before the write leaves; of
			// whom a create will make, nothing is known yet.
			if made := got.Status == row.Created; !made && !maps.Equal(got.Tentative, got.Undo) || made && got.Tentative != nil {
				t.Errorf("before the write it was undone by %v, afterwards by %v", got.Tentative, got.Undo)
			}
			if undo == nil || undo["operation"] == skip || strings.Contains(note, "cannot empty") {
				return
			}
			back := connect(t, w.server, "https://api.example.com"+sandbox.BasePath, w.server.Transport(), UserOptions{Lookup: LookupEach})
			if done := back.send(back.rows(asFile(got.Undo))[0]); !done.Status.Wrote() {
				t.Errorf("taking it back: %v (%s)", done.Status, done.Error)
			}
			if after := w.server.State(); len(after.Users) != len(before.Users) || !sameUser(w.user(leo), before.Users[leo-1]) || (w.user(quin).QualifiedAt == "") != (before.Users[quin-1].QualifiedAt == "") {
				t.Errorf("taken back, the account holds %+v, want %+v", after.Users, before.Users)
			}
		})
	}
}

func sameUser(a, b sandbox.User) bool {
	return a.FirstName == b.FirstName && a.Email == b.Email && a.QualifiedAt == b.QualifiedAt && len(a.Meta) == len(b.Meta) && a.Meta[0] == b.Meta[0]
}

// An answer that is lost does not take the former values with it, and does not
// make somebody who signed up today a user whom the row created.
func TestAChangeWhoseAnswerWasLostIsTakenBackAllTheSame(t *testing.T) {
	state := people()
	state.Users[leo-1].SignedUpAt = "" // today
	for _, test := range []struct {
		file    string
		options UserOptions
	}{
		{"id,first_name,qualified\n2,Leopold,yes", UserOptions{Operation: update}},
		{"email,first_name,qualified\nleo@example.com,Leopold,yes", UserOptions{Operation: upsert}},
		{"email,first_name,referrer_id,qualified\nleo@example.com,Leopold,1,yes", UserOptions{OnExisting: Update}},
	} {
		test.options.Lookup, test.options.Campaign = LookupEach, 1
		w := newWorld(t, sandbox.Options{State: state, Faults: faults(t, "PUT /users/2 times=1 lose-answer")}, test.options)
		got := w.send(w.rows(test.file)[0])
		if got.Status != row.Updated || got.Error != "changed first_name, qualified" {
			t.Errorf("%q: %v (%s), want updated: changed first_name, qualified", test.file, got.Status, got.Error)
		}
		if u := got.Undo; u["operation"] != update || u["first_name"] != "Leo" || u["qualified"] != "no" {
			t.Errorf("%q: undone by %v, want an update to Leo, not qualified", test.file, u)
		}
	}
}

// After a crash nothing is known of what was there before. The run that sent
// the write has kept that; somebody who may have been there is not deleted.
func TestAfterACrashNobodyIsDeletedOnSuspicion(t *testing.T) {
	state := people()
	state.Users = append(state.Users, sandbox.User{ID: 7, CampaignID: 1, Type: Referring, FirstName: "Nia", Email: "new@example.com", Source: "Api"}) // of today
	for _, test := range []struct {
		file    string
		options UserOptions
		want    string // the operation that undoes it
	}{
		{"email,first_name\nnew@example.com,Nia", UserOptions{}, remove}, // a create is only sent for who is not there
		{"email,first_name\nnew@example.com,Naomi", UserOptions{}, skip},
		{"email,first_name\nnew@example.com,Nia", UserOptions{Lookup: LookupOff}, skip},
		{"email,first_name\nnew@example.com,Nia", UserOptions{OnExisting: Update}, skip},
		{"email,first_name\nnew@example.com,Nia", UserOptions{Operation: upsert}, skip},
		{"id,first_name\n2,Leo", UserOptions{Operation: update}, ""},
		{"email\nquin@example.com", UserOptions{Operation: qualify}, ""},
	} {
		test.options.Campaign = 1
		w := newWorld(t, sandbox.Options{State: state}, test.options)
		got := w.resume(w.rows(test.file)[0], time.Now())
		if !got.Status.Wrote() || got.Undo["operation"] != test.want {
			t.Errorf("%q %+v: %v, undone by %v; want %q", test.file, test.options, got.Status, got.Undo, test.want)
		}
	}
}
