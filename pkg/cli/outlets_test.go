package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// listener keeps the notices that it is sent.
type listener struct {
	*httptest.Server
	mu      sync.Mutex
	notices []map[string]any
	raw     strings.Builder
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		defer l.mu.Unlock()
		var notice map[string]any
		if err := json.Unmarshal(text, &notice); err != nil {
			t.Errorf("a notice is no JSON: %v\n%s", err, text)
		}
		for name, values := range r.Header {
			if strings.Contains(strings.Join(values, " "), "made-up-token") {
				t.Errorf("the header %s holds the token", name)
			}
		}
		l.notices = append(l.notices, notice)
		l.raw.Write(text)
	}))
	t.Cleanup(l.Close)
	return l
}

func (r *rig) file(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

func TestWhoIsToBeNotifiedIsToldTheBeginningAndTheEnd(t *testing.T) {
	r, l := newRig(t, sandbox.Options{}), listen(t)
	r.file("people.csv", "email,first_name\njane@example.com,Jane\njoe,Joe\n")
	r.imports(ExitMend, "people.csv", "--campaign", "1", "--notify-url", l.URL+"/hook")
	if len(l.notices) != 2 {
		t.Fatalf("%d notices, want 2: %v", len(l.notices), l.notices)
	}
	for n, want := range []map[string]any{
		{"event": "started", "rows": 2.0, "not_reached": 2.0, "step": "import users"},
		{"event": "finished", "rows": 2.0, "not_reached": 0.0, "step": "import users", "exit_code": 3.0, "command": "import"},
	} {
		for key, value := range want {
			if got := l.notices[n][key]; got != value {
				t.Errorf("notice %d has %s %v, want %v", n, key, got, value)
			}
		}
	}
	if text, _ := l.notices[1]["text"].(string); !strings.Contains(text, "2 rows: done, 1 needs mending") {
		t.Errorf("the sentence is %q", text)
	}
	if raw := l.raw.String(); strings.Contains(raw, "made-up-token") || strings.Contains(raw, "jane@") {
		t.Errorf("a notice tells too much: %s", raw)
	}
}

func TestARunThatCouldNotGoOnNotifiesWhyNot(t *testing.T) {
	faults, err := sandbox.ParseFaults("* * status=401")
	if err != nil {
		t.Fatal(err)
	}
	r, l := newRig(t, sandbox.Options{Faults: faults}), listen(t)
	file := r.file("people.csv", "email,first_name\njane@example.com,Jane\n")
	prom := filepath.Join(r.dir, "refbulk.prom")
	if code, _, errs := r.run("import", "users", file, "--campaign", "1", "--notify-url", l.URL, "--metrics-file", prom); code != ExitUsage {
		t.Fatalf("exit %d, want %d\n%s", code, ExitUsage, errs)
	}
	if len(l.notices) != 1 || l.notices[0]["event"] != "finished" || l.notices[0]["exit_code"] != 2.0 {
		t.Fatalf("notices: %v", l.notices)
	}
	if text, _ := l.notices[0]["error"].(string); !strings.Contains(text, "the API refuses the token") {
		t.Errorf("the error is %q", text)
	}
	text, err := os.ReadFile(prom)
	if err != nil || !strings.Contains(string(text), `refbulk_exit_code{step="import users",command="import",provider="referral-factory",resource="users"} 2`) {
		t.Errorf("the metrics do not tell of it: %v\n%s", err, text)
	}
}

func TestAPlanAndARehearsalTellNobodyBeyondThisMachine(t *testing.T) {
	r, l := newRig(t, sandbox.Options{}), listen(t)
	file := r.file("people.csv", "email,first_name\njane@example.com,Jane\n")
	page := filepath.Join(r.dir, "page.html")
	if code, _, errs := r.run("plan", "users", file, "--campaign", "1", "--notify-url", l.URL, "--report", page); code != ExitDone {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	if _, err := os.Stat(page); err == nil || len(l.notices) != 0 {
		t.Errorf("a plan wrote a page or told %v", l.notices)
	}
	delete(r.env, "REFBULK_BASE_URL")
	code, _, errs := r.run("import", "users", file, "--campaign", "1", "--sandbox", "--notify-url", "https://chat.example.com/hook", "--verbose")
	if code != ExitDone || !strings.Contains(errs, "--notify-url is told nothing") || strings.Contains(errs, "notifying") {
		t.Errorf("a rehearsal, exit %d:\n%s", code, errs)
	}
}

// The latency on the page comes of what the client logs of its calls.
func TestThePageKnowsEveryCallOfTheRun(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	r.file("people.csv", "email,first_name\njane@example.com,Jane\njoe@example.com,Joe\n")
	page := filepath.Join(r.dir, "page.html")
	s, _ := r.imports(ExitDone, "people.csv", "--campaign", "1", "--report", page)
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if want := `<td class="n">` + string('0'+rune(s.Requests.Total)) + `</td><td class="share bars">`; !strings.Contains(string(text), want) {
		t.Errorf("the latency is not that of %d calls; is what pkg/api logs of them another?", s.Requests.Total)
	}
	if !strings.Contains(string(text), "<th scope=\"row\">2</th><td>POST</td><td>HTTP 201</td>") {
		t.Error("the slowest rows do not name row 2")
	}
}
