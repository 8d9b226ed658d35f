//go:build unix

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// haproxyConfig has HAProxy count calls in three ways and refuse what is over
// the limit in any of them.
//
// Two of them are exact: a key per window of the clock, with a counter of its
// own, once from the full window and once from half of it. The third is its
// sliding rate, which is an approximation: the calls of the present period plus
// those of the one before, weighted with the part of it that a window over both
// would still hold, as if they had come evenly. Over a whole window that would
// accuse who keeps the law: the limit at the beginning of each period is read
// as up to twice the limit. Over half a window it can't, for what it adds up
// lies within two periods, which are one window, and no weight is above one.
// So at most limit calls in every window make at most limit in each of the
// three, and a burst of one more than that is refused by all of them.
var haproxyConfig = template.Must(template.New("").Parse(`
global
    nbthread 1
    stats socket {{.Socket}} mode 600 level admin
defaults
    mode http
    retries 0
    timeout connect 5s
    timeout client 5m
    timeout server 5m
backend rate
    stick-table type integer size 1k expire 1h store http_req_rate({{.Half}}ms)
backend window
    stick-table type integer size 10k expire 1h store http_req_cnt
backend shifted
    stick-table type integer size 10k expire 1h store http_req_cnt
frontend api
    bind fd@3
    http-request track-sc0 int(1) table rate
    http-request track-sc1 date(0,ms),div({{.Window}}) table window
    http-request track-sc2 date({{.Half}},ms),div({{.Window}}) table shifted
    http-request deny deny_status 429 hdr Retry-After 1 if { sc_http_req_rate(0) gt {{.Limit}} }
    http-request deny deny_status 429 hdr Retry-After 1 if { sc_http_req_cnt(1) gt {{.Limit}} }
    http-request deny deny_status 429 hdr Retry-After 1 if { sc_http_req_cnt(2) gt {{.Limit}} }
    default_backend simulator
backend simulator
    server simulator {{.Upstream}}
`))

// haproxy is one that runs in front of a simulator.
type haproxy struct {
	socket string
	stderr locked
}

// behind puts HAProxy between refbulk and the simulator.
func (p *pressed) behind(t testing.TB) *haproxy {
	t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("haproxy is not installed; install it to run this test")
	}
	dir, err := os.MkdirTemp("", "haproxy") // the name of a socket may not be long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h := &haproxy{socket: filepath.Join(dir, "admin")}
	var config strings.Builder
	if err := haproxyConfig.Execute(&config, map[string]any{
		"Socket": h.socket, "Limit": p.limit, "Upstream": p.front.Listener.Addr(),
		"Window": p.window.Milliseconds(), "Half": p.window.Milliseconds() / 2,
	}); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	cmd := exec.Command(program, "-db", "-f", write(t, dir, "config", config.String()))
	cmd.ExtraFiles, cmd.Stderr = []*os.File{port}, &h.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("haproxy said:\n%s", h.stderr.String())
		}
	})
	eventually(t, "haproxy should answer", func() bool { _, err := h.ask("show info"); return err == nil })
	p.root = fmt.Sprintf("http://%v%s", listener.Addr(), sandbox.BasePath)
	return h
}

// ask puts a question to the running HAProxy.
func (h *haproxy) ask(question string) (string, error) {
	conn, err := net.DialTimeout("unix", h.socket, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintln(conn, question); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(conn)
	return string(answer), err
}

// counted is what HAProxy held against the limit, the most of it in one of its
// windows, and how many calls it denied.
type counted struct{ calls, worst, denied int }

func (h *haproxy) counted(t testing.TB) counted {
	t.Helper()
	var c counted
	for _, n := range h.numbers(t, "show table window", `http_req_cnt=(\d+)`) {
		c.calls += n
		c.worst = max(c.worst, n)
	}
	for _, n := range h.numbers(t, "show table shifted", `http_req_cnt=(\d+)`) {
		c.worst = max(c.worst, n)
	}
	c.denied = h.numbers(t, "show stat typed", `F\..*\.dreq\..*:(\d+)\n`)[0]
	return c
}

// numbers are those that HAProxy gives for an answer.
func (h *haproxy) numbers(t testing.TB, question, pattern string) []int {
	t.Helper()
	text, err := h.ask(question)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []int
	for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(found[1])
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		t.Fatalf("%s gave nothing like %s:\n%s", question, pattern, text)
	}
	return numbers
}

// HAProxy counts in its own way and is no part of this project.
func TestLimitHoldsByTheCountOfHAProxyAndIsUsed(t *testing.T) {
	t.Parallel()
	p := press(t, sandbox.Options{})
	h := p.behind(t)
	p.threeAndAKill(t)
	p.within(t)
	p.used(t, 0.95)
	c := h.counted(t)
	t.Logf("haproxy counted %d calls, %d in the worst window, and denied %d", c.calls, c.worst, c.denied)
	// Calls of the one that was killed may have come as far as HAProxy alone.
	if least := p.Counts().Requests; c.denied != 0 || c.calls < least || c.calls > least+16 || c.worst > p.limit {
		t.Errorf("haproxy denied %d of %d calls, and saw %d in the worst window; want 0 of %d at least, and %d at most", c.denied, c.calls, c.worst, least, p.limit)
	}
	if c.worst < p.limit*3/4 {
		t.Errorf("haproxy saw %d calls in the worst window, want %d about: its count is not put to the test", c.worst, p.limit)
	}
}

// A refbulk that is told a higher limit than HAProxy's is denied: the test
// above can fail.
func TestLimitHAProxyDeniesWhatIsOverIt(t *testing.T) {
	t.Parallel()
	p := press(t, sandbox.Options{})
	h := p.behind(t)
	over := p.limit * 5 / 4
	o := p.file(t, "only", 2*over, "--limit", fmt.Sprint(over), "--max-duration", (p.window * 3 / 2).String()).run(t)
	c := h.counted(t)
	if told := o.told(t).Requests; c.denied == 0 || told.Throttled != c.denied || told.Total != c.calls {
		t.Errorf("with a limit of %d haproxy, whose is %d, denied %d of %d calls; refbulk tells of %d of %d; want some and the same\n%v",
			over, p.limit, c.denied, c.calls, told.Throttled, told.Total, o)
	}
}
