//go:build unix

package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// Every call passes the gate: what the server counts is what refbulk says, in
// runs whose calls are cut off, refused and looked up again.
func TestLimitNothingGoesRoundTheGate(t *testing.T) {
	t.Parallel()
	many := atOnce(t)
	defer many.wait()
	for _, test := range []struct {
		faults string
		flags  []string
	}{
		{"", nil},
		{"POST /users every=7 lose-answer", nil},
		{"POST /users every=7 reset-before", nil},
		{"* * every=9 reset-before", []string{"--lookup", "each"}},
		{"* * every=11 status=503", []string{"--lookup", "list"}},
		{"POST /users every=8 status=500\nPOST /users every=13 reset-mid-body\nPOST /users/search every=7 lose-answer", []string{"--lookup", "each"}},
		{"POST /users every=6 lose-answer\nGET /users times=2 reset-before\nPOST /users/search every=4 status=502", nil},
		{"POST /users every=9 redirect=http://localhost:9/", nil},
	} {
		many.run(strings.ReplaceAll(test.faults, "/", ""), func(t *testing.T) {
			// All within one window of the server and of refbulk, so that both
			// count the same calls.
			l := list(t, 40, test.faults, append([]string{"--json", "--limit", "500", "--window", "1m", "--workers", "8"}, test.flags...)...)
			o := l.want(t, 0)
			l.complete(t, o)
			s, c := o.told(t), l.Counts()
			if s.Requests.Total != c.Requests || s.Requests.Reads != c.Reads || s.Requests.Writes != c.Writes {
				t.Errorf("refbulk tells of %d calls (%d reads, %d writes), the server counts %d (%d, %d)\n%v",
					s.Requests.Total, s.Requests.Reads, s.Requests.Writes, c.Requests, c.Reads, c.Writes, o)
			}
			if s.Worst != c.Requests || c.WorstWindow != c.Requests {
				t.Errorf("the worst window is %d to refbulk and %d to the server; want all %d calls\n%v", s.Worst, c.WorstWindow, c.Requests, o)
			}
			if (s.Requests.Retries > 0) != (test.faults != "") {
				t.Errorf("%d calls were tried again after %q\n%v", s.Requests.Retries, test.faults, o)
			}
		})
	}
}

// Under faults and a limit that is felt, the retries and look-ups keep to it.
func TestLimitHoldsForRetriesAndLookUps(t *testing.T) {
	t.Parallel()
	faults, err := sandbox.ParseFaults("POST /users every=9 lose-answer\nPOST /users every=11 reset-before\nPOST /users/search every=13 status=503")
	if err != nil {
		t.Fatal(err)
	}
	p := press(t, sandbox.Options{Faults: faults})
	f := p.file(t, "only", p.limit, "--lookup", "each", "--retries", "8")
	o := f.want(t, 0)
	c := p.within(t)
	p.created(t, p.limit)
	createdOnce(t, f, p.limit)
	s := o.told(t)
	if s.Requests.Total != c.Requests || s.Requests.Retries == 0 {
		t.Errorf("refbulk tells of %d calls and %d retries, the server counts %d calls; want the same and some\n%v", s.Requests.Total, s.Requests.Retries, c.Requests, o)
	}
	if s.Worst > p.limit {
		t.Errorf("the worst window is %d to refbulk, want %d at most\n%v", s.Worst, p.limit, o)
	}
}

// Another program that shares the account without sharing the count uses the
// limit up. The 429 keeps everyone waiting for as long as the server asks,
// and after the second one refbulk leaves half of the limit alone.
func TestLimitThatIsNotOursAloneIsLeftForRetryAfterThenHalved(t *testing.T) {
	t.Parallel()
	const workers, rest = 4, time.Second
	faults, err := sandbox.ParseFaults("POST /users from=10 every=10 times=2 status=429 retry-after=1s")
	if err != nil {
		t.Fatal(err)
	}
	p := press(t, sandbox.Options{Faults: faults})
	var refused []time.Time // when each 429 was given
	p.on(func(s stage, r *http.Request) {
		if s == arrived {
			p.arrive(r)
			// However long refbulk takes to see the 429, the others get no answer
			// before that, and so cannot go on.
			p.mu.Lock()
			seen := time.Time{}
			if len(refused) > 0 {
				seen = refused[len(refused)-1].Add(rest / 2)
			}
			p.mu.Unlock()
			time.Sleep(time.Until(seen))
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if s == done && p.Counts().ByStatus[http.StatusTooManyRequests] > len(refused) {
			refused = append(refused, time.Now())
		}
	})
	rows := 5 * p.limit / 4
	f := p.file(t, "only", rows, "--workers", fmt.Sprint(workers))
	o := f.want(t, 0)
	p.created(t, rows)
	createdOnce(t, f, rows)
	if len(refused) != 2 {
		t.Fatalf("%d calls were answered 429, want 2\n%v", len(refused), o)
	}
	at := p.arrivals()
	for n, from := range refused {
		held := 0
		for _, a := range at {
			if !a.After(from) || !a.Before(from.Add(rest)) {
				continue
			}
			held++
			if a.After(from.Add(rest / 2)) {
				t.Errorf("a call arrived %v after 429 number %d, want none for %v\n%v", a.Sub(from), n+1, rest, o)
			}
		}
		if held >= workers { // the others' calls were on their way
			t.Errorf("%d calls arrived within %v of 429 number %d; want none but one of each other worker at most\n%v", held, rest, n+1, o)
		}
	}
	later := slices.DeleteFunc(at, func(a time.Time) bool { return a.Before(refused[1].Add(rest)) })
	half := p.limit / 2
	for i := range later[half:] {
		if gap := later[i+half].Sub(later[i]); gap < p.window {
			t.Errorf("after the second 429, %d calls arrived within %v; want at most %d, half of the limit, within %v\n%v", half+1, gap, half, p.window, o)
			break
		}
	}
}
