package referralfactory

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestTheCheaperWayOfLookingIsTaken(t *testing.T) {
	for _, test := range []struct {
		lookup     Lookup
		users, due int
		way        Lookup
		requests   int
	}{
		{LookupAuto, 50_000, 50_000, LookupList, 200},
		{LookupAuto, 50_000, 199, LookupList, 200}, // the first page is read anyway
		{LookupAuto, 50_000, 198, LookupEach, 199},
		{LookupAuto, 50_000, 1, LookupEach, 1},
		{LookupAuto, 0, 1000, LookupList, 1},
		{LookupAuto, 251, 2, LookupList, 2},
		{LookupList, 50_001, 1, LookupList, 201},
		{LookupEach, 250, 5000, LookupEach, 5000},
		{LookupOff, 250, 5000, LookupOff, 0},
	} {
		way, requests := test.lookup.Cost(test.users, test.due)
		if way != test.way || requests != test.requests {
			t.Errorf("%s.Cost(%d, %d) = %s, %d; want %s, %d", test.lookup, test.users, test.due, way, requests, test.way, test.requests)
		}
	}
}

// crowd is campaign 1 with n users and campaign 2 with one.
func crowd(n int) *sandbox.State {
	s := people()
	s.Users = nil
	for i := range n {
		u := sandbox.User{ID: int64(i + 1), CampaignID: 1, Type: Referring, FirstName: "Jane", Email: fmt.Sprintf("u%d@example.com", i+1), SignedUpAt: "2025-01-01"}
		if i%2 == 1 {
			u.Type, u.ReferrerID = Invited, 1
		}
		s.Users = append(s.Users, u)
	}
	s.Users = append(s.Users, sandbox.User{ID: int64(n + 1), CampaignID: 2, Type: Referring, FirstName: "Else", Email: "u1@example.com", SignedUpAt: "2025-01-01"})
	s.NextUser = int64(n + 2)
	return s
}

// What a look costs is what Cost says, and rows that change nothing cost
// nothing more.
func TestARunCostsTheRequestsThatWereReckoned(t *testing.T) {
	for _, test := range []struct {
		name          string
		options       UserOptions
		behaviour     sandbox.Behaviour
		users, rows   int
		file          func(i int) string
		reads, writes int
	}{
		{"qualify 5,000 of whom 60 are pending members", UserOptions{Operation: qualify}, sandbox.Behaviour{}, 2000, 5000, func(i int) string {
			if i < 60 {
				return fmt.Sprintf("u%d@example.com,", 2*i+2)
			}
			return fmt.Sprintf("stranger%d@example.com,", i)
		}, 9, 60},
		{"upsert 3,000 of whom 30 changed", UserOptions{Operation: upsert}, sandbox.Behaviour{NewestFirst: true}, 3000, 3000, func(i int) string {
			if i%100 == 0 {
				return fmt.Sprintf("u%d@example.com,Joan", i+1)
			}
			return fmt.Sprintf("U%d@example.com,Jane", i+1)
		}, 13, 30},
		{"create 3 who are there, one by one", UserOptions{}, sandbox.Behaviour{}, 2000, 3, func(i int) string {
			return fmt.Sprintf("u%d@example.com,Jane", i+1)
		}, 4, 0},
		{"create 300 who are there, pages of strings on another host", UserOptions{}, sandbox.Behaviour{LooseTypes: true, LinksHost: "https://elsewhere.example.com"}, 600, 300, func(i int) string {
			return fmt.Sprintf("u%d@example.com,Jane", i+1)
		}, 3, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.Campaign = 1
			w := newWorld(t, sandbox.Options{State: crowd(test.users), Behaviour: test.behaviour}, test.options)
			var file strings.Builder
			file.WriteString("email,first_name\n")
			for i := range test.rows {
				file.WriteString(test.file(i) + "\n")
			}
			if err := w.users.Prepare(test.rows, w.try); err != nil {
				t.Fatal(err)
			}
			_, cost := LookupAuto.Cost(test.users+1, test.rows)
			for _, in := range w.rows(file.String()) {
				if got := w.send(in); got.Status.NeedsMending() {
					t.Fatalf("row %d: %v: %s", in.Row, got.Status, got.Error)
				}
			}
			reads, writes := w.calls()
			if reads != test.reads || writes != test.writes || cost != test.reads {
				t.Errorf("%d reads and %d writes, want %d and %d; Cost says %d", reads, writes, test.reads, test.writes, cost)
			}
		})
	}
}

// The rows of a file see what earlier ones did, in a listed account as well as
// one by one, however the present state was found.
func TestRowsSeeWhatEarlierRowsDid(t *testing.T) {
	const file = `operation,email,first_name,referrer_email,id
create,ann@example.com,Ann,,
create,ben@example.com,Ben,ann@example.com,
create,ben@example.com,Ben,ann@example.com,
qualify,ben@example.com,,,
qualify,ben@example.com,,,
update,ben@example.com,Benno,,
upsert,ben@example.com,Benno,,
delete,ben@example.com,,,
qualify,ben@example.com,,,
create,ben@example.com,Ben,ann@example.com,
delete,leo@example.com,,,
update,,Leo,,2
create,leo@example.com,Leo,,
create,cid@example.com,Cid,ann@example.com,
qualify,cid@example.com,,,
`
	want := []row.Status{row.Created, row.Created, row.Exists, row.Qualified, row.Unchanged, row.Updated, row.Unchanged, row.Deleted, row.Absent,
		row.Created, row.Deleted, row.Absent, row.Created, row.Created, row.Qualified}
	for _, lookup := range []Lookup{LookupList, LookupEach} {
		w := newWorld(t, sandbox.Options{Faults: faults(t, "DELETE /users/2 times=1 lose-answer")}, UserOptions{Campaign: 1, Lookup: lookup})
		if err := w.users.Prepare(len(want), w.try); err != nil {
			t.Fatal(err)
		}
		for i, in := range w.rows(file) {
			in.Awaited = i < len(want)-1
			if got := w.send(in); got.Status != want[i] {
				t.Errorf("%s: row %d: %v (%s), want %v", lookup, i+1, got.Status, got.Error, want[i])
			}
		}
	}
}

// A second row that the API takes for the first one's person, however it
// folds addresses, has created nobody.
func TestAUserWhomThisRunCreatedExistsForTheNextRow(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, UserOptions{Campaign: 1, Lookup: LookupOff})
	rows := w.rows("email,first_name\nann@example.com,Ann\nANN@example.com,Ann")
	if got := w.send(rows[0]); got.Status != row.Created {
		t.Errorf("the first row is %v, want created", got.Status)
	}
	if got := w.send(rows[1]); got.Status != row.Exists || got.ID != "101" || got.Undo != nil {
		t.Errorf("the second row is %v of id %s, undone by %v; want exists of 101 and nothing", got.Status, got.ID, got.Undo)
	}
}

// The referrer of a new lead is compared with the one asked for, whichever way
// the row names it.
func TestAnotherReferrerThanTheRowsIsSaid(t *testing.T) {
	for cell, says := range map[string]string{
		"referrer_email,rita@example.com": "", "referrer_code,codeRita1": "", "referrer_id,1": "",
		"referrer_email,bo@example.com": "id 1 referred this person, not bo@example.com", "referrer_code,codeBo4": "not codeBo4", "referrer_id,4": "not 4",
	} {
		w := newWorld(t, sandbox.Options{}, UserOptions{Campaign: 1, Lookup: LookupList})
		if err := w.users.Prepare(9, w.try); err != nil {
			t.Fatal(err)
		}
		field, value, _ := strings.Cut(cell, ",")
		in := w.rows("email,first_name," + field + "\nnew@example.com,Nia," + value)[0]
		work := work{users: w.users, in: &in, person: in.Payload.(*person)}
		got := work.created(&User{ID: 101, CampaignID: 1, ReferrerID: rita, Type: Invited}, 201).Done
		if says == "" && got.Error != "" || !strings.Contains(got.Error, says) {
			t.Errorf("%s: the row says %q, want %q", cell, got.Error, says)
		}
	}
}

// script changes the account before each of the first calls of a listing.
func (w *world) script(changes ...func(*sandbox.State)) func(func(context.Context) error) error {
	calls := 0
	return func(op func(context.Context) error) error {
		if calls < len(changes) && changes[calls] != nil {
			s := w.server.State()
			changes[calls](&s)
			if err := w.server.SetState(s); err != nil {
				w.Fatal(err)
			}
		}
		calls++
		return op(w.Context())
	}
}

func goes(id int64) func(*sandbox.State) {
	return func(s *sandbox.State) {
		s.Users = slices.DeleteFunc(s.Users, func(u sandbox.User) bool { return u.ID == id })
	}
}

func comes(email string) func(*sandbox.State) {
	return func(s *sandbox.State) {
		s.Users = append(s.Users, sandbox.User{ID: s.NextUser, CampaignID: 1, Type: Referring, FirstName: "Late", Email: email})
		s.NextUser++
	}
}

// People who come and go while pages are read are neither doubled nor lost,
// and it is said.
func TestAListingGivesEverybodyOnce(t *testing.T) {
	for _, test := range []struct {
		name       string
		behaviour  sandbox.Behaviour
		changes    []func(*sandbox.State)
		users      int // given
		calls      int
		came, went int
		steady     bool
	}{
		{"nobody moves", sandbox.Behaviour{}, nil, 601, 3, 0, 0, true},
		{"nobody moves, newest first", sandbox.Behaviour{NewestFirst: true}, nil, 601, 3, 0, 0, true},
		{"one goes, and moves another to a page that was read", sandbox.Behaviour{}, []func(*sandbox.State){nil, goes(3)}, 601, 6, 1, 1, true},
		{"one comes at the end", sandbox.Behaviour{}, []func(*sandbox.State){nil, comes("late@example.com")}, 602, 6, 0, 0, true},
		{"one comes in front", sandbox.Behaviour{NewestFirst: true}, []func(*sandbox.State){nil, comes("late@example.com")}, 602, 6, 1, 0, true},
		{"one comes while the pages are read again", sandbox.Behaviour{NewestFirst: true},
			[]func(*sandbox.State){nil, comes("a@example.com"), nil, nil, comes("b@example.com")}, 603, 9, 2, 0, true},
		{"they come and come", sandbox.Behaviour{NewestFirst: true},
			[]func(*sandbox.State){nil, comes("a@example.com"), nil, nil, comes("b@example.com"), nil, nil, comes("c@example.com")}, 603, 9, 2, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{State: crowd(600), Behaviour: test.behaviour}, UserOptions{})
			l := w.client.AllUsers(w.script(test.changes...))
			given := map[int64]int{}
			for {
				users, err := l.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, u := range users {
					given[u.ID]++
				}
			}
			for id, n := range given {
				if n != 1 {
					t.Errorf("user %d was given %d times", id, n)
				}
			}
			for _, u := range w.server.State().Users {
				if given[u.ID] == 0 && test.steady {
					t.Errorf("user %d is there and was not given", u.ID)
				}
			}
			if len(given) != test.users || l.Calls() != test.calls {
				t.Errorf("%d users in %d calls, want %d in %d", len(given), l.Calls(), test.users, test.calls)
			}
			if l.Came() != test.came || len(l.Went()) != test.went || l.Steady() != test.steady {
				t.Errorf("came %d, went %d, steady %v; want %d, %d, %v", l.Came(), len(l.Went()), l.Steady(), test.came, test.went, test.steady)
			}
		})
	}
}

// What came or went while everybody was listed is known to the rows; where it
// does not end, rows are looked up one by one.
func TestAnAccountThatMovesWhileItIsListed(t *testing.T) {
	file := "email\nu3@example.com\nlate@example.com"
	for _, test := range []struct {
		name    string
		changes []func(*sandbox.State)
		reads   int
	}{
		{"once", []func(*sandbox.State){nil, func(s *sandbox.State) { goes(3)(s); comes("late@example.com")(s); comes("b@example.com")(s) }}, 6},
		{"all the time", []func(*sandbox.State){nil, goes(3), nil, nil, comes("late@example.com"), nil, nil, comes("b@example.com")}, 9 + 2},
	} {
		w := newWorld(t, sandbox.Options{State: crowd(600)}, UserOptions{Operation: remove, Campaign: 1})
		if err := w.users.Prepare(600, w.script(test.changes...)); err != nil {
			t.Fatal(err)
		}
		rows := w.rows(file)
		if got := w.send(rows[0]); got.Status != row.Absent {
			t.Errorf("%s: who went is %v, want absent", test.name, got.Status)
		}
		if got := w.send(rows[1]); got.Status != row.Deleted {
			t.Errorf("%s: who came is %v, want deleted", test.name, got.Status)
		}
		if reads, writes := w.calls(); reads != test.reads || writes != 1 {
			t.Errorf("%s: %d reads and %d writes, want %d and 1", test.name, reads, writes, test.reads)
		}
	}
}

// The index does not know of changes that others make after the listing; the
// API's answer does.
func TestAListingThatIsOutOfDateDoesNoHarm(t *testing.T) {
	for _, behaviour := range []sandbox.Behaviour{{}, {DeletedGone: true, QualifyUnknownInvalid: true}} {
		w := newWorld(t, sandbox.Options{Behaviour: behaviour}, UserOptions{Campaign: 1, Lookup: LookupList})
		if err := w.users.Prepare(9, w.try); err != nil {
			t.Fatal(err)
		}
		s := w.server.State()
		goes(leo)(&s)
		comes("late@example.com")(&s)
		s.Users[len(s.Users)-1].SignedUpAt = "2025-01-01"
		if err := w.server.SetState(s); err != nil {
			t.Fatal(err)
		}
		rows := w.rows("operation,email,first_name\nqualify,leo@example.com,\nupdate,leo@example.com,Leopold\ndelete,leo@example.com,\ncreate,late@example.com,Late")
		for i, want := range []row.Status{row.Absent, row.Absent, row.Absent, row.Exists} {
			if got := w.send(rows[i]); got.Status != want {
				t.Errorf("row %d: %v (%s), want %v", i+1, got.Status, got.Error, want)
			}
		}
		if _, writes := w.calls(); writes != 2 {
			t.Errorf("%d writes, want 2: who is found gone is known to be", writes)
		}
	}
}
