//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the program once, as a user would: without the race detector,
// whatever the tests run with. It stands beside the test's own binary, in the
// folder that go test removes when it ends.
var binary = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), "refbulk-under-test")
	if text, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building refbulk: %w\n%s", err, text)
	}
	return path, nil
})

// command is one call of refbulk to come.
type command struct {
	dir     string   // where it runs
	args    []string // after the name
	env     []string // beside a token and a folder for its state
	through []string // a program in front of it that runs its arguments
	most    time.Duration
}

// process is a refbulk that runs.
type process struct {
	*exec.Cmd
	args           []string
	stdout, stderr locked
	began          time.Time
	ended          chan struct{} // closed when it has ended
	err            error         // of Wait; readable after ended
}

// outcome is what a refbulk that ended left.
type outcome struct {
	args           []string
	code           int // -1 when a signal ended it
	killed         bool
	stdout, stderr string
	took           time.Duration
}

// String is all of it, for the message of a test.
func (o outcome) String() string {
	return fmt.Sprintf("refbulk %s\nexit code %d after %v\n--- stdout\n%s--- stderr\n%s", strings.Join(o.args, " "), o.code, o.took.Round(time.Millisecond), o.stdout, o.stderr)
}

// start starts refbulk. It is killed when the test ends, or after its longest
// time, which is a minute unless the command says another.
func (c command) start(t testing.TB) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	most := c.most
	if most == 0 {
		most = time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), most)
	argv := append(append(append([]string(nil), c.through...), path), c.args...)
	p := &process{Cmd: exec.CommandContext(ctx, argv[0], argv[1:]...), args: c.args, ended: make(chan struct{}), began: time.Now()}
	p.Dir = c.dir
	p.Env = append(os.Environ(), "REFERRAL_FACTORY_TOKEN="+token, "XDG_STATE_HOME="+filepath.Join(c.dir, ".state"))
	p.Env = append(append(p.Env, "GORACE="+noRaceSleep), c.env...)
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	p.WaitDelay = time.Second
	if err := p.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		defer cancel()
		p.err = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
	})
	return p
}

// token is the one every test presents. It is made up.
const token = "made-up-token"

// result waits for the process to end. One that had to be killed because it
// took too long fails the test.
func (p *process) result(t testing.TB) outcome {
	t.Helper()
	<-p.ended
	o := outcome{args: p.args, code: p.ProcessState.ExitCode(), stdout: p.stdout.String(), stderr: p.stderr.String(), took: time.Since(p.began)}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		t.Fatalf("%v\n%v", p.err, o)
	}
	if status, ok := p.ProcessState.Sys().(syscall.WaitStatus); ok {
		o.killed = status.Signaled() && status.Signal() == syscall.SIGKILL
	}
	return o
}

// run runs refbulk to its end.
func (c command) run(t testing.TB) outcome {
	t.Helper()
	o := c.start(t).result(t)
	if o.killed {
		t.Fatalf("refbulk did not end\n%v", o)
	}
	return o
}

// want runs refbulk and checks its exit code.
func (c command) want(t testing.TB, code int) outcome {
	t.Helper()
	o := c.run(t)
	if o.code != code {
		t.Fatalf("exit code %d, want %d\n%v", o.code, code, o)
	}
	return o
}

// summary reads what --json printed.
func (o outcome) summary(t testing.TB) summary {
	t.Helper()
	var s summary
	if err := json.Unmarshal([]byte(o.stdout), &s); err != nil {
		t.Fatalf("--json printed no object: %v\n%v", err, o)
	}
	return s
}

// summary is what --json prints, as far as these tests ask.
type summary struct {
	Rows       int
	Statuses   map[string]int
	NotReached int `json:"not_reached"`
	Settled    int
	Requests   struct{ Total, Reads, Writes, Retries, Throttled int }
	Stopped    *string
	ExitCode   int `json:"exit_code"`
}

// locked is a buffer that may be read while it is written.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// eventually waits until something has come about that another process, or a
// server, has to do.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// write puts a file into a folder.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// read gives the text of a file, "" when there is none.
func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}
