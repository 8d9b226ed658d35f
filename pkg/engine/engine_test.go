package engine_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/pace"
	"github.com/refbulk/refbulk/pkg/referralfactory"
	"github.com/refbulk/refbulk/pkg/retry"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
	"github.com/refbulk/refbulk/pkg/sheet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// failer is what a test and a property test have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

var header = []string{"operation", "email", "first_name", "referrer_email"}

// once is one run of a file against a simulator, in a folder.
type once struct {
	t       failer
	engine  *engine.Engine
	options engine.Options
	file    *sheet.File
	ledger  *ledger.Ledger
	survey  *engine.Survey
	client  *referralfactory.Client
	dir     string
	closing []func() error
}

// begin opens everything and surveys the file.
func begin(t failer, server *sandbox.Server, dir string, rows [][]string, o engine.Options) *once {
	t.Helper()
	r := &once{t: t, dir: dir}
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(append([][]string{header}, rows...)); err != nil {
		t.Fatalf("%v", err)
	}
	path := filepath.Join(dir, "people.csv")
	r.must(os.WriteFile(path, text.Bytes(), 0o600))
	var err error
	r.file, err = sheet.Open(path, sheet.Options{})
	r.must(err)
	gate := pace.New(pace.Options{})
	r.client, err = referralfactory.NewClient(api.Config{BaseURL: "https://sandbox.example.com" + sandbox.BasePath, Token: "made-up", Gate: gate, Transport: server.Transport(), Timeout: 5 * time.Second})
	r.must(err)
	users, err := referralfactory.NewUsers(r.client, referralfactory.UserOptions{Campaign: 1})
	r.must(err)
	r.ledger, err = ledger.Open(context.Background(), ledger.Options{Path: filepath.Join(dir, "results.csv")})
	r.must(err)
	o.Rows, o.Resource, o.Ledger = r.file.Rows, users, r.ledger
	o.Loop = &retry.Loop{Policy: retry.Policy{Retries: 2, First: time.Millisecond}, Brake: gate, Window: time.Millisecond, MaxOutage: time.Second, Probe: users.Probe}
	r.engine, r.options = engine.New(o), o
	r.must(users.Open(context.Background(), r.engine.Try(context.Background(), context.Background())))
	_, err = users.Match(r.file.Header())
	r.must(err)
	r.survey, err = r.engine.Survey(context.Background())
	r.must(err)
	r.closing = []func() error{r.file.Close, gate.Close, r.ledger.Close}
	return r
}

// reopen has the engine read another file with the same header.
func (r *once) reopen(path string) {
	file, err := sheet.Open(path, sheet.Options{})
	r.must(err)
	r.closing = append(r.closing, file.Close)
	r.options.Rows = file.Rows
	r.engine = engine.New(r.options)
}

// forget has the engine know of no earlier survey.
func (r *once) forget() {
	var err error
	r.options.Ledger, err = ledger.Open(context.Background(), ledger.Options{Path: filepath.Join(r.dir, "none.csv"), ReadOnly: true})
	r.must(err)
	r.engine = engine.New(r.options)
}

func (r *once) must(err error) {
	if err != nil {
		r.t.Helper()
		r.t.Fatalf("%v", err)
	}
}

func (r *once) run() error {
	return r.engine.Run(context.Background(), context.Background(), r.survey)
}

// end finishes the results and closes everything.
func (r *once) end() engine.Totals {
	r.t.Helper()
	totals, err := r.engine.Finish(r.survey, r.file.Header(), nil, filepath.Join(r.dir, "failed.csv"))
	r.must(err)
	for _, c := range r.closing {
		r.must(c())
	}
	return totals
}

// all begins, runs and ends.
func all(t failer, server *sandbox.Server, dir string, rows [][]string, o engine.Options) engine.Totals {
	t.Helper()
	r := begin(t, server, dir, rows, o)
	r.must(r.run())
	return r.end()
}

func statuses(t failer, dir string) []string {
	t.Helper()
	var got []string
	if err := ledger.Read(filepath.Join(dir, "results.csv"), func(e ledger.Entry) error {
		got = append(got, e.Status.String())
		return nil
	}); err != nil {
		t.Fatalf("%v", err)
	}
	return got
}

func newServer(t *testing.T, o sandbox.Options) *sandbox.Server {
	o.Limit = -1
	server := sandbox.New(o)
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func TestRowsWaitForThoseTheyDependOnAndAreBlockedWhenThoseFail(t *testing.T) {
	server := newServer(t, sandbox.Options{RefusedDomains: []string{"refused.example.com"}})
	dir := t.TempDir()
	rows := [][]string{
		{"create", "leaf@example.com", "Leaf", "branch@example.com"},
		{"create", "branch@example.com", "Branch", "root@example.com"},
		{"create", "root@example.com", "Root", ""},
		{"create", "child@example.com", "Child", "boss@refused.example.com"},
		{"create", "boss@refused.example.com", "Boss", ""},
		{"create", "grandchild@example.com", "Grandchild", "child@example.com"},
		{"qualify", "boss@refused.example.com", "", ""},
		{"create", "a@example.com", "A", "b@example.com"},
		{"create", "b@example.com", "B", "a@example.com"},
		{"create", "c@example.com", "C", "a@example.com"},
		{"create", "heir@example.com", "Heir", "nameless@example.com"},
		{"create", "nameless@example.com", "", ""},
	}
	all(t, server, dir, rows, engine.Options{})
	want := []string{"created", "created", "created", "blocked", "rejected", "blocked", "blocked", "invalid", "invalid", "blocked", "blocked", "invalid"}
	if diff := cmp.Diff(want, statuses(t, dir)); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if got := server.Counts().Commits.Creates; got != 3 {
		t.Errorf("%d people were created, want 3", got)
	}

	// Mended, the blocked rows run, and only they.
	rows[4][1], rows[3][3], rows[6][1] = "boss@example.com", "boss@example.com", "boss@example.com"
	rows[11][2] = "Named"
	rows[8][3] = ""
	totals := all(t, server, dir, rows, engine.Options{})
	if totals.Statuses[row.Created] != 11 || totals.Statuses[row.Absent] != 1 {
		t.Errorf("after mending: %v, want 11 created and one absent: who refers cannot be qualified", totals.Statuses)
	}
}

func TestTheFuseEndsARunOfWhichTooMuchIsRefused(t *testing.T) {
	server := newServer(t, sandbox.Options{RefusedDomains: []string{"example.com"}})
	var rows [][]string
	for i := range 200 {
		rows = append(rows, []string{"create", fmt.Sprintf("p%d@example.com", i), "P", ""})
	}
	r := begin(t, server, t.TempDir(), rows, engine.Options{MaxRejected: 0.5, Workers: 4})
	err := r.run()
	var stop *retry.Stop
	if !errors.As(err, &stop) {
		t.Fatalf("Run() = %v, want a reason to stop", err)
	}
	totals := r.end()
	if n := totals.Statuses[row.Rejected]; n <= 50 || n > 60 || totals.Sum() != 200 {
		t.Errorf("%d rows were refused before the fuse blew, and %d accounted for; want a few over 50, and 200", n, totals.Sum())
	}
}

func TestAStrictRunSendsNothingWhenARowIsInvalid(t *testing.T) {
	server := newServer(t, sandbox.Options{})
	rows := [][]string{{"create", "a@example.com", "A", ""}, {"create", "nobody", "B", ""}}
	totals := all(t, server, t.TempDir(), rows, engine.Options{Strict: true})
	if totals.NotReached != 1 || totals.Statuses[row.Invalid] != 1 || server.Counts().Writes != 0 {
		t.Errorf("%+v and %d writes, want one invalid, one not reached and none", totals, server.Counts().Writes)
	}
}

// eachPersonOnce reports whether no two rows act on the same person: what a
// row meets that waits for another, a plan can only take for granted.
func eachPersonOnce(rows [][]string) bool {
	seen := map[string]bool{}
	for _, cells := range rows {
		if seen[cells[1]] {
			return false
		}
		seen[cells[1]] = true
	}
	return true
}

func TestAPlanTellsASecondCreateOfAPersonFromTheFirst(t *testing.T) {
	server := newServer(t, sandbox.Options{})
	rows := [][]string{{"create", "a@example.com", "A", ""}, {"create", "a@example.com", "B", ""}, {"create", "b@example.com", "B", "a@example.com"}}
	r := begin(t, server, t.TempDir(), rows, engine.Options{})
	forecast, err := r.engine.Plan(t.Context(), t.Context(), r.survey)
	if err != nil {
		t.Fatal(err)
	}
	want := map[row.Status]int{row.Created: 2, row.Exists: 1}
	if diff := cmp.Diff(want, forecast.Statuses); diff != "" || forecast.Writes != 2 {
		t.Errorf("Plan() foresees %d writes, want 2; statuses (-want +got):\n%s", forecast.Writes, diff)
	}
	for _, c := range r.closing {
		r.must(c())
	}
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
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []string {
			operation := rapid.SampledFrom([]string{"create", "create", "create", "qualify", "update", "skip", "bogus"}).Draw(t, "operation")
			cells := []string{operation, person.Draw(t, "who"), rapid.SampledFrom([]string{"Ann", "Ben", ""}).Draw(t, "name"), ""}
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
		plan := begin(t, server, dir, rows, engine.Options{})
		forecast, err := plan.engine.Plan(context.Background(), context.Background(), plan.survey)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range plan.closing {
			plan.must(c())
		}
		if writes := server.Counts().Writes; writes != 0 {
			t.Fatalf("the plan sent %d writes", writes)
		}
		totals := all(t, server, dir, rows, engine.Options{})
		if totals.Sum() != len(rows) {
			t.Fatalf("%d outcomes of %d rows", totals.Sum(), len(rows))
		}
		writes := server.Counts().Writes
		if totals.Statuses[row.Rejected] == 0 && eachPersonOnce(rows) {
			if diff := cmp.Diff(forecast.Statuses, totals.Statuses); diff != "" {
				t.Fatalf("statuses (-plan +run):\n%s\n%q", diff, rows)
			}
			if forecast.Writes != writes {
				t.Fatalf("the plan foresaw %d writes, the run sent %d\n%q", forecast.Writes, writes, rows)
			}
		}
		// Who was absent is tried again, and may have come by a later row.
		totals = all(t, server, dir, rows, engine.Options{})
		writes = server.Counts().Writes
		again := all(t, server, dir, rows, engine.Options{})
		if diff := cmp.Diff(totals.Statuses, again.Statuses); diff != "" {
			t.Fatalf("statuses (-one run +the next):\n%s\n%q", diff, rows)
		}
		if sent := server.Counts().Writes - writes; sent != 0 {
			t.Fatalf("the same file once more sent %d writes\n%q", sent, rows)
		}
	})
}

// A million rows may take 64 MiB, of which the program itself is some 24.
func TestASurveyKeepsAFewBytesOfARow(t *testing.T) {
	const n, most = 200_000, 20
	path := filepath.Join(t.TempDir(), "many.csv")
	writePeople(t, path, n)
	server := sandbox.New(sandbox.Options{Limit: -1})
	r := begin(t, server, t.TempDir(), nil, engine.Options{})
	r.reopen(path)
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	s, err := r.engine.Survey(t.Context())
	r.must(err)
	if kept := int64(live()-before) / n; s.Due != n || kept > most {
		t.Errorf("a survey found %d of %d rows due and keeps %d bytes of each, want %d at most", s.Due, n, kept, most)
	}
	runtime.KeepAlive(s)
	for _, c := range append(r.closing, server.Close) {
		r.must(c())
	}
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
	r.must(users.Open(t.Context(), e.Try(t.Context(), t.Context())))
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
