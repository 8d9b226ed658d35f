//go:build unix

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// pressed is an account of which more is asked than its limit allows. It
// notes when each call arrives, as the server sees it.
type pressed struct {
	*vendor
	root   string // of the API, as refbulk is told
	state  string // the folder in which the processes of one machine keep their count
	limit  int
	window time.Duration

	mu     sync.Mutex
	at     []time.Time
	victim string // whose creates are counted; everyone's e-mails begin with a name
	after  int    // so many of them
	struck func() // is called then, once
}

// press serves an account. Its limit is small and its window short, unless it
// is said, so that many windows fit into a test, and still long beside the
// delays of a busy machine; with REFBULK_SOAK they are half the vendor's.
func press(t testing.TB, o sandbox.Options) *pressed {
	t.Helper()
	p := &pressed{limit: cmp.Or(o.Limit, 60), window: cmp.Or(o.Window, 3*time.Second), state: t.TempDir()}
	if os.Getenv("REFBULK_SOAK") != "" && o.Limit == 0 {
		p.limit, p.window = 300, 30*time.Second
	}
	o.Limit, o.Window, o.Behaviour.RepeatCreate = p.limit, p.window, sandbox.RepeatMakesAnother
	p.vendor = serve(t, o)
	p.root = p.url()
	p.on(func(s stage, r *http.Request) {
		if s == arrived {
			p.arrive(r)
		}
	})
	return p
}

func (p *pressed) arrive(r *http.Request) {
	body, _ := io.ReadAll(r.Body) // of memory
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = append(p.at, time.Now())
	if p.struck != nil && bytes.Contains(body, []byte(p.victim+"-")) {
		if p.after--; p.after == 0 {
			p.struck()
		}
	}
}

// strike has do called when so many creates of a file have arrived.
func (p *pressed) strike(file string, after int, do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.victim, p.after, p.struck = file, after, do
}

// arrivals are those so far, in order.
func (p *pressed) arrivals() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(slices.Values(p.at), time.Time.Compare)
}

// file is the import of new people from a file of its own.
func (p *pressed) file(t testing.TB, name string, rows int, flags ...string) command {
	t.Helper()
	var file lines
	for n := range rows {
		file = append(file, line{operation: "create", email: fmt.Sprintf("%s-%d@example.com", name, n), first: "New"})
	}
	dir := t.TempDir()
	write(t, dir, "list.csv", file.String())
	return command{dir: dir, most: 5 * time.Minute, env: []string{"XDG_STATE_HOME=" + p.state}, args: append([]string{
		"import", "users", "list.csv", "--campaign", "1", "--base-url", p.root, "--json", "--progress", "none",
		"--limit", fmt.Sprint(p.limit), "--window", p.window.String(), "--timeout", p.window.String(),
	}, flags...)}
}

// within checks that the server, by its own count, was never asked for more
// than the limit, and gives its counts.
func (p *pressed) within(t testing.TB) sandbox.Counts {
	t.Helper()
	c := p.Counts()
	if c.Overruns != 0 || c.WorstWindow > p.limit || c.Blocked != 0 || c.ByStatus[http.StatusTooManyRequests] != 0 {
		t.Errorf("%d overruns, %d calls in the worst %v, %d blocked, %d answered 429; want 0, at most %d, 0, 0",
			c.Overruns, c.WorstWindow, p.window, c.Blocked, c.ByStatus[http.StatusTooManyRequests], p.limit)
	}
	return c
}

// createdOnce checks that all rows of a file ended as created.
func createdOnce(t testing.TB, c command, rows int) {
	t.Helper()
	got := readResults(t, filepath.Join(c.dir, "list.results.csv")).statuses()
	if want := map[string]int{"created": rows}; !maps.Equal(got, want) {
		t.Errorf("statuses in %s: %v, want %v", c.dir, got, want)
	}
}

// created checks that so many people were created, and nobody twice.
func (p *pressed) created(t testing.TB, rows int) {
	t.Helper()
	if c := p.Counts(); c.Commits.Creates != rows || c.Repeated.Creates != 0 {
		t.Errorf("%d people created, %d of them twice; want %d and 0", c.Commits.Creates, c.Repeated.Creates, rows)
	}
}

// used checks how much of the limit was used while rows waited, and logs it.
// There are two measures.
//
// From the first call to the last it takes (⌈calls/limit⌉ − 1) windows at
// least. It may take so long divided by the share that is wanted, and as long
// as the first limit of calls needed to come, for the last ones stay as far
// apart as those.
//
// That forgives slots that idle in the middle, as long as those that do the
// last calls do not. So the time between the arrivals number i and i+limit is
// measured too, for every i. It is a window at least, or the limit is broken,
// and exactly a window when each slot is used again the moment it is free. Its
// mean is what a slot's round takes; a window divided by it is the share of the
// limit that is used. The time that a call takes counts against the share, for
// its slot is free a window after its answer. What goes before the first call
// does not, nor how long the first calls need to come: nothing waits for a slot
// then. After them something does up to the last call, as long as each list is
// longer than the limit, so that its pace is not smoothed. A process that is
// killed takes slots along whose calls never arrive, one a worker at most.
// Nobody can know that, so they are lost for a window, and count against the
// share as well.
func (p *pressed) used(t testing.TB, least float64) {
	t.Helper()
	at := p.arrivals()
	if len(at) < 2*p.limit {
		t.Fatalf("%d calls say nothing of the use of %d a window", len(at), p.limit)
	}
	sum := time.Duration(0)
	for i := range at[p.limit:] {
		sum += at[i+p.limit].Sub(at[i])
	}
	round := sum / time.Duration(len(at)-p.limit)
	share := float64(p.window) / float64(round)
	span, batch, bound := at[len(at)-1].Sub(at[0]), at[p.limit-1].Sub(at[0]), time.Duration((len(at)-1)/p.limit)*p.window
	t.Logf("%d calls at %d per %v: %.1f%% of the limit used, %.2fs from the first to the last where %.0fs is the least (%.3f times), worst window %d",
		len(at), p.limit, p.window, 100*share, span.Seconds(), bound.Seconds(), span.Seconds()/bound.Seconds(), p.Counts().WorstWindow)
	if os.Getenv("REFBULK_TIMED") == "" {
		return // on a machine that does other work as well, a time proves nothing: make limit asks
	}
	if most := time.Duration(float64(bound)/least) + batch; span > most {
		t.Errorf("%d calls took %v from the first to the last, want %v at most: %v, %.0f%% of it used, and the first %d that came within %v",
			len(at), span, most, bound, 100*least, p.limit, batch)
	}
	if share < least {
		var when strings.Builder
		for i := 0; i < len(at); i += 4 {
			fmt.Fprintf(&when, " %.2f", at[i].Sub(at[0]).Seconds())
		}
		t.Errorf("%.1f%% of the limit was used while rows waited, want %.0f%% at least; every fourth call arrived at%v", 100*share, 100*least, &when)
	}
}

// The server counts in sliding windows, or in fixed ones that open with a
// call: both are seen to stay within the limit.
func TestLimitHoldsOverThreeProcessesAndAKillAndIsUsed(t *testing.T) {
	t.Parallel()
	many := atOnce(t)
	defer many.wait()
	for name, fixed := range map[string]bool{"sliding windows": false, "fixed windows": true} {
		many.run(name, func(t *testing.T) {
			p := press(t, sandbox.Options{CountFixedWindows: fixed})
			p.threeAndAKill(t)
			p.within(t)
			p.used(t, 0.95)
		})
	}
}

// threeAndAKill runs three files of one account at once, one of which is
// killed in the middle and run again at once. The files are longer than the
// limit, and so is what the killed one leaves. That one has few workers, since
// the limit is a tenth of the vendor's.
func (p *pressed) threeAndAKill(t *testing.T, flags ...string) {
	random := rand.New(rand.NewPCG(seed(t), 7))
	rows := []int{5 * p.limit / 2, 5 * p.limit / 4, 5 * p.limit / 4}
	var files []command
	for n, name := range []string{"first", "second", "third"} {
		files = append(files, p.file(t, name, rows[n], flags...))
	}
	var running []*process
	for n, f := range files {
		if n == 0 {
			f.args = append(f.args[:len(f.args):len(f.args)], "--workers", "4")
		}
		running = append(running, f.start(t))
	}
	after := 1 + random.IntN(p.limit)
	p.strike("first", after, func() { _ = running[0].Process.Kill() })
	if o := running[0].result(t); !o.killed {
		t.Fatalf("the first was not killed after its %dth call\n%v", after, o)
	}
	running[0] = files[0].start(t)
	sum := 0
	for n, f := range files {
		if o := running[n].result(t); o.code != 0 {
			t.Errorf("exit code %d, want 0\n%v", o.code, o)
		}
		createdOnce(t, f, rows[n])
		sum += rows[n]
	}
	p.created(t, sum)
}

// Two jobs may write the root of the same API in two ways.
func TestLimitHoldsHoweverTheAPIRootIsWritten(t *testing.T) {
	t.Parallel()
	p := press(t, sandbox.Options{})
	first := p.file(t, "first", p.limit, "--lookup", "off")
	p.root += "/"
	second := p.file(t, "second", p.limit, "--lookup", "off")
	running := first.start(t)
	second.want(t, 0)
	if o := running.result(t); o.code != 0 {
		t.Errorf("exit code %d, want 0\n%v", o.code, o)
	}
	p.within(t)
	p.created(t, 2*p.limit)
}

// What counts is when calls arrive. Some take long to get there, others to come
// back, so that they arrive in bunches that they did not leave in.
func TestLimitHoldsWhateverTheLatency(t *testing.T) {
	t.Parallel()
	p := press(t, sandbox.Options{})
	p.on(func(s stage, r *http.Request) {
		if s != answered {
			time.Sleep(rand.N(p.window / 10))
		}
		if s == arrived {
			p.arrive(r)
		}
	})
	f := p.file(t, "only", 2*p.limit, "--workers", "30")
	f.want(t, 0)
	p.within(t)
	p.created(t, 2*p.limit)
}

// What a process sent before it was killed may arrive after its death, and
// counts then. The next run is there before it, and waits with looking it up
// until it would be found.
func TestLimitHoldsWhenCallsOfTheDeadArriveLate(t *testing.T) {
	t.Parallel()
	const workers = 10
	p := press(t, sandbox.Options{})
	f := p.file(t, "only", 2*p.limit, "--workers", fmt.Sprint(workers))
	dead := make(chan struct{})
	p.on(func(s stage, r *http.Request) {
		if s != arrived {
			return
		}
		p.arrive(r)
		if strings.HasSuffix(r.URL.Path, "/users") && r.Method == http.MethodPost {
			<-dead
		}
	})
	running := f.start(t)
	p.strike("only", workers, func() {
		_ = running.Process.Kill()
		time.AfterFunc(p.window/40, func() { close(dead) })
	})
	running.result(t)
	f.want(t, 0)
	p.within(t)
	p.created(t, 2*p.limit)
	createdOnce(t, f, 2*p.limit)
}

// told is what the summary says of the limit.
type told struct {
	Requests struct{ Total, Reads, Writes, Retries, Throttled int }
	Worst    int     `json:"worst_window"`
	Waited   float64 `json:"waited_seconds"`
}

func (o outcome) told(t testing.TB) told {
	t.Helper()
	var s told
	if err := json.Unmarshal([]byte(o.stdout), &s); err != nil {
		t.Fatalf("--json printed no object: %v\n%v", err, o)
	}
	return s
}

// A list of three times the limit takes two windows: one full batch of calls
// leaves at once, one after a window, one after two. The reads before the rows
// pay like writes, so they are part of the three batches.
func TestLimitLetsAListOfThreeTimesItThroughInTwoWindows(t *testing.T) {
	t.Parallel()
	p := press(t, sandbox.Options{Window: 5 * time.Second})
	const reads = 2 // the campaigns, and a page of users
	f := p.file(t, "only", 3*p.limit-reads)
	o := f.want(t, 0)
	p.within(t)
	p.used(t, 0.98)
	p.created(t, 3*p.limit-reads)
	createdOnce(t, f, 3*p.limit-reads)
	at := p.arrivals()
	if len(at) != 3*p.limit {
		t.Fatalf("%d calls arrived, want %d: the bound below is for so many\n%v", len(at), 3*p.limit, o)
	}
	// Starting, reading the file, finishing.
	if extra, most := o.took-at[len(at)-1].Sub(at[0]), 3*time.Second; extra > most {
		t.Errorf("the run took %v longer than from its first call to its last, want %v at most\n%v", extra, most, o)
	}
	s, c := o.told(t), p.Counts()
	if s.Worst != p.limit || c.WorstWindow != p.limit {
		t.Errorf("the worst window is %d to refbulk and %d to the server; want %d, the limit, which is used", s.Worst, c.WorstWindow, p.limit)
	}
	if least := 2*p.window - time.Second; s.Waited < least.Seconds() {
		t.Errorf("the summary says that %.2fs were spent waiting for the limit, want %v at least\n%v", s.Waited, least, o)
	}
}

// The settled rows of a rerun cost no slot: it is done at once, although the
// run before has used the limit up but for the reads.
func TestLimitIsNotTouchedBySettledRows(t *testing.T) {
	t.Parallel()
	p := press(t, sandbox.Options{})
	f := p.file(t, "only", p.limit-10)
	f.want(t, 0)
	before := p.Counts().Requests
	o := f.want(t, 0)
	if got := p.Counts().Requests - before; got > 1 {
		t.Errorf("the rerun made %d calls, want the campaigns at most\n%v", got, o)
	}
	if o.took > p.window {
		t.Errorf("the rerun took %v, want no wait for the limit\n%v", o.took, o)
	}
	p.within(t)
}

// A run that starts when another has just used up the limit waits for the
// window to pass, however the other ended.
func TestLimitIsRememberedByTheNextRun(t *testing.T) {
	t.Parallel()
	many := atOnce(t)
	defer many.wait()
	for name, signal := range map[string]os.Signal{"finished": nil, "stopped": os.Interrupt, "killed": syscall.SIGKILL} {
		many.run(name, func(t *testing.T) {
			p := press(t, sandbox.Options{})
			first := p.file(t, "first", p.limit-2).start(t)
			if signal != nil {
				p.strike("first", p.limit/2, func() { _ = first.Process.Signal(signal) })
			}
			first.result(t)
			second := p.file(t, "second", p.limit-2)
			second.want(t, 0)
			createdOnce(t, second, p.limit-2)
			p.within(t)
		})
	}
}
