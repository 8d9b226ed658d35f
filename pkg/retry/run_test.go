package retry

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// arrivals is a transport that notes when calls arrived.
type arrivals struct {
	http.RoundTripper
	mu   sync.Mutex
	when []time.Time
}

func (a *arrivals) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.when = append(a.when, time.Now())
	a.mu.Unlock()
	return a.RoundTripper.RoundTrip(r)
}

// A whole run: workers that create people through the real gate and client at
// a working server, whose mishaps are scheduled.
func TestARunThroughMishapsDoesEverythingOnce(t *testing.T) {
	for _, test := range []struct {
		name, faults string
		least, most  time.Duration // that the run takes
		overruns     int
		quiet        time.Duration // a gap there must be between arrivals
	}{
		{"none", "", 0, time.Minute, 0, 0},
		{"a 429", "* * from=20 times=1 status=429 retry-after=40s", 40 * time.Second, 2 * time.Minute, 1, 40 * time.Second},
		{"many at once", "* * from=20 times=5 delay=200ms status=429", time.Minute, 3 * time.Minute, 1, time.Minute},
		{"two, one after the other", "* * from=20 times=1 status=429 retry-after=40s\n* * from=40 times=1 status=429 retry-after=50s", 90 * time.Second, 5 * time.Minute, 2, 50 * time.Second},
		{"an outage", "* * from=30 times=110 status=503", time.Minute, 40 * time.Minute, 0, 10 * time.Second},
		{"answers that are lost", "POST /users every=7 lose-answer", 0, time.Minute, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const people, workers = 80, 16
				s := newSandbox(t, test.faults)
				wire := &arrivals{RoundTripper: s.Transport()}
				gate := pace.New(pace.Options{Limit: 600})
				defer gate.Close()
				client, err := api.New(api.Config{BaseURL: "https://api.example.com" + sandbox.BasePath, Token: "rehearsal", Gate: gate, Transport: wire})
				if err != nil {
					t.Fatal(err)
				}
				l := &Loop{Policy: Policy{Retries: 5}, Brake: gate, Window: time.Minute, MaxOutage: 30 * time.Minute, Probe: func(ctx context.Context) error {
					_, err := client.Do(ctx, api.Request{Method: http.MethodGet, Path: "/campaigns", Reads: true}, nil)
					return err
				}}
				began := time.Now()
				create(t, l, client, people, workers)
				past := time.Since(began)
				if past < test.least || past > test.most {
					t.Errorf("the run took %v, want %v to %v", past, test.least, test.most)
				}
				if c := s.Counts(); c.Commits.Creates != people || c.Repeated.Creates != 0 || c.Overruns != 0 || l.overruns != test.overruns {
					t.Errorf("%+v and %d overruns noticed, want %d people made once and %d", c, l.overruns, people, test.overruns)
				}
				if got := widest(wire.when); got < test.quiet {
					t.Errorf("the widest gap between arrivals is %v, want %v", got, test.quiet)
				}
				if unhit := s.UnhitFaults(); len(unhit) != 0 {
					t.Errorf("faults that no call met: %v", unhit)
				}
			})
		})
	}
}

func newSandbox(t *testing.T, faults string) *sandbox.Server {
	t.Helper()
	scheduled, err := sandbox.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	s := sandbox.New(sandbox.Options{Faults: scheduled})
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// create makes people through the loop, each with calls of its own.
func create(t *testing.T, l *Loop, client *api.Client, people, workers int) {
	t.Helper()
	rows := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for n := range rows {
				body := map[string]any{"campaign_id": 1, "first_name": "Jane", "email": fmt.Sprintf("jane%d@example.com", n), "notify": false}
				err := l.Do(t.Context(), t.Context(), func(ctx context.Context) error {
					var answer struct{ Data struct{ ID int64 } }
					_, err := client.Do(ctx, api.Request{Method: http.MethodPost, Path: "/users", Body: body}, &answer)
					return err
				})
				if err != nil {
					t.Errorf("Do(create person %d) = %v, want success", n, err)
				}
			}
		})
	}
	for n := range people {
		rows <- n
	}
	close(rows)
	all.Wait()
}

// widest is the longest time between two arrivals.
func widest(when []time.Time) (gap time.Duration) {
	for i := 1; i < len(when); i++ {
		gap = max(gap, when[i].Sub(when[i-1]))
	}
	return gap
}
