package job

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func load(t *testing.T, text string) (*Job, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestAJobIsItsStepsInOrderWithWhatTheyShare(t *testing.T) {
	j, err := load(t, `
limit = 300
timeout = "40s"

[[step]]
import = "users"
file = "a-*.csv"
limit = 100
notify = false
max-rejected = 0.5
carry = ["Name", "City"]
map = { "Kunden-Mail" = "email" }

[[step]]
export = "users"
output = "{date}.csv"

[[step]]
name = "again"
import = "users"
file = "b.csv"

[[step]]
import = "users"
file = "c.csv"
[step.map]
City = "-"
`)
	if err != nil {
		t.Fatal(err)
	}
	set := func(flag string, line int, values ...string) Setting {
		return Setting{Flag: flag, Values: values, Line: line, Shared: line < 5}
	}
	want := []Step{
		{Name: "import users", Command: "import", Resource: "users", File: "a-*.csv", Settings: []Setting{
			set("carry", 11, "Name", "City"), set("limit", 8, "100"), set("map", 12, "Kunden-Mail=email"),
			set("max-rejected", 10, "0.5"), set("notify", 9, "false"), set("timeout", 3, "40s")}},
		{Name: "export users", Command: "export", Resource: "users", Settings: []Setting{
			set("output", 16, "{date}.csv"), set("limit", 2, "300"), set("timeout", 3, "40s")}},
		{Name: "again", Command: "import", Resource: "users", File: "b.csv", Settings: []Setting{
			set("limit", 2, "300"), set("timeout", 3, "40s")}},
		{Name: "import users (4)", Command: "import", Resource: "users", File: "c.csv", Settings: []Setting{
			set("map", 26, "City=-"), set("limit", 2, "300"), set("timeout", 3, "40s")}},
	}
	if diff := cmp.Diff(want, j.Steps, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestWhatIsWrongWithAJobIsToldWithItsLine(t *testing.T) {
	const step = "[[step]]\nimport = \"users\"\nfile = \"a.csv\"\n"
	for _, test := range []struct{ text, want string }{
		{"", "it has no step"},
		{"step = 3\n", "it has no step"},
		{"file = \"a.csv\"\n" + step, "line 1: file belongs into a step"},
		{"[[step]]\nfile = \"a.csv\"\n", "line 1: the step says neither import"},
		{"[[step]]\nimport = \"users\"\n", "line 1: the step imports no file"},
		{"[[step]]\nimport = \"users\"\nexport = \"users\"\n", "line 1: a step imports or exports, not both"},
		{"[[step]]\nexport = \"users\"\nfile = \"a.csv\"\n", "line 3: an export has no file"},
		{"[[step]]\nimport = 3\nfile = \"a.csv\"\n", "line 2: import takes a text in quotes"},
		{step + "since = 2026-11-21\n", "line 4: since: put a date into quotes"},
		{step + "carry = [[1]]\n", "line 4: carry: takes a text, a number"},
		{step + "limit = \n", "line 4: "},
		{step + "limit = 3\nlimit = 4\n", "line 5: "},
	} {
		if _, err := load(t, test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("a job of %q: %v, want %q", test.text, err, test.want)
		}
	}
}

func TestAJobWithASecretIsRefusedWithoutShowingIt(t *testing.T) {
	const step = "[[step]]\nimport = \"users\"\nfile = \"a.csv\"\n"
	for _, key := range []string{"token", "TOKEN", "api-key", "api_key", "recomly-api-key", "password", "client_secret", "authorization"} {
		_, err := load(t, step+key+" = \"hunter2\"\n")
		if err == nil || !strings.Contains(err.Error(), "holds no secrets") || !strings.Contains(err.Error(), "token-file") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the key %s: %v", key, err)
		}
	}
	_, err := load(t, step+"limiter = \"redis://user:hunter2@redis.example.com/0\"\n")
	if err == nil || !strings.Contains(err.Error(), "set the variable REFBULK_LIMITER") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an address with a password: %v", err)
	}
	if _, err := load(t, step+"token-file = \"token\"\nlimiter = \"redis://redis.example.com/0\"\n"); err != nil {
		t.Errorf("the name of a token file, and an address without a password: %v", err)
	}
}

func TestNamesAreFilledIn(t *testing.T) {
	now := time.Date(2026, 11, 21, 2, 15, 0, 0, time.UTC)
	for _, test := range []struct{ name, want string }{
		{"a.csv", "a.csv"}, {"{date}.csv", "2026-11-21.csv"}, {"r/{step}-{date}.html", "r/who-is-new--or-not-2026-11-21.html"},
	} {
		if got, err := Expand(test.name, "who is new: or/not", now); err != nil || got != test.want {
			t.Errorf("Expand(%q) = %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	if _, err := Expand("{time}.csv", "", now); err == nil || !strings.Contains(err.Error(), "{time}") {
		t.Errorf("what is not filled in: %v", err)
	}
}

func TestTheNewestFileOfAPatternIsTaken(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{
		"crm-1.csv": 3 * time.Hour, "crm-2.csv": time.Hour, "crm-3.csv": time.Hour, "crm-9.csv": 2 * time.Hour,
		"crm-3.results.csv": 0, "crm-3.undo.csv": 0, "crm-3.failed.csv": 0, "other.csv": 0,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "crm-folder.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := Newest(filepath.Join(dir, "crm-*.csv")); err != nil || filepath.Base(got) != "crm-3.csv" {
		t.Errorf("Newest = %s, %v; want crm-3.csv", got, err)
	}
	for _, none := range []string{"nobody-*.csv", "nobody.csv"} {
		if _, err := Newest(filepath.Join(dir, none)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Newest(%s): %v", none, err)
		}
	}
	if _, err := Newest(filepath.Join(dir, "[")); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a pattern that is none: %v", err)
	}
}
