package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refbulk/refbulk/pkg/pace"
)

// slow is a Store that takes its time when a slot comes back.
type slow struct{ ledger }

func (s *slow) Give(lease pace.Lease, sent bool) {
	time.Sleep(time.Second)
	s.ledger.Give(lease, sent)
}

func TestWhatTheGateTakesIsNoTimeOfTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := pace.New(pace.Options{Limit: 1, Store: &slow{}})
		defer gate.Close()
		var took time.Duration
		c := newClient(t, Config{Gate: gate, Observe: func(_ context.Context, call Call) { took = call.Took },
			Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				time.Sleep(10 * time.Millisecond)
				return answering(200, "{}"), nil
			})})
		if _, err := c.Do(t.Context(), aRead, nil); err != nil || took != 10*time.Millisecond {
			t.Errorf("a call took %v, %v; want 10ms", took, err)
		}
	})
}

func TestAnObserverIsToldOfEveryCallThatLeft(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	type key struct{}
	var got []Call
	gate := pace.New(pace.Options{})
	defer gate.Close()
	c, err := New(Config{BaseURL: server.URL, Token: "made-up-token", Gate: gate, Observe: func(ctx context.Context, call Call) {
		if ctx.Value(key{}) != "row" {
			t.Error("the observer was not given the caller's context")
		}
		got = append(got, call)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := context.WithValue(t.Context(), key{}, "row")
	_, _ = c.Do(ctx, Request{Method: http.MethodGet, Path: "/fine", Reads: true}, nil)
	_, _ = c.Do(ctx, Request{Method: http.MethodPost, Path: "/broken"}, nil)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, _ = c.Do(ended, Request{Method: http.MethodPost, Path: "/never"}, nil)
	if len(got) != 2 || got[0].Method != "GET" || got[0].Status != 200 || got[1].Method != "POST" || got[1].Status != 500 {
		t.Errorf("the observer saw %+v, want a GET answered 200 and a POST answered 500", got)
	}
	for _, call := range got {
		if call.Left.IsZero() || call.Took <= 0 {
			t.Errorf("a call left at %v and took %v", call.Left, call.Took)
		}
	}
}
