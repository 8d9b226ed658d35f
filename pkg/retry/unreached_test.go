package retry

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
	"github.com/refbulk/refbulk/pkg/wire"
)

// refusing is a way to the API on which no connection is had.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &wire.NotSent{Err: errors.New("connection refused")}
}

// unreached is the failure of a call that found no way to the API.
func unreached(t *testing.T) error {
	gate := pace.New(pace.Options{})
	defer gate.Close()
	c, err := api.New(api.Config{BaseURL: "https://api.example.com", Token: "made-up", Gate: gate, Transport: refusing{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), api.Request{Method: http.MethodPost, Path: "/users"}, nil)
	return err
}

// The API was away for as long as the tries took, and answers the probe: that
// was not the fault of the work, which goes on until --max-outage.
func TestWorkThatFoundNoWayToTheAPIIsTriedOnWhenThereIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLoop(upAndWell)
		gone, calls := unreached(t), 0
		op := script(&calls, gone, gone, gone, gone, gone, gone, nil)
		if err := l.Do(t.Context(), t.Context(), op); err != nil || calls != 7 {
			t.Errorf("Do() = %v after %d calls, want nil after 7", err, calls)
		}
		calls = 0
		l.Policy.First, l.Policy.Most = time.Second, time.Minute
		began := time.Now()
		err := l.Do(t.Context(), t.Context(), script(&calls, gone))
		if took := time.Since(began); !isGaveUp(err) || took < l.MaxOutage || took > 2*l.MaxOutage || calls > 200 {
			t.Errorf("Do(never a way) = %v after %v and %d calls, want a *GaveUp after %v and a few", err, took, calls, l.MaxOutage)
		}
		if err := context.Cause(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
