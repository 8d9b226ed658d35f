package sandbox

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"sync"
	"time"
)

// Effect is what a Fault does to a call. Its value is the word of the text
// form.
type Effect string

// The effects. "Before" ones leave the account as it was; after the others the
// work is done, whatever the caller learns of it.
const (
	Pass          Effect = ""               // answer as usual: for a Fault that is only a Delay
	AnswerStatus  Effect = "status"         // before: answer Status
	Redirect      Effect = "redirect"       // before: answer 307 to RedirectTo
	ResetBefore   Effect = "reset-before"   // before: cut the connection
	StallBefore   Effect = "stall-before"   // before: never answer
	Stall         Effect = "stall"          // never answer
	LoseAnswer    Effect = "lose-answer"    // cut the connection instead of answering
	ResetMidBody  Effect = "reset-mid-body" // send half of the answer's body, then cut
	MalformedJSON Effect = "malformed-json" // a complete answer, its JSON broken off
	EmptyBody     Effect = "empty-body"     // the status without a body
	HTMLBody      Effect = "html-body"      // 200 with a page of HTML
	HugeBody      Effect = "huge-body"      // a body of Size bytes
)

// DefaultHugeBody is the Size of a HugeBody that has none.
const DefaultHugeBody = 64 << 20

// Fault is a mishap on a schedule. It counts the calls that match Method and
// Path and hits some of them: From, then each Every-th after it, Times in all.
// A call that one Fault hits is not offered to those after it.
type Fault struct {
	// Method is an HTTP method. Empty: any.
	Method string
	// Path is a pattern for path.Match against the path below the API's base,
	// as in "/users/*". Empty: any path.
	Path string

	// From is the first matching call to hit, counted from 1. 0: Every, so
	// that every=100 means the 100th, the 200th and so on.
	From int
	// Every is the distance to the next hit. 0 is 1: each one.
	Every int
	// Times is how many hits there are. 0: without end.
	Times int

	// Effect is what happens, after Delay.
	Effect Effect
	// Delay comes before everything else the server does.
	Delay time.Duration
	// Status is the answer of AnswerStatus.
	Status int
	// RetryAfter goes with Status, as seconds, or as a date when
	// RetryAfterDate is set. 0: no header.
	RetryAfter     time.Duration
	RetryAfterDate bool
	// RedirectTo is the absolute URL of Redirect.
	RedirectTo string
	// Size is the length of HugeBody in bytes. 0 is DefaultHugeBody.
	Size int64
}

// FaultCount is a scheduled Fault, how many calls it matched and how many of
// those it hit.
type FaultCount struct {
	Fault   Fault `json:"fault"`
	Matched int   `json:"matched"`
	Hits    int   `json:"hits"`
}

func (f Fault) check() error {
	var errs []error
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	_, err := path.Match(f.Path, "/")
	expect(err == nil, "path %q is no pattern: a * stands for one step, as in /users/*", f.Path)
	expect(f.From >= 0 && f.Every >= 0 && f.Times >= 0, "from, every and times count from 1")
	expect(f.Delay >= 0 && f.RetryAfter >= 0, "delay and retry-after must not be negative")
	expect(knownEffect(f.Effect), "effect %q is unknown: it is one of %s", f.Effect, effectWords())
	expect(f.Effect != Pass || f.Delay > 0, "it does nothing: add an effect (%s) or delay=2s", effectWords())
	switch f.Effect {
	case AnswerStatus:
		expect(f.Status >= 200 && f.Status <= 599, "status %d is not between 200 and 599", f.Status)
	case Redirect:
		u, err := url.Parse(f.RedirectTo)
		expect(err == nil && u.IsAbs() && u.Host != "", "redirect %q is no absolute URL, as http://127.0.0.1:8081/", f.RedirectTo)
	case HugeBody:
		expect(f.Size >= 0, "huge-body takes a number of bytes")
	}
	expect(f.Effect == AnswerStatus || f.RetryAfter == 0, "retry-after goes with status=429 or status=503 only")
	return errors.Join(errs...)
}

// due tells whether the n-th matching call is to be hit, apart from Times.
func (f Fault) due(n int) bool {
	every := max(f.Every, 1)
	from := f.From
	if from == 0 {
		from = every
	}
	return n >= from && (n-from)%every == 0
}

func (f Fault) matches(method, p string) bool {
	if f.Method != "" && f.Method != method {
		return false
	}
	if f.Path == "" {
		return true
	}
	ok, _ := path.Match(f.Path, p) // check has seen the pattern
	return ok
}

// schedule is the list of faults of a Server.
type schedule struct {
	mu     sync.Mutex
	faults []*FaultCount
}

func (s *schedule) add(faults []Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.faults = append(s.faults, &FaultCount{Fault: f})
	}
}

func (s *schedule) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// next counts a call and returns the fault that hits it, or nil.
func (s *schedule) next(method, path string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.faults {
		if !c.Fault.matches(method, path) {
			continue
		}
		c.Matched++
		if c.Fault.due(c.Matched) && (c.Fault.Times == 0 || c.Hits < c.Fault.Times) {
			c.Hits++
			return &c.Fault
		}
	}
	return nil
}

func (s *schedule) list() []FaultCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]FaultCount, len(s.faults))
	for i, c := range s.faults {
		out[i] = *c
	}
	return out
}
