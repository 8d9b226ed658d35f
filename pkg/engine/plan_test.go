package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/referralfactory"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// planned is what a plan of a file foresees; it sends nothing.
func planned(t failer, server *sandbox.Server, dir string, rows [][]string, u referralfactory.UserOptions) engine.Forecast {
	t.Helper()
	before := server.Counts().Writes
	r := beginWith(t, server, dir, rows, engine.Options{}, u)
	forecast, err := r.engine.Plan(context.Background(), context.Background(), r.survey)
	r.must(err)
	for _, c := range r.closing {
		r.must(c())
	}
	if sent := server.Counts().Writes - before; sent != 0 {
		t.Fatalf("the plan sent %d writes", sent)
	}
	return forecast
}

// people makes rows of lines such as "create ann Ann bo", of which the last
// word is the referrer.
func people(lines ...string) (rows [][]string) {
	for _, line := range lines {
		cells := make([]string, len(header))
		for i, word := range strings.Fields(line) {
			if i == 1 || i == 3 {
				word += "@example.com"
			}
			cells[i] = word
		}
		rows = append(rows, cells)
	}
	return rows
}

// A plan foresees what the rows of one person meet that earlier ones left.
func TestAPlanForeseesWhatLaterRowsOfAPersonMeet(t *testing.T) {
	three := people("create ann Ann", "create ann Anna", "create ann Ann")
	for _, test := range []struct {
		name  string
		rows  [][]string
		users referralfactory.UserOptions
		want  map[row.Status]int
	}{
		{"two creates and a lead", people("create ann Ann", "create ann Ben", "create bo Bo ann"), referralfactory.UserOptions{},
			map[row.Status]int{row.Created: 2, row.Exists: 1}},
		{"two upserts", people("upsert cat Cat", "upsert cat Cathy"), referralfactory.UserOptions{},
			map[row.Status]int{row.Created: 1, row.Updated: 1}},
		{"upserts without a name", people("upsert host", "upsert cat Cat", "upsert cat", "upsert dan", "create eve Eve dan"), referralfactory.UserOptions{},
			map[row.Status]int{row.Created: 1, row.Unchanged: 2, row.Invalid: 1, row.Blocked: 1}},
		{"three creates", three, referralfactory.UserOptions{}, map[row.Status]int{row.Created: 1, row.Exists: 2}},
		{"one by one", three, referralfactory.UserOptions{Lookup: referralfactory.LookupEach}, map[row.Status]int{row.Created: 1, row.Exists: 2}},
		{"not looked up", three, referralfactory.UserOptions{Lookup: referralfactory.LookupOff}, map[row.Status]int{row.Created: 1, row.Exists: 2}},
		{"failing on who is there", three, referralfactory.UserOptions{OnExisting: referralfactory.Fail},
			map[row.Status]int{row.Created: 1, row.Rejected: 1, row.Blocked: 1}},
		{"updating who is there", three, referralfactory.UserOptions{OnExisting: referralfactory.Update},
			map[row.Status]int{row.Created: 1, row.Updated: 2}},
		{"a qualification between", people("create ann Ann", "create bo Bo ann", "qualify bo", "create bo Bob"), referralfactory.UserOptions{},
			map[row.Status]int{row.Created: 2, row.Qualified: 1, row.Exists: 1}},
		{"a deletion between", people("create host Hosts", "delete host", "qualify host", "update host H", "upsert host Host", "create host Hostess"),
			referralfactory.UserOptions{}, map[row.Status]int{row.Exists: 2, row.Deleted: 1, row.Absent: 2, row.Created: 1}},
	} {
		server, dir := newServer(t, sandbox.Options{State: hosted()}), t.TempDir()
		forecast := planned(t, server, dir, test.rows, test.users)
		totals := allWith(t, server, dir, test.rows, engine.Options{}, test.users)
		if diff := cmp.Diff(test.want, forecast.Statuses); diff != "" {
			t.Errorf("%s: the plan (-want +got):\n%s", test.name, diff)
		}
		if diff := cmp.Diff(test.want, totals.Statuses); diff != "" {
			t.Errorf("%s: the run (-want +got):\n%s", test.name, diff)
		}
		if sent := server.Counts().Writes; forecast.Writes != sent {
			t.Errorf("%s: the plan foresees %d writes, the run sent %d", test.name, forecast.Writes, sent)
		}
	}
}

// hosted is an account with one person, the host.
func hosted() *sandbox.State {
	account := sandbox.Example()
	account.Users = []sandbox.User{{ID: 1, CampaignID: 1, Email: "host@example.com", FirstName: "Host", Type: sandbox.PersonReferring}}
	return &account
}

// The vendor writes to whom a row creates, not to whom it meets.
func TestAPlanCountsWhomTheVendorWouldWriteTo(t *testing.T) {
	server := newServer(t, sandbox.Options{State: hosted()})
	rows := people("upsert host Hosts", "create ann Ann", "create ann Anna", "upsert cat Cat", "upsert cat Cathy")
	if got := planned(t, server, t.TempDir(), rows, referralfactory.UserOptions{Notify: true}).Notify; got != 2 {
		t.Errorf("the plan foresees that %d people are written to, want 2", got)
	}
}

// A row that an earlier run has done with stands between two of this run, and
// hides from the second nothing of what the first does.
func TestAPlanPassesOverWhatAnEarlierRunHasDone(t *testing.T) {
	server, dir := newServer(t, sandbox.Options{State: hosted()}), t.TempDir()
	all(t, server, dir, people("create ann Ann host", "qualify ann"), engine.Options{})
	if err := server.SetState(*hosted()); err != nil { // ann went
		t.Fatal(err)
	}
	rows := people("create ann Anna host", "qualify ann", "create ann Annie host")
	forecast := planned(t, server, dir, rows, referralfactory.UserOptions{})
	totals := all(t, server, dir, rows, engine.Options{})
	want := map[row.Status]int{row.Created: 1, row.Qualified: 1, row.Exists: 1}
	if diff := cmp.Diff(want, forecast.Statuses); diff != "" {
		t.Errorf("the plan (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, totals.Statuses); diff != "" {
		t.Errorf("the run (-want +got):\n%s", diff)
	}
}

// foreseeable reports whether a plan can tell the outcome of every row to the
// letter: a person stands there once, or in rows that each bring another name.
// What others ask of somebody whom the run itself makes or changes, it takes
// for granted.
func foreseeable(rows [][]string, o referralfactory.OnExisting) bool {
	last := map[string][]string{}
	for _, cells := range rows {
		before, again := last[cells[1]]
		last[cells[1]] = cells
		if again && cells[0] == "upsert" && cells[2] == "" {
			return false // brings no name, and the next row may bring the one before it
		}
		plain := again && before[3]+cells[3] == "" || o != referralfactory.Update
		if again && (before[0] != cells[0] || cells[0] != "create" && cells[0] != "upsert" || !plain) {
			return false
		}
	}
	return true
}

// The laws of a run: a plan foresees every outcome, the outcomes account for
// every row, and a file that is done sends nothing.
func TestAPlanForeseesTheRunAndARerunSendsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		account := sandbox.Example()
		for i := range rapid.IntRange(0, 4).Draw(t, "there") {
			u := sandbox.User{ID: int64(i + 1), CampaignID: 1, Email: fmt.Sprintf("p%d@example.com", i), FirstName: "There", Type: sandbox.PersonReferring}
			if i > 0 && rapid.Bool().Draw(t, "invited") {
				u.Type, u.ReferrerID = sandbox.PersonInvited, 1
			}
			account.Users = append(account.Users, u)
		}
		server := sandbox.New(sandbox.Options{Limit: -1, State: &account})
		defer server.Close()
		person := rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf("p%d@example.com", rapid.IntRange(0, 7).Draw(t, "person"))
		})
		users := referralfactory.UserOptions{OnExisting: rapid.SampledFrom([]referralfactory.OnExisting{
			referralfactory.Keep, referralfactory.Update, referralfactory.Fail}).Draw(t, "on existing")}
		menus := [][]string{{"create"}, {"upsert", "upsert", "bogus"}, {"create", "create", "create", "upsert", "qualify", "update", "skip", "bogus"}}
		menu := rapid.SliceOfN(rapid.SampledFrom(menus), 8, 8).Draw(t, "menus")
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []string {
			who := rapid.IntRange(0, 7).Draw(t, "who")
			operation := rapid.SampledFrom(menu[who]).Draw(t, "operation")
			cells := []string{operation, fmt.Sprintf("p%d@example.com", who), rapid.SampledFrom([]string{"Ann", "Ben", ""}).Draw(t, "name"), ""}
			if operation == "create" && rapid.Bool().Draw(t, "referred") {
				cells[3] = person.Draw(t, "referrer")
			}
			return cells
		}), 1, 15).Draw(t, "rows")

		dir, err := os.MkdirTemp("", "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		forecast := planned(t, server, dir, rows, users)
		totals := allWith(t, server, dir, rows, engine.Options{}, users)
		if totals.Sum() != len(rows) {
			t.Fatalf("%d outcomes of %d rows", totals.Sum(), len(rows))
		}
		writes := server.Counts().Writes
		if server.Counts().ByStatus[http.StatusUnprocessableEntity] == 0 && foreseeable(rows, users.OnExisting) {
			if diff := cmp.Diff(forecast.Statuses, totals.Statuses); diff != "" {
				t.Fatalf("statuses (-plan +run):\n%s\n%q", diff, rows)
			}
			if forecast.Writes != writes {
				t.Fatalf("the plan foresaw %d writes, the run sent %d\n%q", forecast.Writes, writes, rows)
			}
		}
		// Who was absent is tried again, and may have come by a later row.
		totals = allWith(t, server, dir, rows, engine.Options{}, users)
		before := server.Counts()
		again := allWith(t, server, dir, rows, engine.Options{}, users)
		if diff := cmp.Diff(totals.Statuses, again.Statuses); diff != "" {
			t.Fatalf("statuses (-one run +the next):\n%s\n%q", diff, rows)
		}
		// A lead that alone is left of a file is not listed, and may be sent for
		// its referrer to be missed.
		after := server.Counts()
		refused := after.ByStatus[http.StatusUnprocessableEntity] - before.ByStatus[http.StatusUnprocessableEntity]
		if sent := after.Writes - before.Writes; sent != refused || refused > 1 {
			t.Fatalf("the same file once more sent %d writes, of which %d were refused\n%q", sent, refused, rows)
		}
	})
}

// What a row ends as that is sent without a look is known after the survey.
func TestAPlanThatLooksNothingUpReadsTheFileOnce(t *testing.T) {
	server := sandbox.New(sandbox.Options{Limit: -1})
	rows := [][]string{
		{"create", "a@example.com", "A", ""}, {"create", "b@example.com", "B", "a@example.com"},
		{"create", "a@example.com", "A", ""}, {"create", "invalid", "C", ""}, {"skip", "d@example.com", "D", ""},
	}
	r := begin(t, server, t.TempDir(), rows, engine.Options{})
	users, err := referralfactory.NewUsers(r.client, referralfactory.UserOptions{Campaign: 1, Lookup: referralfactory.LookupOff})
	r.must(err)
	passes := 0
	o := r.options
	o.Resource, o.Rows = users, func() (*sheet.Rows, error) { passes++; return r.file.Rows() }
	e := engine.New(o)
	r.must(users.Open(e.Try(t.Context(), t.Context())))
	_, err = users.Match(r.file.Header())
	r.must(err)
	s, err := e.Survey(t.Context())
	r.must(err)
	before := server.Counts().Requests
	got, err := e.Plan(t.Context(), t.Context(), s)
	r.must(err)
	want := map[row.Status]int{row.Created: 2, row.Duplicate: 1, row.Invalid: 1, row.Skipped: 1}
	if diff := cmp.Diff(want, got.Statuses); diff != "" || got.Writes != 2 {
		t.Errorf("the plan sends %d writes, want 2; statuses (-want +got):\n%s", got.Writes, diff)
	}
	if calls := server.Counts().Requests - before; passes != 1 || calls != 0 {
		t.Errorf("the file was read %d times, and %d calls were made; want 1 and 0", passes, calls)
	}
	for _, c := range append(r.closing, server.Close) {
		r.must(c())
	}
}

func TestATrialTellsOfItsOwnRowsAlone(t *testing.T) {
	server := newServer(t, sandbox.Options{})
	var observed []int
	r := begin(t, server, t.TempDir(), [][]string{{"create", "ann@example.com", "Ann", ""}, {"create", "invalid", "Bo", ""}},
		engine.Options{First: 1, Observe: func(in *row.Intent) { observed = append(observed, in.Row) }})
	if len(r.survey.Causes) != 0 || r.survey.Invalid != 0 {
		t.Errorf("the survey tells of %+v in %d rows, want nothing", r.survey.Causes, r.survey.Invalid)
	}
	if !slices.Equal(observed, []int{1}) {
		t.Errorf("the rows %v were shown, want the first", observed)
	}
	for _, c := range r.closing {
		r.must(c())
	}
}
