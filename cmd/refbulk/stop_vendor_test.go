//go:build unix

package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// after has do called once so many creates were done.
func (l *listing) after(creates int64, do func()) {
	var n atomic.Int64
	l.on(func(s stage, r *http.Request) {
		if s == done && r.Method == http.MethodPost && !strings.HasSuffix(r.URL.Path, "/search") && n.Add(1) == creates {
			do()
		}
	})
}

func TestTooManyRefusedRowsStopTheRun(t *testing.T) {
	t.Parallel()
	l := list(t, 200, "")
	write(t, l.dir, "list.csv", strings.ReplaceAll(read(t, l.dir+"/list.csv"), "@example.com", "@refused.example.com"))
	o := l.want(t, 4)
	if !strings.Contains(o.stdout, "--max-rejected") {
		t.Errorf("the summary does not say why it stopped\n%v", o)
	}
	if tried := l.Counts().Writes; tried < 51 || tried > 51+4 {
		t.Errorf("%d rows were tried, want 51 and those in flight\n%v", tried, o)
	}
	l.args = append(l.args, "--max-rejected", "100%")
	o = l.want(t, 3)
	if got := l.Counts().Writes; got < 200 || got > 200+3 {
		t.Errorf("%d rows were tried in both runs, want each of 200 once, but for those in flight at the stop\n%v", got, o)
	}
}

// The first 429 costs a wait, the second half of the limit, and the third
// ends the run, which can be taken up again.
func TestAThird429EndsTheRun(t *testing.T) {
	t.Parallel()
	many := atOnce(t)
	defer many.wait()
	for n, test := range []struct {
		times, halves string
		code, refused int
	}{{"times=1", "", 0, 1}, {"times=2", "halved", 0, 2}, {"", "halved", 4, 3}} {
		many.run(fmt.Sprint(n+1, " times"), func(t *testing.T) {
			l := list(t, 40, "POST /users from=5 every=10 "+test.times+" status=429 retry-after=1s", "--json", "--limit", "600", "--limiter", "process", "--workers", "1")
			o := l.want(t, test.code)
			if got := l.Counts().ByStatus[http.StatusTooManyRequests]; got != test.refused {
				t.Errorf("%d calls were answered 429, want %d\n%v", got, test.refused, o)
			}
			if !strings.Contains(o.stderr, test.halves) || test.halves == "" && strings.Contains(o.stderr, "halved") {
				t.Errorf("the limit is halved at the second 429 and not before\n%v", o)
			}
			addsUp(t, o.summary(t), l.results(t))
			if test.code == 4 {
				l.ClearFaults()
				o = l.want(t, 0)
			}
			l.complete(t, o)
		})
	}
}

// Rows whose answers were lost are seen through when a run stops, but not
// against an API that blocks those who go on.
func TestAfterTheThird429NobodyCallsAgain(t *testing.T) {
	t.Parallel()
	l := list(t, 40, "POST /users times=8 lose-answer\nPOST /users/search status=429 retry-after=1s", "--workers", "8", "--lookup", "list", "--timeout", "2s")
	o := l.want(t, 4)
	if got := l.Counts().ByStatus[http.StatusTooManyRequests]; got > 3*8 {
		t.Errorf("%d calls were answered 429, want at most 3 of each worker\n%v", got, o)
	}
	l.ClearFaults()
	l.complete(t, l.want(t, 0))
}

func TestRefusedCredentialsEndTheRunAtOnce(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"401", "403"} {
		l := list(t, 40, "POST /users from=10 status="+status)
		o := l.want(t, 4)
		if got := l.Counts().Writes; got < 10 || got > 9+4 {
			t.Errorf("after %s %d writes reached the API, want 10 and those in flight\n%v", status, got, o)
		}
		l.ClearFaults()
		l.continues(t, o)
	}
}

func TestCredentialsRefusedAtTheStartAreAMatterOfConfiguration(t *testing.T) {
	t.Parallel()
	l := list(t, 40, "* * status=401")
	o := l.want(t, 2)
	if got := l.Counts().Requests; got != 1 {
		t.Errorf("%d requests were made, want 1\n%v", got, o)
	}
}

// cut breaks all connections and takes no new ones.
func (l *listing) cut() {
	l.on(nil)
	l.down()
	go l.front.CloseClientConnections() // it waits for the call that we are in
}

func TestAnOutageIsWaitedForAndFailsNoRow(t *testing.T) {
	t.Parallel()
	many := atOnce(t)
	defer many.wait()
	for _, retries := range []string{"0", "2"} {
		many.run(retries+" retries", func(t *testing.T) {
			l := list(t, 60, "", "--retries", retries, "--max-outage", "30s")
			l.after(20, func() {
				l.cut()
				time.AfterFunc(2500*time.Millisecond, func() { l.up(t) })
			})
			o := l.want(t, 0)
			if retries == "0" && (!strings.Contains(o.stderr, "the run waits for it") || !strings.Contains(o.stderr, "answers again")) {
				t.Errorf("the outage and its end are not told\n%v", o)
			}
			l.complete(t, o)
		})
	}
}

func TestAnOutageLongerThanMaxOutageStopsTheRunWhichGoesOnLater(t *testing.T) {
	t.Parallel()
	l := list(t, 60, "", "--retries", "0", "--max-outage", "1s", "--workers", "16", "--json", "--timeout", "2s")
	l.after(20, l.cut)
	o := l.want(t, 4)
	if o.took > 10*time.Second {
		t.Errorf("the run took %v to stop, want about --max-outage (1s) for all rows in flight together\n%v", o.took, o)
	}
	addsUp(t, o.summary(t), l.results(t))
	l.up(t)
	l.complete(t, l.want(t, 0))
}

// An API that answers reads and fails every write is not one that is down:
// its rows are told to have failed, and are done by the next run.
func TestRowsThatFailedAreDoneByTheNextRun(t *testing.T) {
	t.Parallel()
	l := list(t, 10, "POST /users status=500", "--retries", "0", "--json")
	o := l.want(t, 3)
	if diff := cmp.Diff(map[string]int{"failed": 10}, l.results(t).statuses()); diff != "" {
		t.Errorf("statuses (-want +got):\n%s\n%v", diff, o)
	}
	l.ClearFaults()
	l.complete(t, l.want(t, 0))
}
