//go:build unix

package main

import (
	"bytes"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// vendor is a simulator on a port of its own, outside every process that is
// killed. Hooks see each call on its way in and out.
type vendor struct {
	*sandbox.Server
	front *httptest.Server

	hook  atomic.Pointer[func(stage, *http.Request)]
	login atomic.Pointer[func(*http.Request) bool] // answer by a page of HTML, and do nothing?
	calls atomic.Int64
	open  atomic.Int64 // connections

	mu    sync.Mutex   // guards:
	lag   *rand.Rand   // nil: answers at once
	again net.Listener // opened by up
}

// stage is how far a call has come.
type stage int

const (
	arrived  stage = iota // nothing was done yet
	done                  // the account has changed, nobody was told
	answered              // the answer is on its way
)

// serve starts a simulator without a limit. Faults that never hit fail the
// test.
func serve(t testing.TB, o sandbox.Options) *vendor {
	t.Helper()
	if o.Limit == 0 {
		o.Limit = -1
	}
	o.Token = token
	v := &vendor{Server: sandbox.New(o)}
	v.front = httptest.NewUnstartedServer(v)
	v.front.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			v.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			v.open.Add(-1)
		}
	}
	v.front.Start()
	t.Cleanup(func() {
		if err := v.Server.Close(); err != nil {
			t.Error(err)
		}
		v.front.Close()
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.again != nil {
			_ = v.again.Close()
		}
		if unhit := v.UnhitFaults(); len(unhit) > 0 && !t.Failed() {
			t.Errorf("scheduled faults that never hit: %v", unhit)
		}
	})
	return v
}

// url is the API's root.
func (v *vendor) url() string { return v.front.URL + sandbox.BasePath }

// on has hook called with each call at each stage, until it is nil.
func (v *vendor) on(hook func(stage, *http.Request)) {
	if hook == nil {
		v.hook.Store(nil)
		return
	}
	v.hook.Store(&hook)
}

func (v *vendor) tell(s stage, r *http.Request) {
	if hook := v.hook.Load(); hook != nil {
		(*hook)(s, r)
	}
}

// slow lets calls take some milliseconds before and after the work, so that
// kills find some on their way, and a few so long that the next run is at work
// before they are.
func (v *vendor) slow(seed uint64) { v.linger(rand.New(rand.NewPCG(seed, 1))) }

// prompt ends it.
func (v *vendor) prompt() { v.linger(nil) }

func (v *vendor) linger(lag *rand.Rand) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lag = lag
}

func (v *vendor) pause(most time.Duration) { time.Sleep(v.delay(most)) } // the network

func (v *vendor) delay(most time.Duration) time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.lag == nil {
		return 0
	}
	if v.lag.IntN(32) == 0 {
		most = 400 * time.Millisecond
	}
	return time.Duration(v.lag.Int64N(int64(most)))
}

func (v *vendor) isPrompt() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.lag == nil
}

// ServeHTTP answers one call. What has arrived is done, even when the caller
// died in the meantime.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if asks := v.login.Load(); asks != nil && (*asks)(r) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>Sign in to the network</title>")
		return
	}
	if v.isPrompt() && v.hook.Load() == nil {
		v.Server.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // only part of the call arrived
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	v.calls.Add(1)
	v.tell(arrived, r)
	v.pause(4 * time.Millisecond)
	answer := httptest.NewRecorder()
	v.Server.ServeHTTP(answer, r) // panics when it is to cut the connection
	v.tell(done, r)
	v.pause(8 * time.Millisecond)
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	if _, err := w.Write(answer.Body.Bytes()); err == nil {
		_ = http.NewResponseController(w).Flush()
	}
	v.tell(answered, r)
}

// settle waits until everything that had arrived is done.
func (v *vendor) settle(t testing.TB) {
	t.Helper()
	eventually(t, "the simulator should have done with the calls of a dead caller", func() bool { return v.open.Load() == 0 })
}

// person is a user without what differs from run to run.
type person struct {
	First, Type, Referrer string
	Qualified             bool
	Due                   int // rewards owed because of them
}

// people are the users of an account by e-mail, and the ones whose e-mail is
// there more than once.
func people(s sandbox.State) (all map[string]person, twice []string) {
	emails := map[int64]string{}
	for _, u := range s.Users {
		emails[u.ID] = u.Email
	}
	due := map[int64]int{}
	for _, d := range s.Due {
		due[d.LeadID] += d.Count
	}
	all = map[string]person{}
	for _, u := range s.Users {
		if _, there := all[u.Email]; there {
			twice = append(twice, u.Email)
		}
		all[u.Email] = person{First: u.FirstName, Type: u.Type, Referrer: emails[u.ReferrerID], Qualified: u.QualifiedAt != "", Due: due[u.ID]}
	}
	slices.Sort(twice)
	return all, twice
}

// account is an example account with these people in campaign 1.
func account(users ...sandbox.User) *sandbox.State {
	s := sandbox.Example()
	for i, u := range users {
		u.ID, u.CampaignID = int64(i+1), 1
		if u.Type == "" {
			u.Type = sandbox.PersonReferring
		}
		s.Users = append(s.Users, u)
	}
	s.NextUser = int64(len(users) + 1)
	return &s
}

// down has new connections refused. Those there are live on.
func (v *vendor) down() { _ = v.front.Listener.Close() }

// up takes connections again.
func (v *vendor) up(t testing.TB) {
	listener, err := net.Listen("tcp", v.front.Listener.Addr().String())
	if err != nil {
		t.Error(err)
		return
	}
	v.mu.Lock()
	v.again = listener
	v.mu.Unlock()
	go func() { _ = v.front.Config.Serve(listener) }()
}
