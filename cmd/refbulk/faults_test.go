//go:build unix

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// operation is one kind of write: its row, its route, and what becomes of it
// when nothing goes wrong.
type operation struct {
	row     line
	recomly *recomlyRow // instead of row: it is of the other programme
	route   string
	status  string
	commit  func(sandbox.Counts) int
}

var operations = map[string]operation{
	"create": {row: line{operation: "create", email: "new@example.com", first: "New"}, route: "POST /users", status: "created",
		commit: func(c sandbox.Counts) int { return c.Commits.Creates }},
	"update": {row: line{operation: "update", email: "old@example.com", first: "Changed"}, route: "PUT /users/1", status: "updated",
		commit: func(c sandbox.Counts) int { return c.Commits.Updates }},
	"qualify": {row: line{operation: "qualify", email: "lead@example.com"}, route: "PUT /users/qualification", status: "qualified",
		commit: func(c sandbox.Counts) int { return c.Commits.Qualifications }},
	"delete": {row: line{operation: "delete", email: "going@example.com"}, route: "DELETE /users/*", status: "deleted",
		commit: func(c sandbox.Counts) int { return c.Commits.Deletes }},
}

// lastLook reports whether a call is the last read before the write. Those that
// may be are counted in looks.
func (op operation) lastLook(r *http.Request, looks *atomic.Int64) bool {
	if op.recomly != nil {
		return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, op.recomly.look) && looks.Add(1) == op.recomly.looks
	}
	return strings.HasSuffix(r.URL.Path, "/search")
}

// careless is an API that does whatever it is asked for once more.
var careless = sandbox.Behaviour{
	RepeatCreate: sandbox.RepeatMakesAnother, RequalifyCounts: true,
	Recomly: sandbox.RecomlyBehaviour{RepeatInvite: sandbox.InviteMakesAnother, RepeatConvert: sandbox.ConvertPaysTwice, ConvertExpired: true},
}

// trio is the account that they act on.
func trio() *sandbox.State {
	return account(sandbox.User{Email: "old@example.com", FirstName: "Old"},
		sandbox.User{Email: "lead@example.com", FirstName: "Lead", Type: sandbox.PersonInvited, ReferrerID: 1},
		sandbox.User{Email: "going@example.com", FirstName: "Going"})
}

// end is how a run over one row ended.
type end struct {
	status  string // "" = done, as the operation says
	code    int
	writes  int // that reached the simulator
	commits int
}

// mishap is what befalls the writes of a row once, or each time. A run tries
// twice.
type mishap struct {
	effect        string
	once, forever end
}

// mishaps fall into few kinds. The work is done and the answer is of no use:
var lost = func(effect string) mishap {
	return mishap{effect, end{writes: 1, commits: 1}, end{writes: 1, commits: 1}}
}

// Nothing was done, and nothing said so:
var never = func(effect string) mishap {
	return mishap{effect, end{writes: 2, commits: 1}, end{status: "unknown", code: 3, writes: 2}}
}

// Nothing was done, and the API said that it could not:
var refused = func(effect string) mishap {
	return mishap{effect, end{writes: 2, commits: 1}, end{status: "failed", code: 3, writes: 2}}
}

// The API asked to be left alone; the third time ends the run:
var throttled = func(effect string) mishap {
	return mishap{effect, end{writes: 2, commits: 1}, end{status: "failed", code: 4, writes: 3}}
}

// allMishaps are those of the matrix. Elsewhere is another host.
func allMishaps(elsewhere string) []mishap {
	return []mishap{
		lost("lose-answer"), lost("stall"), lost("reset-mid-body"), lost("malformed-json"), lost("empty-body"), lost("html-body"), lost("huge-body"),
		never("reset-before"), never("stall-before"),
		refused("status=500"), refused("status=503 retry-after=1s"), refused("redirect=" + elsewhere),
		throttled("status=429 retry-after=1s"), throttled("status=429 retry-after-date=2s"),
	}
}

// TestWhateverBefallsAWriteItIsDoneOnceOrToldNotToBe is the matrix of
// operations and mishaps. After each run that could not do its work, the
// mishap is over and the same command does it.
func TestWhateverBefallsAWriteItIsDoneOnceOrToldNotToBe(t *testing.T) {
	t.Parallel()
	befallAll(t, operations)
}

// befallAll lets all mishaps befall the writes of all operations.
func befallAll(t *testing.T, operations map[string]operation) {
	home := elsewhere(t)
	many := atOnce(t)
	defer many.wait()
	for name, op := range operations {
		for _, m := range allMishaps(home) {
			word := strings.ReplaceAll(strings.Split(m.effect, "://")[0], " ", ",")
			many.run(name+"/once/"+word, func(t *testing.T) { befall(t, op, op.route+" times=1 "+m.effect, m.once) })
			many.run(name+"/forever/"+word, func(t *testing.T) { befall(t, op, op.route+" "+m.effect, m.forever) })
		}
	}
}

// befall runs a row under a fault, and again without where it was not done.
func befall(t *testing.T, op operation, fault string, want end) {
	faults, err := sandbox.ParseFaults(fault)
	if err != nil {
		t.Fatal(err)
	}
	v := serve(t, sandbox.Options{State: trio(), Faults: faults, Behaviour: careless})
	one := oneRow(t, v, op, soon(fault)...)
	one.ends(t, v, op, want)
	if want.status == "" {
		return
	}
	v.ClearFaults()
	before := v.Counts().Writes
	one.ends(t, v, op, end{writes: before + 1, commits: 1})
}

// soon is how long a call waits that is never answered. The others may take
// their time: a busy machine does.
func soon(effect string) []string {
	if strings.Contains(effect, "stall") {
		return []string{"--timeout", "1s"}
	}
	return nil
}

// oneRow is an import of a single row.
func oneRow(t *testing.T, v *vendor, op operation, flags ...string) command {
	c := command{dir: t.TempDir(), args: []string{"import", "users", "list.csv", "--base-url", v.url(), "--yes"}}
	file := lines{op.row}.String()
	if op.recomly != nil {
		c.args, c.env, file = op.recomly.command(v)
	}
	write(t, c.dir, "list.csv", file)
	c.args = append(c.args, "--campaign", "1", "--limit", "0", "--window", "1s", "--json", "--retries", "1", "--timeout", "2s", "--max-outage", "3s")
	c.args = append(c.args, flags...)
	return c
}

// ends runs the command and checks how it ended.
func (c command) ends(t *testing.T, v *vendor, op operation, want end) {
	t.Helper()
	o := c.run(t)
	if want.status == "" {
		want.status = op.status
	}
	r := readResults(t, filepath.Join(c.dir, "list.results.csv"))
	got := end{status: r.byRow[1].status, code: o.code, writes: v.Counts().Writes, commits: op.commit(v.Counts())}
	if got != want {
		t.Errorf("status, exit code, writes, commits = %+v, want %+v\n%v\n%s", got, want, o, read(t, filepath.Join(c.dir, "list.results.csv")))
	}
	if n := v.Counts(); n.Repeated != (sandbox.Repeated{}) || n.Recomly.Repeated != (sandbox.RecomlyRepeated{}) {
		t.Errorf("repeated %+v and %+v, want nothing\n%v", n.Repeated, n.Recomly.Repeated, o)
	}
	addsUp(t, o.summary(t), r)
}

// The look-ups before a write change nothing, so whatever befalls them once,
// they are made again.
func TestWhateverBefallsALookUpTheRowIsDoneOnce(t *testing.T) {
	t.Parallel()
	op := operations["create"]
	befallLooks(t, []look{{op, "auto", "GET /campaigns", ""}, {op, "list", "GET /users", ""}, {op, "each", "POST /users/search", ""}})
}

// look is a read that an operation makes under some --lookup; before names
// what befell it earlier.
type look struct {
	operation
	lookup, read, before string
}

// befallLooks lets all mishaps befall each of the reads once.
func befallLooks(t *testing.T, looks []look) {
	home := elsewhere(t)
	many := atOnce(t)
	defer many.wait()
	for _, l := range looks {
		for _, m := range allMishaps(home) {
			word := strings.ReplaceAll(strings.Split(m.effect, "://")[0], " ", ",")
			many.run(l.status+"/"+strings.ReplaceAll(l.read, " ", ",")+"/"+word, func(t *testing.T) {
				faults, err := sandbox.ParseFaults(l.before + "\n" + l.read + " times=1 " + m.effect)
				if err != nil {
					t.Fatal(err)
				}
				v := serve(t, sandbox.Options{State: trio(), Faults: faults, Behaviour: careless})
				oneRow(t, v, l.operation, append(soon(l.before+m.effect), "--lookup", l.lookup)...).ends(t, v, l.operation, end{writes: 1, commits: 1})
			})
		}
	}
}

func TestWithTheConnectionRefusedARowWaitsAndIsDoneOnce(t *testing.T) {
	t.Parallel()
	refuseConnections(t, operations)
}

// refuseConnections has no connection taken from the last look to the end of
// the run, or for a while.
func refuseConnections(t *testing.T, operations map[string]operation) {
	many := atOnce(t)
	defer many.wait()
	for name, op := range operations {
		for _, back := range []bool{true, false} {
			many.run(fmt.Sprintf("%s/back=%v", name, back), func(t *testing.T) {
				v := serve(t, sandbox.Options{State: trio()})
				v.front.Config.SetKeepAlivesEnabled(false) // each call needs a connection of its own
				var looks atomic.Int64
				v.on(func(s stage, r *http.Request) {
					if s == done && op.lastLook(r, &looks) {
						v.on(nil)
						v.down()
						if back {
							time.AfterFunc(300*time.Millisecond, func() { v.up(t) })
						}
					}
				})
				one := oneRow(t, v, op)
				if back {
					one.ends(t, v, op, end{writes: 1, commits: 1})
					return
				}
				one.ends(t, v, op, end{status: "failed", code: 4})
				v.up(t)
				one.ends(t, v, op, end{writes: 1, commits: 1})
			})
		}
	}
}

// A hotel's network answers everything with success and a page to sign in on.
func TestAPageToSignInOnIsNotTakenForDone(t *testing.T) {
	t.Parallel()
	signIn(t, operations)
}

// signIn answers the writes with that page, once and as often as they come.
func signIn(t *testing.T, operations map[string]operation) {
	many := atOnce(t)
	defer many.wait()
	for name, op := range operations {
		method, _, _ := strings.Cut(op.route, " ")
		for _, most := range []int64{1, 1000} {
			many.run(fmt.Sprintf("%s/%d times", name, most), func(t *testing.T) {
				v := serve(t, sandbox.Options{State: trio()})
				var pages atomic.Int64
				asks := func(r *http.Request) bool {
					return r.Method == method && !strings.HasSuffix(r.URL.Path, "/search") && pages.Add(1) <= most
				}
				v.login.Store(&asks)
				one := oneRow(t, v, op)
				if most > 1 {
					one.ends(t, v, op, end{status: "unknown", code: 3})
					v.login.Store(nil)
				}
				one.ends(t, v, op, end{writes: 1, commits: 1})
			})
		}
	}
}

// elsewhere is another host, which must never hear of us. It gives its
// address.
func elsewhere(t *testing.T) string {
	var heard atomic.Value
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard.Store(fmt.Sprintf("%s %s with Authorization %q", r.Method, r.URL, r.Header.Get("Authorization")))
	}))
	t.Cleanup(func() {
		other.Close()
		if what := heard.Load(); what != nil {
			t.Errorf("another host was called: %v", what)
		}
	})
	return strings.Replace(other.URL, "127.0.0.1", "localhost", 1) + "/users"
}

func TestTheTokenFollowsNoLinkToAnotherHost(t *testing.T) {
	t.Parallel()
	state := crowd()
	for n := range 300 { // more than a page
		state.Users = append(state.Users, sandbox.User{ID: int64(1000 + n), CampaignID: 1, Email: fmt.Sprintf("many-%d@example.com", n)})
	}
	state.NextUser = 2000
	v := serve(t, sandbox.Options{State: state, Behaviour: sandbox.Behaviour{LinksHost: strings.TrimSuffix(elsewhere(t), "/users")}})
	op := operations["create"]
	oneRow(t, v, op, "--lookup", "list").ends(t, v, op, end{writes: 1, commits: 1})
	if got := v.Counts().ByRoute["GET /users"]; got != 2 {
		t.Errorf("%d pages were read, want 2", got)
	}
}

// group runs subtests at once that mostly wait. Go itself runs as many as
// there are processors.
type group struct {
	t    *testing.T
	free chan struct{}
	wg   sync.WaitGroup
}

func atOnce(t *testing.T) *group { return &group{t: t, free: make(chan struct{}, 16)} }

func (g *group) run(name string, test func(*testing.T)) {
	g.free <- struct{}{}
	g.wg.Go(func() {
		defer func() { <-g.free }()
		g.t.Run(name, test)
	})
}

func (g *group) wait() { g.wg.Wait() }
