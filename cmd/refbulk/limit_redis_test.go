//go:build unix

package main

import (
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// redisServer starts a real one, empty, on a port of its own.
func redisServer(t testing.TB) *redis.Client {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed; install it to run this test")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = listener.Close() // nobody else is likely to be given it in the meantime
	cmd := exec.Command(program, "--bind", "127.0.0.1", "--port", port, "--dir", t.TempDir(), "--save", "", "--appendonly", "no", "--loglevel", "warning")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1})
	t.Cleanup(func() {
		_ = client.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, "redis-server should answer", func() bool { return client.Ping(t.Context()).Err() == nil })
	return client
}

// Two machines know nothing of each other but the Redis that both are told of:
// each has a folder for its state of its own.
//
// A Redis that has just been started may have forgotten what was sent before.
// So nothing passes until a window after the longest that a call can take,
// which is a minute more than its timeout: too long for this test. It sees
// that nothing passes, and then makes the server one that has been there for
// long. With REFBULK_SOAK it waits instead.
func TestLimitHoldsOverTwoMachinesThroughRedisAndIsUsed(t *testing.T) {
	t.Parallel()
	server := redisServer(t)
	p := press(t, sandbox.Options{})
	rows := 3 * p.limit / 2
	var machines []command
	for _, name := range []string{"here", "there"} {
		c := p.file(t, name, rows, "--limiter", "redis://"+server.Options().Addr+"/0", "--timeout", "2s")
		c.env = []string{"XDG_STATE_HOME=" + t.TempDir()}
		machines = append(machines, c)
	}
	if os.Getenv("REFBULK_SOAK") == "" {
		p.trust(t, server, machines[0])
	}
	running := []*process{machines[0].start(t), machines[1].start(t)}
	for n, m := range machines {
		if o := running[n].result(t); o.code != 0 {
			t.Errorf("exit code %d, want 0\n%v", o.code, o)
		}
		createdOnce(t, m, rows)
	}
	p.within(t)
	p.created(t, 2*rows)
	p.used(t, 0.95)
}

// trust checks that a server which has just started is not trusted, and has it
// trusted from now on.
func (p *pressed) trust(t *testing.T, server *redis.Client, c command) {
	t.Helper()
	c.args = append(c.args[:len(c.args):len(c.args)], "--max-duration", "500ms")
	o := c.want(t, 4)
	if n := p.Counts().Requests; n != 0 {
		t.Errorf("%d calls were made while Redis had just started, want none\n%v", n, o)
	}
	if !regexp.MustCompile(`refbulk: Redis has just been started or emptied, .* wait=\S+\n`).MatchString(o.stderr) {
		t.Errorf("nobody was told why there was a wait\n%v", o)
	}
	keys, err := server.Keys(t.Context(), "refbulk:*:meta").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("refbulk left %v in Redis, want one key about the account (%v)\n%v", keys, err, o)
	}
	if strings.Contains(keys[0], token) {
		t.Errorf("the token stands in Redis: %s", keys[0])
	}
	quiet, err := server.HGet(t.Context(), keys[0], "quiet").Int64()
	now := server.Time(t.Context()).Val()
	// The timeout of a read is half as much again, and there is a minute to spare.
	if wait, most := time.UnixMicro(quiet).Sub(now), 3*time.Second+time.Minute+p.window*1001/1000+time.Second; err != nil || wait <= 0 || wait > most {
		t.Errorf("refbulk would wait %v for a Redis that has just started (%v), want %v at most", wait, err, most)
	}
	if err := server.HSet(t.Context(), keys[0], "quiet", 0).Err(); err != nil {
		t.Fatal(err)
	}
}
