package recomly_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/refbulk/refbulk/pkg/recomly"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// cutting ends a run's calls when a certain write has been answered, before
// the answer is seen.
type cutting struct {
	inner http.RoundTripper
	left  *atomic.Int64
	cut   context.CancelFunc
}

func (c cutting) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.inner.RoundTrip(r)
	if r.Method != http.MethodGet && c.left.Add(-1) == 0 {
		c.cut()
		if err == nil {
			_ = resp.Body.Close()
		}
		return nil, errors.New("the connection is gone")
	}
	return resp, err
}

// A run is abandoned in the middle of a write, again and again, and taken up.
func TestARunThatWasAbandonedIsTakenUp(t *testing.T) {
	state, credits := manyCredits()
	var invites, converts strings.Builder
	invites.WriteString("name,email\n")
	converts.WriteString("friendEmail\n")
	for i := range 20 {
		fmt.Fprintf(&invites, "N%d,n%d@example.com\n", i, i)
		fmt.Fprintf(&converts, "f%d@example.com\n", i)
		state.Recomly.Referrals = append(state.Recomly.Referrals, sandbox.RecomlyReferral{
			ID: fmt.Sprint("f", i), CampaignID: "1", AdvocateID: "2", Status: "pending", FriendName: "F", FriendEmail: fmt.Sprintf("f%d@example.com", i),
		})
	}
	tests := []struct {
		name, resource, text, status string
		rows                         int
		o                            recomly.Options
	}{
		{"invite", "advocates", invites.String(), "invited", 20, inviting},
		{"credit", "advocates", credits, "credited", 40, crediting},
		{"convert", "referrals", converts.String(), "converted", 20, recomly.Options{Campaign: "1", Operation: "qualify"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, sandbox.Options{State: state, Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{
				RepeatInvite: sandbox.InviteMakesAnother, RepeatConvert: sandbox.ConvertPaysTwice,
			}}})
			for n := range 5 {
				ctx, cancel := context.WithCancel(context.Background())
				left := new(atomic.Int64)
				left.Store(int64(n + 2))
				r.ctx, r.wrap = ctx, func(inner http.RoundTripper) http.RoundTripper { return cutting{inner, left, cancel} }
				if _, err := r.run(tt.resource, tt.o, tt.text); err == nil && left.Load() <= 0 {
					t.Error("a run that was abandoned did not say so")
				}
				cancel()
			}
			r.ctx, r.wrap = nil, nil
			r.wantStatuses(r.mustRun(tt.resource, tt.o, tt.text), strings.TrimSpace(strings.Repeat(tt.status+" ", tt.rows)))
			n := r.counts()
			if done := n.Invites + n.Credits + n.Converts; done != tt.rows || n.Repeated.Invites+n.Repeated.Credits+n.Repeated.Converts != 0 {
				t.Errorf("counts = %+v, want %d and nothing twice", n, tt.rows)
			}
		})
	}
}

// A change of somebody who is there that was lost on its way is made by the
// next run, and not taken for an invitation.
func TestAChangeThatWasLostOnItsWayIsMadeByTheNextRun(t *testing.T) {
	changing := inviting
	changing.OnExisting = recomly.Update
	r := newRig(t, sandbox.Options{Faults: []sandbox.Fault{fault(t, "* /campaigns/*/advocates/* times=1 reset-before")}})
	const text = "name,email\nIda Changed,ida@example.com\n"
	ctx, cancel := context.WithCancel(t.Context())
	left := new(atomic.Int64)
	left.Store(1)
	r.ctx, r.wrap = ctx, func(inner http.RoundTripper) http.RoundTripper { return cutting{inner, left, cancel} }
	if _, err := r.run("advocates", changing, text); err == nil {
		t.Fatal("the run did not end when its answer was lost")
	}
	r.ctx, r.wrap = nil, nil
	r.wantStatuses(r.mustRun("advocates", changing, text), "updated")
	if a := r.state().Advocates[0]; a.Name != "Ida Changed" {
		t.Errorf("the name is %q, want the one of the row", a.Name)
	}
}
