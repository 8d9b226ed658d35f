package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/refbulk/refbulk/pkg/report"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// rig is a simulator on loopback and a folder to work in.
type rig struct {
	t      *testing.T
	dir    string
	server *sandbox.Server
	env    map[string]string
}

func newRig(t *testing.T, o sandbox.Options) *rig {
	t.Helper()
	if o.Limit == 0 {
		o.Limit = -1
	}
	server := sandbox.New(o)
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
		if unhit := server.UnhitFaults(); len(unhit) > 0 {
			t.Errorf("scheduled faults that never hit: %v", unhit)
		}
	})
	dir := t.TempDir()
	return &rig{t: t, dir: dir, server: server, env: map[string]string{
		"REFERRAL_FACTORY_TOKEN": "made-up-token", "REFBULK_BASE_URL": running.URL() + sandbox.BasePath,
		"REFBULK_LIMIT": "0", "XDG_STATE_HOME": filepath.Join(dir, "state"),
	}}
}

// run runs refbulk in this process, without a terminal.
func (r *rig) run(args ...string) (code ExitCode, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = Main(args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, func(name string) (string, bool) {
		value, ok := r.env[name]
		return value, ok
	})
	return code, out.String(), errs.String()
}

// imports imports a file and gives the summary and the results by row.
func (r *rig) imports(want ExitCode, file string, args ...string) (report.Summary, []map[string]string) {
	r.t.Helper()
	code, out, errs := r.run(append([]string{"import", "users", filepath.Join(r.dir, file), "--json"}, args...)...)
	if code != want {
		r.t.Fatalf("refbulk import users %s: exit %d, want %d\n%s%s", file, code, want, out, errs)
	}
	var s report.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		r.t.Fatalf("the summary is no JSON: %v\n%s", err, out)
	}
	return s, readTable(r.t, s.Results)
}

func readTable(t *testing.T, path string) []map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		m := map[string]string{}
		for i, cell := range record {
			m[records[0][i]] = cell
		}
		rows = append(rows, m)
	}
	return rows
}

func (r *rig) write(file string, rows [][]string) {
	r.t.Helper()
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, file), b.Bytes(), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// mixedFile is a file of 300 rows in random order, with the outcome that each
// has to have, and the account it meets.
func mixedFile() (header []string, rows [][]string, want []string, account sandbox.State) {
	account = sandbox.Example()
	header = []string{"operation", "Email", "First Name", "Referrer Email", "City"}
	add := func(status, operation, email, name, referrer, city string) {
		rows = append(rows, []string{operation, email, name, referrer, city})
		want = append(want, status)
	}
	there := func(i int, kind string) string {
		u := sandbox.User{ID: int64(1000 + len(account.Users)), CampaignID: 1, Email: fmt.Sprintf("%s%d@example.com", kind, i), FirstName: "Old", Type: sandbox.PersonReferring}
		if kind == "lead" || kind == "won" {
			u.Type, u.ReferrerID = sandbox.PersonInvited, 1000
		}
		if kind == "won" {
			u.QualifiedAt = "2026-01-05"
		}
		account.Users = append(account.Users, u)
		return u.Email
	}
	there(0, "referrer")
	for i := range 30 {
		email := func(kind string) string { return fmt.Sprintf("%s%d@example.com", kind, i) }
		add("created", "", email("new"), "New", "", "Utrecht")
		add("created", "create", email("child"), "Child", email("new"), "")
		add("created", "create", strings.ToUpper(email("grandchild")), "Grandchild", email("child"), "")
		add("qualified", "qualify", email("grandchild"), "", "", "")
		add("exists", "create", there(i, "known"), "Known", "", "")
		add("qualified", "qualify", there(i, "lead"), "", "", "")
		add("unqualified", "unqualify", there(i, "won"), "", "", "")
		add("updated", "update", there(i, "renamed"), "Renamed", "", "Ghent")
		add("deleted", "delete", there(i, "gone"), "", "", "")
		switch i % 5 {
		case 0:
			add("absent", "qualify", email("nobody"), "", "", "")
		case 1:
			add("invalid", "create", "not an address", "X", "", "")
		case 2:
			add("skipped", "skip", email("skipped"), "", "", "")
		case 3:
			add("unchanged", "update", email("known"), "Old", "", "")
		case 4:
			add("invalid", "create", email("ring"), "Ring", email("ring"), "")
		}
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(len(rows))
	shuffledRows, shuffledWant := make([][]string, len(rows)), make([]string, len(rows))
	for to, from := range order {
		shuffledRows[to], shuffledWant[to] = rows[from], want[from]
	}
	// A row of one person stays behind the row that creates them.
	rows, want = append(only(shuffledRows, "qualify", false), only(shuffledRows, "qualify", true)...), append(pick(shuffledRows, shuffledWant, false), pick(shuffledRows, shuffledWant, true)...)
	return header, rows, want, account
}

func only(rows [][]string, operation string, is bool) (some [][]string) {
	for _, r := range rows {
		if (r[0] == operation) == is {
			some = append(some, r)
		}
	}
	return some
}

func pick(rows [][]string, want []string, qualify bool) (some []string) {
	for i, r := range rows {
		if (r[0] == "qualify") == qualify {
			some = append(some, want[i])
		}
	}
	return some
}

func TestAMixedFileEndsAsItSaysAndARerunSendsOnlyWhatIsNew(t *testing.T) {
	header, rows, want, account := mixedFile()
	r := newRig(t, sandbox.Options{State: &account})
	r.write("people.csv", append([][]string{header}, rows...))
	summary, results := r.imports(ExitMend, "people.csv", "--campaign", "1", "--yes")
	if len(results) != 300 || summary.Rows != 300 || !summary.AddsUp() {
		t.Fatalf("%d results and a summary %+v of 300 rows", len(results), summary)
	}
	checkOutcomes(t, r.server, rows, want, results)
	checkAccount(t, r.server.State(), rows, want)
	counts := r.server.Counts()
	if counts.Repeated.CreateCalls != 0 || counts.Notified != 0 || counts.NotifyUnsaid != 0 {
		t.Errorf("creates repeated %d times, people notified %d, unsaid %d; want none", counts.Repeated.CreateCalls, counts.Notified, counts.NotifyUnsaid)
	}
	writes := counts.Writes
	if again, _ := r.imports(ExitMend, "people.csv", "--campaign", "1", "--yes"); again.Requests.Writes != 0 || r.server.Counts().Writes != writes {
		t.Errorf("the same command again sent %d writes, want none", again.Requests.Writes)
	}

	// One row is edited, some come, and all change places.
	for i, row := range rows {
		if row[1] == "renamed7@example.com" {
			rows[i] = []string{"update", row[1], "Renamed twice", "", "Ghent"}
		}
	}
	for i := range 5 {
		rows = append(rows, []string{"", fmt.Sprintf("late%d@example.com", i), "Late", "", ""})
	}
	firsts, seconds := only(rows, "qualify", false), only(rows, "qualify", true)
	rand.Shuffle(len(firsts), func(i, j int) { firsts[i], firsts[j] = firsts[j], firsts[i] })
	r.write("people.csv", append([][]string{header}, append(firsts, seconds...)...))
	again, results := r.imports(ExitMend, "people.csv", "--campaign", "1", "--yes")
	if again.Requests.Writes != 6 || len(results) != 305 {
		t.Errorf("after one edit and five new rows %d writes were sent and %d results stand there, want 6 and 305", again.Requests.Writes, len(results))
	}
}

// checkOutcomes compares every row's outcome, id, code and link with the
// account.
func checkOutcomes(t *testing.T, server *sandbox.Server, rows [][]string, want []string, results []map[string]string) {
	t.Helper()
	byEmail := map[string]sandbox.User{}
	for _, u := range server.State().Users {
		byEmail[strings.ToLower(u.Email)] = u
	}
	for i, result := range results {
		if result["row"] != strconv.Itoa(i+1) || result["line"] != strconv.Itoa(i+2) {
			t.Fatalf("result %d is of row %s, line %s", i+1, result["row"], result["line"])
		}
		if result["status"] != want[i] {
			t.Errorf("row %d %q: %s (%s), want %s", i+1, rows[i], result["status"], result["error"], want[i])
			continue
		}
		u, there := byEmail[strings.ToLower(rows[i][1])]
		if !there || want[i] == "skipped" || want[i] == "invalid" {
			continue
		}
		got := []string{result["id"], result["code"], result["url"]}
		if diff := cmp.Diff([]string{strconv.FormatInt(u.ID, 10), u.Code, u.URL}, got); diff != "" {
			t.Errorf("row %d %q (-account +result):\n%s", i+1, rows[i], diff)
		}
	}
}

// checkAccount compares the account with what the file says.
func checkAccount(t *testing.T, state sandbox.State, rows [][]string, want []string) {
	t.Helper()
	email := map[int64]string{}
	for _, u := range state.Users {
		email[u.ID] = strings.ToLower(u.Email)
	}
	users := map[string]sandbox.User{}
	for _, u := range state.Users {
		users[strings.ToLower(u.Email)] = u
	}
	for i, row := range rows {
		u, there := users[strings.ToLower(row[1])]
		switch want[i] {
		case "created":
			if !there || u.FirstName != row[2] || email[u.ReferrerID] != strings.ToLower(row[3]) {
				t.Errorf("row %d %q: the account holds %+v, referred by %q", i+1, row, u, email[u.ReferrerID])
			}
		case "updated":
			if u.FirstName != row[2] || fmt.Sprint(u.Meta) != "[{City Ghent}]" {
				t.Errorf("row %d %q: the account holds %+v", i+1, row, u)
			}
		case "qualified", "unqualified":
			if (u.QualifiedAt != "") != (want[i] == "qualified") {
				t.Errorf("row %d %q: qualified at %q", i+1, row, u.QualifiedAt)
			}
		case "deleted":
			if there {
				t.Errorf("row %d %q: is still there", i+1, row)
			}
		case "exists":
			if u.FirstName != "Old" {
				t.Errorf("row %d %q: was changed to %+v", i+1, row, u)
			}
		}
	}
}
