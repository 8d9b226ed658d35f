//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// terminal is a real one, as tmux is: it keeps a screen of what refbulk wrote.
type terminal struct {
	t      *testing.T
	socket string
}

// openTerminal runs refbulk on a terminal of its own, and leaves it open when
// refbulk has ended.
func openTerminal(t *testing.T, dir string, env []string, args ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t, fmt.Sprintf("refbulk-%d-%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "-"))}
	t.Cleanup(term.end)
	start := []string{"-f", "/dev/null", "new-session", "-d", "-x", "110", "-y", "20", "-c", dir}
	for _, e := range append([]string{"XDG_STATE_HOME=" + filepath.Join(dir, ".state"), "REFERRAL_FACTORY_TOKEN=" + token}, env...) {
		start = append(start, "-e", e)
	}
	start = append(append(start, path), args...)
	start = append(start, ";", "set-option", "-g", "remain-on-exit", "on")
	if out, err := term.tmux(start...).CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v\n%s", err, out)
	}
	return term
}

// end waits for the program to be gone as well: it writes its files as long as
// it lives.
func (term *terminal) end() {
	pid, _ := term.tmux("display-message", "-p", "#{pane_pid}").Output()
	_ = term.tmux("kill-server").Run()
	process, err := strconv.Atoi(strings.TrimSpace(string(pid)))
	for deadline := time.Now().Add(20 * time.Second); err == nil && time.Now().Before(deadline); {
		if err = syscall.Kill(process, 0); err == nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func (term *terminal) tmux(args ...string) *exec.Cmd {
	return exec.Command("tmux", append([]string{"-L", term.socket}, args...)...)
}

// ask runs a command of tmux and gives its answer.
func (term *terminal) ask(args ...string) string {
	term.t.Helper()
	out, err := term.tmux(args...).Output()
	if err != nil {
		term.t.Fatalf("tmux %v: %v", args, err)
	}
	return string(out)
}

// screen is what stands on the terminal, without the empty lines.
func (term *terminal) screen() string {
	term.t.Helper()
	var lines []string
	for line := range strings.Lines(term.ask("capture-pane", "-p")) {
		if line = strings.TrimRight(line, " \n"); line != "" && !strings.HasPrefix(line, "Pane is dead") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// shows waits until the screen matches.
func (term *terminal) shows(pattern string) string {
	term.t.Helper()
	re, last := regexp.MustCompile(pattern), ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if last = term.screen(); re.MatchString(last) {
			return last
		}
	}
	term.t.Fatalf("the screen never shows %s, but\n%s", pattern, last)
	return ""
}

// slowList is a simulator that takes a while for a list, one in ten of whose
// rows is wrong.
func slowList(t *testing.T, rows int) (api, dir string) {
	t.Helper()
	faults, err := sandbox.ParseFaults("POST /users delay=40ms")
	if err != nil {
		t.Fatal(err)
	}
	server := sandbox.New(sandbox.Options{Limit: -1, Faults: faults})
	running, err := sandbox.Listen("127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	dir = t.TempDir()
	var list strings.Builder
	list.WriteString("email,first_name\n")
	for n := range rows {
		at := "@"
		if n%10 == 3 {
			at = " at "
		}
		fmt.Fprintf(&list, "p%d%sexample.com,P\n", n, at)
	}
	write(t, dir, "people.csv", list.String())
	return running.URL() + sandbox.BasePath, dir
}

func TestOnATerminalABarShowsTheRunThroughResizesAndLogs(t *testing.T) {
	api, dir := slowList(t, 400)
	term := openTerminal(t, dir, nil, "import", "users", "people.csv", "--campaign", "1", "--base-url", api, "--workers", "2", "--carry", "email")
	screen := term.shows(`█.*\(\d+/400\) \d+ rows/min, \d+ of 600 calls a minute, [1-9]\d* to mend, about \d+s left`)
	if strings.Count(screen, "/400)") != 1 {
		t.Errorf("there is more than one bar:\n%s", screen)
	}

	// Who asks gets a line above it, and the bar goes on.
	pid, err := strconv.Atoi(strings.TrimSpace(term.ask("display-message", "-p", "#{pane_pid}")))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	screen = term.shows(`(?s)refbulk: \d+ of 400 rows, .* left\n.*\d+%.*/400\)`)
	if strings.Count(screen, "/400)") != 1 {
		t.Errorf("a line of log breaks the bar:\n%s", screen)
	}

	// In a narrow window it tells less, and stays one line.
	term.ask("resize-window", "-x", "56")
	screen = term.shows(`(?m)^ +\d+% .*\(\d+/400\) \d+ to mend, \d+s left$`)
	if strings.Count(screen, "/400)") > 2 { // what stood in the wider window may have been broken
		t.Errorf("the bar was drawn below itself:\n%s", screen)
	}
	term.ask("resize-window", "-x", "110")
	term.shows(`rows/min, \d+ of 600 calls a minute`)

	// The first interrupt is told above the bar; at the end it is gone.
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	screen = term.shows(`(?s)stopping: no new rows.*people.csv, 400 rows: stopped early, by an interrupt.*To continue: refbulk import`)
	// A terminal that is made narrow breaks what stands on it into two lines;
	// the first of them stays, and everything from there on is whole.
	if _, after, _ := strings.Cut(screen, "stopping:"); strings.Contains(after, "█") {
		t.Errorf("the bar was left behind:\n%s", screen)
	}
	eventually(t, "refbulk ends", func() bool {
		return strings.TrimSpace(term.ask("display-message", "-p", "#{pane_dead}")) == "1"
	})
}

func TestTheBarHasColoursUnlessNoColorSaysNot(t *testing.T) {
	for _, test := range []struct {
		name string
		env  []string
		want bool
	}{{"as it is", nil, true}, {"NO_COLOR", []string{"NO_COLOR=1"}, false}} {
		t.Run(strings.ReplaceAll(test.name, " ", "-"), func(t *testing.T) {
			api, dir := slowList(t, 80)
			term := openTerminal(t, dir, test.env, "import", "users", "people.csv", "--campaign", "1", "--base-url", api, "--workers", "1")
			term.shows(`[1-9]\d* to mend, about`)
			if got := strings.Contains(term.ask("capture-pane", "-p", "-e"), "\x1b[33m"); got != test.want {
				t.Errorf("the bar has colours: %v, want %v", got, test.want)
			}
		})
	}
}

func TestADumbTerminalGetsNoBar(t *testing.T) {
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("script is not installed")
	}
	api, dir := slowList(t, 40)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("script", "-qec", path+" import users people.csv --campaign 1 --workers 1 --base-url "+api, "/dev/null")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TERM=dumb", "REFERRAL_FACTORY_TOKEN="+token, "XDG_STATE_HOME="+filepath.Join(dir, ".state"))
	out, _ := cmd.Output() // some rows are to be mended
	if strings.Contains(string(out), "\x1b") || !strings.Contains(string(out), "36 created") {
		t.Errorf("a dumb terminal is sent %q", out)
	}
}

func TestCtrlCEndsTheQuestion(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "people.csv", "operation,email,first_name\ndelete,jane@example.com,Jane\n")
	term := openTerminal(t, dir, nil, "import", "users", "people.csv", "--campaign", "1", "--sandbox")
	term.shows(`Go on\? Type yes:`)
	term.ask("send-keys", "C-c")
	term.shows(`stopped early, by an interrupt; run the same command again`)
	eventually(t, "refbulk ends", func() bool {
		return strings.TrimSpace(term.ask("display-message", "-p", "#{pane_dead}")) == "1"
	})
}
