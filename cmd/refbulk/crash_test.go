//go:build unix

package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// kills is how often each crash test kills: REFBULK_SOAK, or 30.
func kills(t *testing.T) int {
	text := os.Getenv("REFBULK_SOAK")
	if text == "" {
		return 30
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("REFBULK_SOAK is a number of kills: %v", err)
	}
	return n
}

// seed is REFBULK_SEED, or the time. It is printed, so that a failure can be
// had again as far as the machine allows.
func seed(t *testing.T) uint64 {
	n := uint64(time.Now().UnixNano())
	if text := os.Getenv("REFBULK_SEED"); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("REFBULK_SEED is a number: %v", err)
		}
	}
	t.Logf("REFBULK_SEED=%d", n)
	return n
}

// mishaps befall the calls of a run that is killed, too.
const mishaps = `
POST /users               every=29 lose-answer
POST /users               every=47 reset-before
PUT  /users/qualification every=17 lose-answer
PUT  /users/*             every=13 lose-answer
DELETE /users/*           every=7  lose-answer
POST /users/search        every=31 status=503
`

func TestKilledAnywhereAndRunAgainEveryRowIsDoneOnce(t *testing.T) {
	t.Parallel()
	crash(t, func(_ *rand.Rand, file lines, _ int) lines { return file })
}

func TestKilledAndRunAgainOnAnEditedFileEveryRowIsDoneOnce(t *testing.T) {
	t.Parallel()
	crash(t, func(random *rand.Rand, file lines, day int) lines {
		if day%3 == 0 {
			return file.edited(random, day)
		}
		return file
	})
}

// crash imports 600 rows, is killed and run again until there were kills
// enough and a run came to its end. Edit gives the file of each run; the last
// run has the file as it was.
func crash(t *testing.T, edit func(r *rand.Rand, file lines, day int) lines) {
	seed, wanted := seed(t), kills(t)
	for had := 0; had < wanted; seed++ {
		had += crashOnce(t, seed, edit)
		if t.Failed() {
			t.Fatalf("failed with REFBULK_SEED=%d", seed)
		}
	}
}

// crashing is one import that is killed again and again.
type crashing struct {
	*vendor
	random *rand.Rand
	dir    string
	lookup string
	kills  int
}

// crashOnce kills the import of one file until a run comes to its end, and
// compares what there is then with an import that nothing disturbed. It gives
// the number of kills.
func crashOnce(t *testing.T, seed uint64, edit func(*rand.Rand, lines, int) lines) int {
	random := rand.New(rand.NewPCG(seed, 0))
	file, state := mixed(random)
	faults, err := sandbox.ParseFaults(mishaps)
	if err != nil {
		t.Fatal(err)
	}
	options := sandbox.Options{State: state, Behaviour: sandbox.Behaviour{RepeatCreate: sandbox.RepeatMakesAnother, RequalifyCounts: true}}
	lookup := []string{"auto", "each"}[seed%2] // by which a lead without its referrer is blocked or refused
	calm := &crashing{vendor: serve(t, options), dir: t.TempDir(), lookup: lookup}
	calm.toTheEnd(t, file)
	options.Faults = faults
	c := &crashing{vendor: serve(t, options), random: random, dir: t.TempDir(), lookup: lookup}
	c.slow(seed)
	for day := 1; ; day++ {
		// Rows that are tried again cost calls in every run: it is given more of
		// them, and of time on a slow machine, the longer it takes.
		if o := c.runAndKill(t, edit(random, file, day), 40+c.kills/3, time.Duration(200+5*c.kills)*time.Millisecond); !o.killed {
			break
		}
		if c.kills > 300 {
			t.Fatal("the import makes no headway: it was killed 300 times, after some 20 calls on average")
		}
	}
	for range 5 { // and while there is nothing left to do but to write it down
		c.runAndKill(t, file, 5, 40*time.Millisecond)
	}
	last := c.toTheEnd(t, file)
	c.compare(t, calm, last)
	t.Logf("%d kills in %d calls", c.kills, c.Counts().Requests)
	return c.kills
}

// command is the one that is run again and again.
func (c *crashing) command() command {
	return command{dir: c.dir, args: []string{
		"import", "users", "list.csv", "--campaign", "1", "--base-url", c.url(), "--limit", "0", "--yes", "--json", "--progress", "none", "--lookup", c.lookup, "--timeout", "1s",
	}}
}

// runAndKill runs the command until one of its next calls has come to some
// point, or for some time, and kills it.
func (c *crashing) runAndKill(t *testing.T, file lines, calls int, most time.Duration) outcome {
	t.Helper()
	write(t, c.dir, "list.csv", file.String())
	p := c.command().start(t)
	if c.random.IntN(4) == 0 {
		select {
		case <-time.After(time.Duration(c.random.Int64N(int64(most)))):
			_ = p.Process.Kill()
		case <-p.ended:
		}
	} else {
		var seen atomic.Int64
		nth, at := int64(1+c.random.IntN(calls)), stage(c.random.IntN(3))
		c.on(func(s stage, _ *http.Request) {
			if s == at && seen.Add(1) == nth {
				_ = p.Process.Kill()
			}
		})
	}
	o := p.result(t)
	c.on(nil)
	if o.killed {
		c.kills++
	} else if o.code != 3 {
		t.Fatalf("a run that was not killed ended with %d, want 3: there are rows to mend\n%v", o.code, o)
	}
	return o
}

// toTheEnd runs the command undisturbed.
func (c *crashing) toTheEnd(t *testing.T, file lines) outcome {
	t.Helper()
	write(t, c.dir, "list.csv", file.String())
	return c.command().want(t, 3)
}

// compare holds the account and the results against those of an import that
// nothing disturbed.
func (c *crashing) compare(t *testing.T, calm *crashing, last outcome) {
	t.Helper()
	got, want := readResults(t, filepath.Join(c.dir, "list.results.csv")), readResults(t, filepath.Join(calm.dir, "list.results.csv"))
	addsUp(t, last.summary(t), got)
	if s := last.summary(t); s.Rows != 600 || s.NotReached != 0 {
		t.Errorf("the last run read %d rows and did not reach %d, want 600 and 0", s.Rows, s.NotReached)
	}
	if diff := cmp.Diff(want.told(), got.told()); diff != "" {
		t.Errorf("outcomes (-undisturbed +killed):\n%s", diff)
	}
	for _, e := range got.gone {
		if !strings.Contains(e.target, "email:today-") {
			t.Errorf("the results file has a line without a row for %s (%s)", e.target, e.status)
		}
	}
	c.compareAccounts(t, calm, got)
	if diff := cmp.Diff(names(t, calm.dir), names(t, c.dir)); diff != "" {
		t.Errorf("files (-undisturbed +killed):\n%s", diff)
	}
}

// names are those of the files in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	return slices.Sorted(maps.Keys(folder(t, dir)))
}

// told is what the results say of each row, without what differs from one run
// to the next.
func (r results) told() map[int]string {
	told := map[int]string{}
	for n, e := range r.byRow {
		told[n] = fmt.Sprint(e.operation, " ", e.target, ": ", e.status)
	}
	return told
}

func (c *crashing) compareAccounts(t *testing.T, calm *crashing, got results) {
	t.Helper()
	today := 0
	there, twice := people(c.State())
	for email := range there {
		if strings.HasPrefix(email, "today-") {
			delete(there, email)
			today++
		}
	}
	if len(twice) > 0 {
		t.Errorf("these people were created twice: %v", twice)
	}
	want, _ := people(calm.State())
	if diff := cmp.Diff(want, there); diff != "" {
		t.Errorf("the account (-undisturbed +killed):\n%s", diff)
	}
	counts, commits := c.Counts(), calm.Counts().Commits
	commits.Creates += today
	if diff := cmp.Diff(commits, counts.Commits); diff != "" {
		t.Errorf("commits (-undisturbed +killed):\n%s", diff)
	}
	if counts.Repeated != (sandbox.Repeated{}) || counts.Notified+counts.NotifyUnsaid > 0 {
		t.Errorf("repeated %+v, notified %d, not said whether to %d; want none", counts.Repeated, counts.Notified, counts.NotifyUnsaid)
	}
	users := map[string]sandbox.User{}
	for _, u := range c.State().Users {
		users["email:"+u.Email+" campaign:1"] = u
	}
	for n, e := range got.byRow {
		if u, ok := users[e.target]; ok && e.id != "" && (e.id != fmt.Sprint(u.ID) || e.code != u.Code || e.url != u.URL) {
			t.Errorf("row %d has id %s, code %s, url %s; %s has %d, %s, %s", n, e.id, e.code, e.url, u.Email, u.ID, u.Code, u.URL)
		}
		if e.id == "" && (e.status == "created" || e.status == "exists" || e.status == "updated" || e.status == "qualified") {
			t.Errorf("row %d is %s and has no id", n, e.status)
		}
	}
}
