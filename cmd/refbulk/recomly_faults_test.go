//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// recomlyRow is an import of a single row at Recomly.
type recomlyRow struct {
	resource string
	flags    []string
	file     string
	look     string // how the path of the last read before the write ends
	looks    int64  // how often it is read
}

// command is the import, the key that it needs, and its file.
func (r *recomlyRow) command(v *vendor) (args, env []string, file string) {
	args = append([]string{"import", r.resource, "list.csv", "--provider", "recomly", "--base-url", v.front.URL}, r.flags...)
	return args, []string{"RECOMLY_API_KEY=" + token}, r.file
}

// recomlyOperations are those of which a repetition does harm: a second mail,
// or money. Converting is looked at twice, because the conversion of another
// row may have let the referral expire.
var recomlyOperations = map[string]operation{
	"invite": {
		recomly: &recomlyRow{"advocates", []string{"--notify"}, "name,email\nNew Moss,new@example.com\n", "/advocates", 1},
		route:   "POST /campaigns/*/invite", status: "invited", commit: func(c sandbox.Counts) int { return c.Recomly.Invites },
	},
	"credit": {
		recomly: &recomlyRow{"advocates", []string{"--operation", "credit"}, "email,delta,note\nida@example.com,$25.00,Thanks\n", "/advocates", 1},
		route:   "POST /campaigns/*/advocates/*/credit", status: "credited", commit: func(c sandbox.Counts) int { return c.Recomly.Credits },
	},
	"convert": {
		recomly: &recomlyRow{"referrals", []string{"--operation", "convert"}, "friendEmail\nper@example.com\n", "/referrals", 2},
		route:   "POST /campaigns/*/referrals/*/convert", status: "converted", commit: func(c sandbox.Counts) int { return c.Recomly.Converts },
	},
}

// TestRecomlyWhateverBefallsAWriteItIsDoneOnceOrToldNotToBe is the matrix for
// mails and money.
func TestRecomlyWhateverBefallsAWriteItIsDoneOnceOrToldNotToBe(t *testing.T) {
	t.Parallel()
	befallAll(t, recomlyOperations)
}

func TestRecomlyWithTheConnectionRefusedARowWaitsAndIsDoneOnce(t *testing.T) {
	t.Parallel()
	refuseConnections(t, recomlyOperations)
}

func TestRecomlyAPageToSignInOnIsNotTakenForDone(t *testing.T) {
	t.Parallel()
	signIn(t, recomlyOperations)
}

// The looks after a lost answer are the ones that money hangs on.
func TestRecomlyWhateverBefallsALookUpTheRowIsDoneOnce(t *testing.T) {
	t.Parallel()
	invite, credit, convert := recomlyOperations["invite"], recomlyOperations["credit"], recomlyOperations["convert"]
	lost := func(op operation) string { return op.route + " times=1 lose-answer" }
	befallLooks(t, []look{
		{invite, "auto", "GET /campaigns", ""},
		{invite, "auto", "GET /account", ""},
		{invite, "auto", "GET /dashboard", ""},
		{invite, "auto", "GET /campaigns/*/advocates", ""},
		{invite, "auto", "GET /campaigns/*/advocates from=2", lost(invite)},
		{credit, "auto", "GET /campaigns/*/advocates/*/activity", lost(credit)},
		{convert, "auto", "GET /campaigns/*/referrals", ""},
		{convert, "auto", "GET /campaigns/*/referrals from=2", ""},
		{convert, "auto", "GET /campaigns/*/referrals from=3", lost(convert)},
	})
}

// harsh befalls the calls of a run that is killed, too.
const harsh = `
POST /campaigns/*/invite                   every=13 lose-answer
POST /campaigns/*/advocates/*/credit       every=17 lose-answer
POST /campaigns/*/advocates/*/credit       every=23 reset-before
GET  /campaigns/*/advocates/*/activity     every=3  status=503
`

// mailsAndMoney is a file of 100 rows: of fifty people the first ten are there
// and the others are invited, and the first thirty are given $5.00 and $2.50.
func mailsAndMoney() (string, *sandbox.State) {
	state := sandbox.Example()
	var b strings.Builder
	b.WriteString("operation,name,email,delta,note\n")
	credit := func(n int, delta, note string) {
		if n >= 0 && n < 30 {
			fmt.Fprintf(&b, "credit,,p%d@example.com,%s,%s\n", n, delta, note)
		}
	}
	for n := range 50 {
		email := fmt.Sprintf("p%d@example.com", n)
		if n < 10 {
			state.Recomly.Advocates = append(state.Recomly.Advocates, sandbox.RecomlyAdvocate{ID: fmt.Sprint("p", n), CampaignID: "1", Name: "There", Email: email})
		} else {
			fmt.Fprintf(&b, "invite,P%d,%s,,\n", n, email)
		}
		credit(n-10, "$5.00", "first")
		credit(n-20, "$2.50", "second")
	}
	return b.String(), &state
}

func TestRecomlyKilledAnywhereAndRunAgainEveryMailAndEveryCreditIsSentOnce(t *testing.T) {
	t.Parallel()
	seed := seed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	faults, err := sandbox.ParseFaults(harsh)
	if err != nil {
		t.Fatal(err)
	}
	file, state := mailsAndMoney()
	v := serve(t, sandbox.Options{State: state, Faults: faults, Behaviour: careless})
	c := command{dir: t.TempDir(), env: []string{"RECOMLY_API_KEY=" + token}, args: []string{
		"import", "advocates", "list.csv", "--provider", "recomly", "--base-url", v.front.URL, "--campaign", "1", "--notify",
		"--limit", "0", "--workers", "16", "--json", "--progress", "none", "--timeout", "600ms", // a run after a kill waits by this
	}}
	write(t, c.dir, "list.csv", file)
	kills := 0
	for ; killAt(t, v, c, 1+random.Int64N(25), stage(random.IntN(3))); kills++ {
		if kills > 100 {
			t.Fatal("the import makes no headway: it was killed 100 times")
		}
	}
	t.Logf("%d kills in %d calls", kills, v.Counts().Requests)
	o := c.want(t, 0)
	r := readResults(t, filepath.Join(c.dir, "list.results.csv"))
	addsUp(t, o.summary(t), r)
	if diff := cmp.Diff(map[string]int{"invited": 40, "credited": 60}, r.statuses()); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	wantEachOnce(t, v)
	if t.Failed() {
		t.Logf("failed with REFBULK_SEED=%d", seed)
	}
}

// killAt runs a command that is killed once so many calls have come to some
// point, and reports whether they have.
func killAt(t *testing.T, v *vendor, c command, nth int64, at stage) bool {
	t.Helper()
	p := c.start(t)
	var seen atomic.Int64
	v.on(func(s stage, _ *http.Request) {
		if s == at && seen.Add(1) == nth {
			_ = p.Process.Kill()
		}
	})
	o := p.result(t)
	v.on(nil)
	if !o.killed && o.code != 0 {
		t.Fatalf("a run that was not killed ended with %d, want 0\n%v", o.code, o)
	}
	return o.killed
}

// wantEachOnce holds the account against the file of mailsAndMoney.
func wantEachOnce(t *testing.T, v *vendor) {
	t.Helper()
	want := map[string]int64{"ida@example.com": 0}
	for n := range 50 {
		want[fmt.Sprintf("p%d@example.com", n)] = 0
		if n < 30 {
			want[fmt.Sprintf("p%d@example.com", n)] = 750
		}
	}
	got := map[string]int64{}
	for _, a := range v.State().Recomly.Advocates {
		if _, twice := got[a.Email]; twice {
			t.Errorf("%s was invited twice", a.Email)
		}
		got[a.Email] = a.Balance
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("balances in cents (-want +got):\n%s", diff)
	}
	counts := v.Counts()
	if diff := cmp.Diff(sandbox.RecomlyCounts{Invites: 40, Credits: 60}, counts.Recomly); diff != "" || counts.Notified != 40 {
		t.Errorf("%d people were written to, want 40; the simulator counted (-want +got):\n%s", counts.Notified, diff)
	}
}
