package pace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// These tests wait in real time, for a real server: windows are short, and they run side by side.
const (
	testWindow  = 300 * time.Millisecond
	testAttempt = time.Second
)

// A redisServer is a real one, for one test.
type redisServer struct {
	dir, port string
	cmd       *exec.Cmd
}

// startRedis starts a server and waits until it is trusted.
func startRedis(t testing.TB) *redisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("no redis-server on PATH; install it to run this test")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	s := &redisServer{dir: t.TempDir(), port: port}
	s.start(t)
	t.Cleanup(func() { s.kill() })
	return s
}

func (s *redisServer) url() string { return "redis://127.0.0.1:" + s.port + "/0" }

// start starts the server with what it last saved, and waits until it answers.
func (s *redisServer) start(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command("redis-server", "--bind", "127.0.0.1", "--port", s.port, "--dir", s.dir,
		"--save", "", "--appendonly", "no", "--loglevel", "warning")
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := s.client(t)
	for range 500 {
		if c.Ping(t.Context()).Err() == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("redis-server does not answer")
}

func (s *redisServer) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *redisServer) client(t testing.TB) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + s.port, MaxRetries: -1})
	t.Cleanup(func() { c.Close() })
	return c
}

// open opens the Store, as a process of its own would, and what it logs.
func (s *redisServer) open(t testing.TB) (*Redis, *logBuffer) {
	t.Helper()
	b := &logBuffer{}
	r, err := OpenRedis(t.Context(), s.url(), "account", RedisOptions{
		Attempt: testAttempt,
		Log:     slog.New(slog.NewTextHandler(b, nil)),
	})
	if err != nil {
		t.Fatalf("OpenRedis: %v", err)
	}
	t.Cleanup(func() { r.Close() })
	return r, b
}

// A logBuffer may be written to while it is read.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// takeN takes slots of a limit of 3 until there are n or one has to wait.
func takeN(t *testing.T, r *Redis, n int) (leases []Lease, wait time.Duration) {
	t.Helper()
	for range n {
		lease, w, err := r.Take(t.Context(), 3, testWindow)
		if err != nil {
			t.Fatalf("Take: %v", err)
		}
		if lease == 0 {
			return leases, w
		}
		leases = append(leases, lease)
	}
	return leases, 0
}

// trusted waits until a server that just started lets somebody pass, and gives that slot back.
func trusted(t testing.TB, r *Redis) {
	t.Helper()
	for {
		lease, wait, err := r.Take(t.Context(), 3, testWindow)
		if err != nil {
			t.Fatalf("Take: %v", err)
		}
		if lease != 0 {
			r.Give(lease, false)
			return
		}
		time.Sleep(wait)
	}
}

func TestMachinesShareTheCount(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	a, _ := s.open(t)
	b, _ := s.open(t)
	trusted(t, a)
	leases, _ := takeN(t, a, 2)
	if got, wait := takeN(t, b, 3); len(got) != 1 || wait != testWindow {
		t.Errorf("after 2 of 3 slots were taken: took %d, wait %v, want 1 and %v", len(got), wait, testWindow)
	}
	a.Give(leases[0], true)
	if got, wait := takeN(t, b, 1); len(got) != 0 || wait <= 0 || wait > testWindow {
		t.Errorf("after one came back: took %d, wait %v, want none and at most %v", len(got), wait, testWindow)
	}
	a.Give(leases[1], false)
	if got, _ := takeN(t, b, 2); len(got) != 1 {
		t.Errorf("after one came back unused: took %d, want 1", len(got))
	}
	c, err := OpenRedis(t.Context(), s.url(), "another account", RedisOptions{Attempt: testAttempt})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	trusted(t, c)
	if got, _ := takeN(t, c, 3); len(got) != 3 {
		t.Errorf("another account took %d, want 3", len(got))
	}
}

func TestARedisJustStartedIsNotTrusted(t *testing.T) {
	t.Parallel()
	r, log := startRedis(t).open(t)
	for range 2 {
		if got, wait := takeN(t, r, 1); len(got) != 0 || wait <= 0 {
			t.Errorf("took %d, wait %v, want none and a wait", len(got), wait)
		}
	}
	const told = "Redis has just been started or emptied"
	if n := strings.Count(log.String(), told); n != 1 {
		t.Errorf("%q was told %d times, want once\n%v", told, n, log)
	}
	trusted(t, r)
	if got, wait := takeN(t, r, 4); len(got) != 3 || wait <= 0 || strings.Count(log.String(), told) != 1 {
		t.Errorf("trusted: took %d, wait %v, want 3 and nothing more told\n%v", len(got), wait, log)
	}
}

func TestARedisThatMayHaveForgottenIsNotTrusted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		forget func(*testing.T, *redisServer) error
	}{
		{"emptied", func(t *testing.T, s *redisServer) error { return s.client(t).FlushAll(t.Context()).Err() }},
		{"restarted with an old copy", func(t *testing.T, s *redisServer) error {
			err := s.client(t).Save(t.Context()).Err()
			s.kill()
			s.start(t)
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := startRedis(t)
			a, _ := s.open(t)
			trusted(t, a)
			takeN(t, a, 1)
			if err := tt.forget(t, s); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the first may find a broken connection
				got, wait := takeN(t, a, 1)
				if len(got) != 0 || wait <= 0 {
					t.Errorf("took %d, wait %v, want none and a wait", len(got), wait)
				}
				time.Sleep(minBackoff)
			}
			b, _ := s.open(t)
			if got, _ := takeN(t, b, 1); len(got) != 0 {
				t.Errorf("another process took %d, want none", len(got))
			}
			trusted(t, b)
			if got, _ := takeN(t, b, 3); len(got) != 3 {
				t.Errorf("trusted again: took %d, want 3", len(got))
			}
		})
	}
}

func TestADeadMachineGivesItsSlotsBack(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	a, _ := s.open(t)
	b, _ := s.open(t)
	trusted(t, a)
	start := time.Now()
	takeN(t, a, 3)
	var wait time.Duration
	for {
		var got []Lease
		if got, wait = takeN(t, b, 1); len(got) > 0 {
			break
		}
		time.Sleep(wait)
	}
	if got := time.Since(start); got < testAttempt+testWindow {
		t.Errorf("its slots were free after %v, want at least %v", got, testAttempt+testWindow)
	}
}

func TestALostAnswerLosesNoSlot(t *testing.T) {
	t.Parallel()
	r, _ := startRedis(t).open(t)
	trusted(t, r)
	takeN(t, r, 3)
	r.last-- // as if the answer had not come
	if got, _ := takeN(t, r, 2); len(got) != 1 {
		t.Errorf("took %d, want 1: the one Redis gave before", len(got))
	}
}

func TestAClockSetBackCostsAWindowAtMost(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	r, _ := s.open(t)
	trusted(t, r)
	takeN(t, r, 1)
	future := float64(time.Now().Add(time.Hour).UnixMicro())
	for _, key := range []string{r.keys[0], r.keys[1]} {
		for i := range 3 {
			z := redis.Z{Score: future, Member: fmt.Sprint(key, i)}
			if err := s.client(t).ZAdd(t.Context(), key, z).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, wait := takeN(t, r, 1); len(got) != 0 || wait > testWindow {
		t.Errorf("took %d, wait %v, want none and at most %v", len(got), wait, testWindow)
	}
	time.Sleep(testAttempt + testWindow)
	if got, _ := takeN(t, r, 3); len(got) != 3 {
		t.Errorf("later: took %d, want 3", len(got))
	}
}

func TestNothingStaysInRedis(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	r, _ := s.open(t)
	trusted(t, r)
	leases, _ := takeN(t, r, 3)
	r.Give(leases[0], true)
	c := s.client(t)
	left := func() int64 { return c.DBSize(t.Context()).Val() }
	for deadline := time.Now().Add(20 * time.Second); left() > 0 && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond) // Redis sweeps up from time to time
	}
	if got := left(); got != 0 {
		t.Errorf("%d keys left, want none", got)
	}
}

func TestAnAddressThatIsWrongTeaches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ url, want string }{
		{"redis://:secret@127.0.0.1:1/0", "127.0.0.1:1"},
		{"redis://:secret@127.0.0.1:port/0", "is not like redis://"},
		{"http://:secret@127.0.0.1", "is not like redis://"},
		{":secret@127.0.0.1", "is not like redis://"},
	} {
		_, err := OpenRedis(t.Context(), tt.url, "account", RedisOptions{})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("OpenRedis(%q): got error %v, want one that says %q and no password", tt.url, err, tt.want)
		}
	}
}

func TestARedisThatRefusesIsAnError(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	r, _ := s.open(t)
	c := s.client(t)
	if err := c.ConfigSet(t.Context(), "requirepass", "x").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "no").Result(); err != nil {
		t.Fatal(err)
	}
	g := New(Options{Limit: 1, Store: r})
	if _, err := g.Enter(t.Context()); !redis.IsAuthError(err) {
		t.Errorf("Enter: got error %v, want one of authentication", err)
	}
}

// TestARedisThatIsGoneMeansWaiting kills the server while requests pass, empties its script cache, and
// starts it again with nothing in it.
func TestARedisThatIsGoneMeansWaiting(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	store, logged := s.open(t)
	trusted(t, store)
	if err := s.client(t).ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	const limit, n = 10, 60
	g, server := New(Options{Limit: limit, Window: testWindow, Peak: -1, Store: store}), newCounter()
	done := make(chan time.Duration)
	go func() { done <- send(t, g, server, n, 5, testWindow/3, 1) }()
	for len(server.arrivals()) < limit {
		time.Sleep(time.Millisecond)
	}
	s.kill()
	time.Sleep(testWindow)
	gone := len(server.arrivals())
	time.Sleep(testWindow)
	if got := len(server.arrivals()); got != gone {
		t.Errorf("%d requests passed without Redis, want none", got-gone)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := g.Enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Enter: got error %v, want DeadlineExceeded", err)
	}
	s.start(t)
	<-done
	if err := server.overrun(limit, testWindow); err != nil {
		t.Error(err)
	}
	if got := logged.String(); strings.Count(got, "does not answer") != 1 || strings.Count(got, "answers again") != 1 {
		t.Errorf("logged: got %s, want that it was gone, once, and that it is back", got)
	}
}

func TestTheLawHoldsOverMachinesAndKills(t *testing.T) {
	t.Parallel()
	lawOverProcesses(t, helper{
		Store: startRedis(t).url(), Limit: 20, Window: 400 * time.Millisecond, Attempt: time.Second, Requests: 40,
	})
}
