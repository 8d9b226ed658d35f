package retry

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/refbulk/refbulk/pkg/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pedal is a Brake that remembers what was asked of it.
type pedal struct {
	mu    sync.Mutex
	holds []time.Duration
	until time.Time
	halvd int
}

func (p *pedal) Hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holds = append(p.holds, d)
	if until := time.Now().Add(d); until.After(p.until) {
		p.until = until
	}
}

func (p *pedal) Halve() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.halvd++
}

// halved is how often the limit was halved.
func (p *pedal) halved() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.halvd
}

// pass waits out the hold, as a gate does, and returns when it let through.
func (p *pedal) pass() time.Time {
	p.mu.Lock()
	d := time.Until(p.until)
	p.mu.Unlock()
	time.Sleep(d)
	return time.Now()
}

// newLoop is a Loop with numbers that are easy to tell apart.
func newLoop(probe func(context.Context) error) (*Loop, *pedal) {
	brake := &pedal{}
	return &Loop{
		Policy: Policy{Retries: 3}, Brake: brake, Probe: probe,
		Window: time.Minute, MaxOutage: 15 * time.Minute,
	}, brake
}

// upAndWell is the probe of an API that answers.
func upAndWell(context.Context) error { return nil }

// failed is the failure of a call.
func failed(v api.Verdict) *api.Error {
	return &api.Error{Verdict: v, Message: "failed with " + v.String()}
}

// script is work that comes to one outcome after the other, and to the last
// one again and again.
func script(calls *int, outcomes ...error) func(context.Context) error {
	return func(context.Context) error {
		*calls++
		return outcomes[min(*calls, len(outcomes))-1]
	}
}
