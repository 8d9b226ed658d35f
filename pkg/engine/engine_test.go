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
	return beginWith(t, server, dir, rows, o, referralfactory.UserOptions{})
}

// beginWith is begin with other options of users than the usual.
func beginWith(t failer, server *sandbox.Server, dir string, rows [][]string, o engine.Options, u referralfactory.UserOptions) *once {
	t.Helper()
	u.Campaign = 1
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
	users, err := referralfactory.NewUsers(r.client, u)
	r.must(err)
	r.ledger, err = ledger.Open(context.Background(), ledger.Options{Path: filepath.Join(dir, "results.csv")})
	r.must(err)
	o.Rows, o.Resource, o.Ledger = r.file.Rows, users, r.ledger
	o.Loop = &retry.Loop{Policy: retry.Policy{Retries: 2, First: time.Millisecond}, Brake: gate, Window: time.Millisecond, MaxOutage: time.Second, Probe: users.Probe}
	r.engine, r.options = engine.New(o), o
	r.must(users.Open(r.engine.Try(context.Background(), context.Background())))
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
	return allWith(t, server, dir, rows, o, referralfactory.UserOptions{})
}

// allWith is all with other options of users than the usual.
func allWith(t failer, server *sandbox.Server, dir string, rows [][]string, o engine.Options, u referralfactory.UserOptions) engine.Totals {
	t.Helper()
	r := beginWith(t, server, dir, rows, o, u)
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

// Whose referrer exists nowhere waits for them, night after night, and goes in
// once they are there: by a row that was mended, or by a new one.
func TestALeadWaitsForAReferrerWhoExistsNowhere(t *testing.T) {
	rows := people("create bo Bo", "create cy Cy bo", "create di Di cy", "upsert eve Eve gus", "create flo Flo host")
	rows[0][1] = "bo at example.com"
	want := map[row.Status]int{row.Invalid: 1, row.Blocked: 3, row.Created: 1}
	server, dir := newServer(t, sandbox.Options{State: hosted()}), t.TempDir()
	forecast := planned(t, server, dir, rows, referralfactory.UserOptions{})
	if diff := cmp.Diff(want, forecast.Statuses); diff != "" || forecast.Writes != 1 {
		t.Errorf("the plan foresees %d writes, want 1; statuses (-want +got):\n%s", forecast.Writes, diff)
	}
	for night := range 3 {
		totals := all(t, server, dir, rows, engine.Options{})
		if diff := cmp.Diff(want, totals.Statuses); diff != "" || server.Counts().Writes != 1 {
			t.Errorf("night %d: %d writes so far, want 1; statuses (-want +got):\n%s", night+1, server.Counts().Writes, diff)
		}
	}
	rows[0][1] = "bo@example.com"
	totals := all(t, server, dir, append(rows, people("create gus Gus")...), engine.Options{})
	if diff := cmp.Diff(map[row.Status]int{row.Created: 6}, totals.Statuses); diff != "" {
		t.Errorf("mended: statuses (-want +got):\n%s", diff)
	}
}

// That an earlier run made the referrer says nothing of whether they are there.
func TestALeadWaitsForAReferrerWhoWent(t *testing.T) {
	server, dir := newServer(t, sandbox.Options{State: hosted()}), t.TempDir()
	rows := people("create bo Bo", "create cy Cy bo", "create di Di bo")
	all(t, server, dir, rows[:1], engine.Options{})
	if err := server.SetState(*hosted()); err != nil {
		t.Fatal(err)
	}
	want := map[row.Status]int{row.Created: 1, row.Blocked: 2}
	if got := planned(t, server, dir, rows, referralfactory.UserOptions{}).Statuses; !cmp.Equal(got, want) {
		t.Errorf("the plan foresees %v, want %v", got, want)
	}
	if got := all(t, server, dir, rows, engine.Options{}).Statuses; !cmp.Equal(got, want) || server.Counts().Writes != 1 {
		t.Errorf("the run ends with %v after %d writes in all, want %v after 1", got, server.Counts().Writes, want)
	}
}

// A lead that alone is left to do is not worth a listing, and waits all the
// same.
func TestTheLastLeadOfAFileWaitsForItsReferrer(t *testing.T) {
	server, dir := newServer(t, sandbox.Options{}), t.TempDir()
	for night := range 2 {
		if totals := all(t, server, dir, people("create cy Cy bo"), engine.Options{}); totals.Statuses[row.Blocked] != 1 {
			t.Errorf("night %d: statuses %v, want one blocked", night+1, totals.Statuses)
		}
	}
	if totals := all(t, server, dir, people("create cy Cy bo", "create bo Bo"), engine.Options{}); totals.Statuses[row.Created] != 2 {
		t.Errorf("with the referrer's row: statuses %v, want two created", totals.Statuses)
	}
}

// vanishing is a resource whose rows are blocked from a look on.
type vanishing struct {
	engine.Resource
	looks int // before that
}

func (v *vanishing) Look(ctx context.Context, in *row.Intent, sent time.Time) (engine.Step, error) {
	if v.looks--; v.looks < 0 {
		return engine.Step{Done: row.Outcome{Status: row.Blocked}}, nil
	}
	return v.Resource.Look(ctx, in, sent)
}

// That a row would be blocked by now says nothing of what was sent.
func TestARowThatWasSentIsNotBlockedByItsLastLook(t *testing.T) {
	server := newServer(t, sandbox.Options{})
	r := begin(t, server, t.TempDir(), people("create ann Ann"), engine.Options{})
	r.must(server.AddFaults(must(sandbox.ParseFaults("POST /users reset-before"))...))
	o := r.options
	o.Resource = &vanishing{r.options.Resource, 1 + o.Loop.Policy.Retries}
	r.engine = engine.New(o)
	r.must(r.run())
	if totals := r.end(); totals.Statuses[row.Unknown] != 1 {
		t.Errorf("statuses %v, want one unknown", totals.Statuses)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Rows of one person run in file order, in a rerun as well: one that found
// nobody to delete or to unqualify does not undo what later rows did since.
func TestARowThatFoundNobodyDestroysNothingThatLaterRowsMade(t *testing.T) {
	for _, test := range []struct {
		name string
		rows [][]string
		want map[row.Status]int
	}{
		{"a deletion", people("delete ann", "create ann Ann"), map[row.Status]int{row.Absent: 1, row.Created: 1}},
		{"two of them", people("unqualify ann", "delete ann", "create ann Ann host", "qualify ann"),
			map[row.Status]int{row.Absent: 2, row.Created: 1, row.Qualified: 1}},
		{"whom a later row found", people("upsert host Hosts", "qualify ann", "delete ann", "qualify host", "create ann Ann"),
			map[row.Status]int{row.Updated: 1, row.Absent: 3, row.Created: 1}},
	} {
		server, dir := newServer(t, sandbox.Options{State: hosted()}), t.TempDir()
		for n := range 3 {
			if n > 0 {
				if diff := cmp.Diff(test.want, planned(t, server, dir, test.rows, referralfactory.UserOptions{}).Statuses); diff != "" {
					t.Errorf("%s: the plan of run %d (-want +got):\n%s", test.name, n+1, diff)
				}
			}
			if diff := cmp.Diff(test.want, all(t, server, dir, test.rows, engine.Options{}).Statuses); diff != "" {
				t.Errorf("%s: run %d (-want +got):\n%s", test.name, n+1, diff)
			}
		}
		if c := server.Counts().Commits; c.Creates != 1 || c.Deletes+c.Unqualifications != 0 {
			t.Errorf("%s: commits = %+v, want one created and nothing taken away", test.name, c)
		}
	}
}

// As long as no later row has been sent, somebody who turns up is deleted.
func TestADeletionThatFoundNobodyIsTriedAgain(t *testing.T) {
	server, dir := newServer(t, sandbox.Options{}), t.TempDir()
	rows := people("create ann Ann", "qualify ann", "delete host")
	all(t, server, dir, rows, engine.Options{})
	if err := server.SetState(*hosted()); err != nil { // ann went, and the host came
		t.Fatal(err)
	}
	want := map[row.Status]int{row.Created: 1, row.Absent: 1, row.Deleted: 1}
	if diff := cmp.Diff(want, all(t, server, dir, rows, engine.Options{}).Statuses); diff != "" {
		t.Errorf("the rerun (-want +got):\n%s", diff)
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

func TestAnEditedRowThatIsNotReachedIsNotDone(t *testing.T) {
	server, dir := newServer(t, sandbox.Options{}), t.TempDir()
	ada := func(name string) []string { return []string{"upsert", "a@example.com", name, ""} }
	all(t, server, dir, [][]string{ada("Ada")}, engine.Options{})
	totals := all(t, server, dir, [][]string{ada("Adele"), {"upsert", "no address", "B", ""}}, engine.Options{Strict: true})
	if totals.NotReached != 1 || totals.Statuses[row.Created] != 0 {
		t.Errorf("Totals = %+v, want the edited row among those not reached", totals)
	}
}
