//go:build unix

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// listing is an import of new people, four at a time.
type listing struct {
	*vendor
	command
	rows int
}

// list makes one of so many rows. A person created twice stands twice in the
// account.
func list(t *testing.T, rows int, faults string, flags ...string) *listing {
	t.Helper()
	scheduled, err := sandbox.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	v := serve(t, sandbox.Options{Faults: scheduled, Behaviour: sandbox.Behaviour{RepeatCreate: sandbox.RepeatMakesAnother}, RefusedDomains: []string{"refused.example.com"}})
	var file lines
	for n := range rows {
		file = append(file, line{operation: "create", email: fmt.Sprintf("new-%d@example.com", n), first: "New"})
	}
	dir := t.TempDir()
	write(t, dir, "list.csv", file.String())
	return &listing{vendor: v, rows: rows, command: command{dir: dir, args: append([]string{
		"import", "users", "list.csv", "--campaign", "1", "--base-url", v.url(), "--limit", "0", "--workers", "4", "--window", "1s",
	}, flags...)}}
}

// hold lets no create go past the stage until release is called, and gives
// the number of those that stand there.
func (l *listing) hold(at stage) (waiting func() int, release func()) {
	var mu sync.Mutex
	n, gate := 0, make(chan struct{})
	l.on(func(s stage, r *http.Request) {
		if s != at || r.Method != http.MethodPost || strings.HasSuffix(r.URL.Path, "/search") {
			return
		}
		mu.Lock()
		n++
		mu.Unlock()
		<-gate
	})
	return func() int { mu.Lock(); defer mu.Unlock(); return n }, sync.OnceFunc(func() { l.on(nil); close(gate) })
}

// results is the results file as it stands.
func (l *listing) results(t *testing.T) results {
	t.Helper()
	return readResults(t, filepath.Join(l.dir, "list.results.csv"))
}

// complete checks that everybody is there once.
func (l *listing) complete(t *testing.T, o outcome) {
	t.Helper()
	counts := l.Counts()
	if counts.Commits.Creates != l.rows || counts.Repeated.Creates != 0 {
		t.Errorf("%d people created, %d of them twice; want %d and 0\n%v", counts.Commits.Creates, counts.Repeated.Creates, l.rows, o)
	}
	if diff := cmp.Diff(map[string]int{"created": l.rows}, l.results(t).statuses()); diff != "" {
		t.Errorf("statuses (-want +got):\n%s\n%v", diff, o)
	}
}

// continues runs the command that a stopped run printed, word by word, and
// checks that it does the rest.
func (l *listing) continues(t *testing.T, stopped outcome) {
	t.Helper()
	found := regexp.MustCompile(`(?m)^To continue: refbulk (.*)$`).FindStringSubmatch(stopped.stdout)
	if found == nil {
		t.Fatalf("the command to continue was not printed\n%v", stopped)
	}
	again := command{dir: l.dir, through: []string{"sh", "-c", `exec "$0" ` + found[1]}}
	l.complete(t, again.want(t, 0))
}

func TestASignalLetsTheRowsInFlightFinish(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		l := list(t, 40, "", "--carry", "first_name")
		waiting, release := l.hold(arrived)
		defer release()
		p := l.start(t)
		eventually(t, "four creates should be in flight", func() bool { return waiting() == 4 })
		_ = p.Process.Signal(signal)
		eventually(t, "refbulk should say that it stops", func() bool { return strings.Contains(p.stderr.String(), "no new rows") })
		release()
		o := p.result(t)
		if o.code != 4 {
			t.Errorf("after %v the exit code is %d, want 4\n%v", signal, o.code, o)
		}
		text := read(t, filepath.Join(l.dir, "list.results.csv"))
		if !strings.HasPrefix(text, resultsHeader+",first_name\n") {
			t.Errorf("the results file was not finished:\n%s", text)
		}
		if n := l.Counts().Commits.Creates; n != 4 || strings.Count(text, ",created,") != 4 || strings.Count(text, "\n") != 5 {
			t.Errorf("%d people created, want the 4 who were in flight, and a line for each\n%s", n, text)
		}
		if !strings.Contains(o.stdout, "36 not reached") {
			t.Errorf("the summary does not say that 36 rows were not reached\n%v", o)
		}
		l.carried(t, o)
	}
}

// carried continues with one column more in the results.
func (l *listing) carried(t *testing.T, stopped outcome) {
	t.Helper()
	found := regexp.MustCompile(`(?m)^To continue: refbulk (.*)$`).FindStringSubmatch(stopped.stdout)
	if found == nil {
		t.Fatalf("the command to continue was not printed\n%v", stopped)
	}
	o := command{dir: l.dir, through: []string{"sh", "-c", `exec "$0" ` + found[1]}}.want(t, 0)
	if n := l.Counts().Commits; n.Creates != l.rows {
		t.Errorf("%d people created, want %d\n%v", n.Creates, l.rows, o)
	}
}

func TestASecondSignalAbandonsRowsWhichTheNextRunLooksUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		at     stage
		signal os.Signal
	}{{"before the work", arrived, os.Interrupt}, {"before the answer", done, syscall.SIGTERM}} {
		l := list(t, 40, "", "--timeout", "4s")
		waiting, release := l.hold(test.at)
		defer release()
		p := l.start(t)
		eventually(t, "four creates should be in flight", func() bool { return waiting() == 4 })
		_ = p.Process.Signal(test.signal)
		eventually(t, "refbulk should say that it stops", func() bool { return strings.Contains(p.stderr.String(), "no new rows") })
		_ = p.Process.Signal(test.signal)
		o := p.result(t)
		if o.code != 4 {
			t.Errorf("%s: the exit code is %d, want 4\n%v", test.name, o.code, o)
		}
		if diff := cmp.Diff(map[string]int{"unknown": 4}, l.results(t).statuses()); diff != "" {
			t.Errorf("%s: statuses (-want +got):\n%s\n%v", test.name, diff, o)
		}
		release()
		l.settle(t)
		l.continues(t, o)
	}
}

func TestSIGUSR1ShowsTheProgressAndNothingElse(t *testing.T) {
	t.Parallel()
	l := list(t, 40, "")
	waiting, release := l.hold(arrived)
	defer release()
	p := l.start(t)
	eventually(t, "four creates should be in flight", func() bool { return waiting() == 4 })
	_ = p.Process.Signal(syscall.SIGUSR1)
	eventually(t, "refbulk should show its progress", func() bool { return strings.Contains(p.stderr.String(), "0 of 40 rows") })
	release()
	o := p.result(t)
	if o.code != 0 {
		t.Errorf("the exit code is %d, want 0\n%v", o.code, o)
	}
	l.complete(t, o)
}

func TestMaxDurationStopsCleanlyAndTheNextRunGoesOn(t *testing.T) {
	t.Parallel()
	l := list(t, 40, "", "--max-duration", "1s")
	waiting, release := l.hold(arrived)
	defer release()
	p := l.start(t)
	eventually(t, "four creates should be in flight", func() bool { return waiting() == 4 })
	time.AfterFunc(1500*time.Millisecond, release) // when the time is over
	o := p.result(t)
	if o.code != 4 {
		t.Errorf("the exit code is %d, want 4\n%v", o.code, o)
	}
	if !strings.Contains(o.stdout, "--max-duration") {
		t.Errorf("the summary does not say why it stopped\n%v", o)
	}
	if got := l.results(t).statuses()["created"]; got != waiting() || got == 0 {
		t.Errorf("%d rows created, want the %d in flight\n%v", got, waiting(), o)
	}
	l.continues(t, o)
}

// folder is what stands in a folder: names, and what the files hold.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range files {
		all[f.Name()] = ""
		if f.Type().IsRegular() {
			all[f.Name()] = read(t, filepath.Join(dir, f.Name()))
		}
	}
	return all
}

func TestASecondRunOnTheSameResultsIsRefusedAndTouchesNothing(t *testing.T) {
	t.Parallel()
	l := list(t, 40, "")
	waiting, release := l.hold(arrived)
	defer release()
	first := l.start(t)
	eventually(t, "four creates should be in flight", func() bool { return waiting() == 4 })
	before, requests := folder(t, l.dir), l.Counts().Requests
	o := l.want(t, 5)
	if diff := cmp.Diff(before, folder(t, l.dir)); diff != "" {
		t.Errorf("the second run touched files (-before +after):\n%s\n%v", diff, o)
	}
	if got := l.Counts().Requests; got != requests {
		t.Errorf("the second run made %d requests, want none\n%v", got-requests, o)
	}
	if want := fmt.Sprint("process ", first.Process.Pid); !strings.Contains(o.stderr, want) {
		t.Errorf("the refusal does not name %s\n%v", want, o)
	}
	patient := l.command
	patient.args = append(patient.args[:len(patient.args):len(patient.args)], "--lock-timeout", "30s")
	second := patient.start(t)
	release()
	if o := first.result(t); o.code != 0 {
		t.Errorf("the first run ended with %d, want 0\n%v", o.code, o)
	}
	if o := second.result(t); o.code != 0 || !strings.Contains(o.stdout, "40 of them were done") {
		t.Errorf("the run that waited ended with %d, want 0 and nothing left to do\n%v", o.code, o)
	}
	l.complete(t, o)
}
