package pace

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// helperEnv carries a helper's orders into the test binary run as another process.
const helperEnv = "PACE_TEST_HELPER"

// A helper is a process that sends requests to a server through a gate.
type helper struct {
	Server   string
	Store    string // a folder, or the address of a Redis
	Limit    int
	Window   time.Duration
	Attempt  time.Duration
	Requests int
}

// run is the helper's main.
func (h helper) run() error {
	store, err := h.open()
	if err != nil {
		return err
	}
	g := New(Options{Limit: h.Limit, Window: h.Window, Peak: -1, Store: store})
	l := &load{todo: h.Requests}
	errs := make(chan error)
	const workers = 8
	for range workers {
		go func() { errs <- h.work(g, l) }()
	}
	for range workers {
		if e := <-errs; e != nil {
			err = e
		}
	}
	if e := g.Close(); e != nil {
		err = e
	}
	return err
}

func (h helper) open() (Store, error) {
	if !strings.HasPrefix(h.Store, "redis:") {
		return OpenFile(h.Store, "account", slog.Default()), nil
	}
	return OpenRedis(context.Background(), h.Store, "account", RedisOptions{Attempt: h.Attempt, Log: slog.Default()})
}

func (h helper) work(g *Gate, l *load) error {
	for l.next() {
		pass, err := g.Enter(context.Background())
		if err != nil {
			return err
		}
		res, err := http.Post(h.Server, "", nil) // which net/http never sends twice
		pass.Leave()
		if err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil {
			return err
		}
	}
	return nil
}

// helperMain runs the orders in the environment, and returns the exit code.
func helperMain(orders string) int {
	var h helper
	err := json.Unmarshal([]byte(orders), &h)
	if err == nil {
		err = h.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// start runs the helper as a process of its own.
func (h helper) start(t *testing.T) *exec.Cmd {
	t.Helper()
	orders, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+string(orders))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// serve counts requests where they arrive: some way after they left, unless who sent them is gone by then.
func serve(t *testing.T, most time.Duration) (*counter, string) {
	t.Helper()
	c := newCounter()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, arrives := range []func(){c.arrive, func() {}} {
			select {
			case <-time.After(rand.N(most)):
			case <-r.Context().Done():
			}
			if r.Context().Err() != nil {
				return
			}
			arrives()
		}
	}))
	t.Cleanup(s.Close)
	return c, s.URL
}

// lawOverProcesses runs three processes at once, kills one and runs it again at once.
func lawOverProcesses(t *testing.T, h helper) {
	c, url := serve(t, h.Window/4)
	h.Server = url
	var wg sync.WaitGroup
	for i := range 3 {
		cmd := h.start(t)
		wg.Go(func() {
			if i == 0 {
				time.Sleep(h.Window + rand.N(h.Window))
				cmd.Process.Kill()
				cmd.Wait()
				cmd = h.start(t)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("process %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	got, want := len(c.arrivals()), 3*h.Requests
	if got < want {
		t.Errorf("%d requests arrived, want at least %d", got, want)
	}
	// A busy machine may run the server's handler a little late. A gate that counted from when requests
	// leave would be off by up to a quarter of a window, and so be caught.
	if err := c.overrun(h.Limit, h.Window*9/10); err != nil {
		t.Error(err)
	}
	took := c.arrivals()[got-1] - c.arrivals()[0]
	t.Logf("%d requests at %d in %v took %v", got, h.Limit, h.Window, took)
}

func TestTheLawHoldsOverRealProcessesAndKills(t *testing.T) {
	t.Parallel()
	lawOverProcesses(t, helper{
		Store: t.TempDir(), Limit: 20, Window: 400 * time.Millisecond, Requests: 40,
	})
}
