package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/report"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// An export that fails leaves what stood there before, and nothing beside it.
func TestAnExportIsWholeOrNotAtAll(t *testing.T) {
	for _, test := range []struct {
		name, fault string
		args        []string
		code        ExitCode
		says        string
	}{
		{"a page stays broken", "GET /users from=3 status=500", []string{"--retries", "1"}, ExitStopped, "run the same command again"},
		{"the token is replaced on the way", "GET /users from=2 times=1 status=401", nil, ExitUsage, "the API refuses the token"},
		{"a page is refused", "GET /users from=2 times=1 status=404", nil, ExitUsage, "404"},
		{"a page takes too long", "GET /users from=2 delay=30s", []string{"--max-duration", "2s"}, ExitStopped, "--max-duration"},
	} {
		for _, name := range []string{"users.csv", "users.xlsx"} {
			t.Run(test.name+" "+name, func(t *testing.T) {
				r := newRig(t, sandbox.Options{State: members(1000)})
				faults, err := sandbox.ParseFaults(test.fault)
				if err != nil {
					t.Fatal(err)
				}
				if err := r.server.AddFaults(faults...); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(r.dir, name)
				if err := os.WriteFile(file, []byte("last night's"), 0o600); err != nil {
					t.Fatal(err)
				}
				if test.code == ExitStopped && strings.Contains(test.fault, "delay") {
					r.env["REFBULK_TIMEOUT"] = "300ms"
				}
				code, out, errs := r.run(append([]string{"export", "users", "-o", file}, test.args...)...)
				if code != test.code || out != "" || !strings.Contains(errs, test.says) {
					t.Errorf("exit %d, want %d\n%s%s", code, test.code, out, errs)
				}
				if text, _ := os.ReadFile(file); string(text) != "last night's" {
					t.Errorf("the file holds %.40q", text)
				}
				entries, _ := os.ReadDir(r.dir)
				for _, e := range entries {
					if e.Name() != name && e.Name() != "state" {
						t.Errorf("%s is left behind", e.Name())
					}
				}
			})
		}
	}
}

// Trouble that passes is waited out, the way an import does.
func TestAnExportSeesTroubleThrough(t *testing.T) {
	r := newRig(t, sandbox.Options{State: members(1000)})
	faults, err := sandbox.ParseFaults("GET /users from=2 times=1 status=429 retry-after=1s\nGET /users from=3 times=1 lose-answer\nGET /users from=4 times=1 reset-mid-body")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.server.AddFaults(faults...); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(r.dir, "users.jsonl")
	code, out, errs := r.run("export", "users", "-o", file, "--json", "--limit", "600", "--limiter", "process")
	var s report.Export
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != ExitDone {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	if s.Rows != 1000 || s.Read != 1000 || s.Requests.Throttled != 1 || s.Requests.Retries != 3 || s.WaitedSeconds < 0.9 {
		t.Errorf("the summary is %+v", s)
	}
	if text, _ := os.ReadFile(file); strings.Count(string(text), "\n") != 1000 {
		t.Errorf("the file has %d lines, want 1,000", strings.Count(string(text), "\n"))
	}
}

func TestAnExportRefusesWhatMakesNoSense(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	for args, says := range map[string]string{
		"people":                        "there is users, campaigns, rewards",
		"users -o users.ods":            ".csv, .xlsx or .jsonl",
		"users --json":                  "-o",
		"users --since yesterday":       "2026-01-31",
		"users --campaign x":            "is not a campaign id",
		"users --campaign 9":            "no campaign of this account",
		"users --type lead":             "person_invited",
		"users -o nowhere/users.csv":    "nowhere",
		"rewards --qualified":           "are for users",
		"activity":                      "no export of \"activity\" at referral-factory",
		"users --qualified=maybe":       "takes true or false",
		"users --limit -5":              "--limit",
		"campaigns --provider nowhere":  "--provider",
		"users --sandbox --base-url x/": "exclude each other",
	} {
		code, out, errs := r.run(append([]string{"export"}, strings.Fields(args)...)...)
		if code != ExitUsage || out != "" || !strings.Contains(errs, says) {
			t.Errorf("export %s: exit %d, %s%s; want 2 and %q", args, code, out, errs, says)
		}
	}
}

func TestSinceIsADayOrSomeDays(t *testing.T) {
	now := time.Date(2026, 3, 10, 15, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"2026-01-31": "2026-01-31", "7d": "2026-03-03", "0d": "2026-03-10"} {
		if got, err := firstDay(text, now); err != nil || got.Format(time.DateOnly) != want {
			t.Errorf("firstDay(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"31.1.2026", "-1d", "d", "week"} {
		if got, err := firstDay(text, now); err == nil {
			t.Errorf("firstDay(%q) = %v, want an error", text, got)
		}
	}
}

// Due rewards are exported, imported to be issued, and issued once: without a
// terminal only with consent.
func TestRewardsGoFromAnExportToTheBank(t *testing.T) {
	state := members(30)
	for i := range 20 {
		state.Due = append(state.Due, sandbox.DueReward{ID: int64(i + 1), RewardID: 1, RecipientID: 1, LeadID: 2, CanBeIssued: i != 5, Count: 1, Total: 10})
	}
	state.NextReward = 21
	r := newRig(t, sandbox.Options{State: state, Behaviour: sandbox.Behaviour{IssueTwice: sandbox.IssueTwicePays}})
	faults, err := sandbox.ParseFaults("POST * every=4 lose-answer")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(r.dir, "due.csv")
	if code, out, errs := r.run("export", "rewards", "-o", file, "--quiet"); code != ExitDone || out+errs != "" {
		t.Fatalf("export: exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := r.run("import", "rewards", file); code != ExitUsage || !strings.Contains(errs, "--operation issue") {
		t.Errorf("without an operation: exit %d, %s", code, errs)
	}
	if code, _, errs := r.run("import", "rewards", file, "--operation", "issue"); code != ExitUsage || !strings.Contains(errs, "--yes") {
		t.Errorf("without consent: exit %d, %s", code, errs)
	}
	if err := r.server.AddFaults(faults...); err != nil {
		t.Fatal(err)
	}
	code, out, errs := r.run("import", "rewards", file, "--operation", "issue", "--yes", "--json")
	if code != ExitMend || !strings.Contains(out, `"statuses":{"invalid":1,"issued":19}`) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	c := r.server.Counts()
	if c.Commits.Issues != 19 || c.Repeated.Issues != 0 || c.Repeated.IssueCalls != 0 {
		t.Errorf("%d rewards were issued, %d of them twice, %d asked for twice; want 19 and none", c.Commits.Issues, c.Repeated.Issues, c.Repeated.IssueCalls)
	}
	undo := readTable(t, filepath.Join(r.dir, "due.undo.csv"))
	if len(undo) != 19 || undo[0]["operation"] != "skip" || !strings.Contains(undo[0]["note"], "cannot be taken back") {
		t.Errorf("the undo file has %d rows, such as %v", len(undo), undo[0])
	}
	// Another results file knows of nothing, and the API would pay again.
	code, out, errs = r.run("import", "rewards", file, "--operation", "issue", "--yes", "--json", "--results", filepath.Join(r.dir, "again.csv"))
	if code != ExitMend || !strings.Contains(out, `"statuses":{"invalid":1,"unchanged":19}`) || r.server.Counts().Repeated.IssueCalls != 0 {
		t.Errorf("from the start again: exit %d\n%s%s", code, out, errs)
	}
}
