//go:build unix

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// killedWithFourSent runs the import and kills it when four creates have
// arrived. They are held until release is called.
func (l *listing) killedWithFourSent(t *testing.T) (waiting func() int, release func()) {
	waiting, release = l.hold(arrived)
	t.Cleanup(release)
	p := l.start(t)
	eventually(t, "four creates should have arrived", func() bool { return waiting() == 4 })
	_ = p.Process.Kill()
	p.result(t)
	return waiting, release
}

// What a killed run has sent may be done only after the next run has begun,
// which would not find it if it looked at once.
func TestWhatAKilledRunSentAndIsDoneLaterIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	const timeout = 2 * time.Second
	l := list(t, 4, "", "--timeout", timeout.String())
	waiting, release := l.killedWithFourSent(t)
	second := l.start(t)
	time.AfterFunc(timeout/2, release)
	o := second.result(t)
	if o.code != 0 || waiting() != 4 {
		t.Errorf("the next run ended with %d after %d creates in all, want 0 after the 4 of the killed one\n%v", o.code, waiting(), o)
	}
	l.complete(t, o)
}

// What a row was to do may be another thing by then: its person may be there
// only after a while all the same.
func TestWhatAKilledRunSentIsWaitedForUnderAnotherOperation(t *testing.T) {
	t.Parallel()
	const timeout = 2 * time.Second
	l := list(t, 4, "", "--timeout", timeout.String())
	_, release := l.killedWithFourSent(t)
	upserts := strings.ReplaceAll(read(t, filepath.Join(l.dir, "list.csv")), "create,", "upsert,")
	write(t, l.dir, "list.csv", upserts)
	second := l.start(t)
	time.AfterFunc(timeout/2, release)
	o := second.result(t)
	if n := l.Counts().Commits; o.code != 0 || !strings.Contains(upserts, "upsert,") || n.Creates != 4 {
		t.Errorf("the next run ended with %d after %+v, want 0 after the 4 creates of the killed one\n%v", o.code, n, o)
	}
}

// A row that was lost is sent again by the next run, and killed with it. The
// run after that one leaves it alone as long as if it had been the first.
func TestWhatWasLostTwiceIsLeftAloneTwice(t *testing.T) {
	t.Parallel()
	const timeout = 2 * time.Second
	l := list(t, 4, "", "--timeout", timeout.String())
	var creates atomic.Int64
	held := make(chan struct{})
	release := sync.OnceFunc(func() { close(held) })
	t.Cleanup(release)
	l.on(func(s stage, r *http.Request) {
		if s != arrived || r.Method != http.MethodPost || strings.HasSuffix(r.URL.Path, "/search") {
			return
		}
		if creates.Add(1) <= 4 {
			<-r.Context().Done() // until the caller has died
			panic(http.ErrAbortHandler)
		}
		<-held
	})
	for _, sent := range []int64{4, 8} {
		p := l.start(t)
		eventually(t, "four creates should have arrived", func() bool { return creates.Load() == sent })
		_ = p.Process.Kill()
		p.result(t)
	}
	third := l.start(t)
	time.AfterFunc(timeout/2, release)
	o := third.result(t)
	if n := creates.Load(); o.code != 0 || n != 8 {
		t.Errorf("the third run ended with %d after %d creates in all, want 0 after the 8 of the two before\n%v", o.code, n, o)
	}
	l.complete(t, o)
}

// A server may take longer than anyone waits for it.
func TestWhatIsDoneAfterTheTimeoutIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	const timeout = 4 * time.Second
	l := list(t, 4, "", "--timeout", timeout.String())
	var creates atomic.Int64
	l.on(func(s stage, r *http.Request) {
		if s == arrived && r.Method == http.MethodPost && !strings.HasSuffix(r.URL.Path, "/search") && creates.Add(1) <= 4 {
			<-time.After(timeout * 13 / 10)
		}
	})
	o := l.want(t, 0)
	if n := creates.Load(); n != 4 {
		t.Errorf("%d creates were sent, want 4\n%v", n, o)
	}
	l.complete(t, o)
}

// Who waits to look up what an earlier run sent is not in the way of others,
// and can be stopped.
func TestWhileLostRowsWaitTheOthersAreDoneAndASignalStops(t *testing.T) {
	t.Parallel()
	l := list(t, 40, "", "--timeout", "10m")
	_, release := l.killedWithFourSent(t)
	release()
	second := l.start(t)
	eventually(t, "the other 36 should be created", func() bool { return l.Counts().Commits.Creates == 40 })
	_ = second.Process.Signal(os.Interrupt)
	o := second.result(t)
	if o.code != 4 || !strings.Contains(o.stdout, "4 unknown") {
		t.Errorf("the run ended with %d, want 4 and four rows left for the next\n%v", o.code, o)
	}
	if got := l.results(t).statuses(); got["created"] != 36 || got["unknown"] != 4 {
		t.Errorf("statuses %v, want 36 created and 4 unknown, as they were", got)
	}
}
