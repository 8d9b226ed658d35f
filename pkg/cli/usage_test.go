package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// What is said wrongly is told in words that say what to do; nothing is sent.
func TestWrongWordsAreUsageErrors(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	for _, test := range []struct{ args, stderr string }{
		{"imprt", `there is no command "imprt" of refbulk; is it import?`},
		{"wxyz", `there is no command "wxyz" of refbulk; see refbulk --help`},
		{"completion foo", `there is no command "foo" of refbulk completion; see refbulk completion --help`},
		{"completion bash foo", "foo"},
		{"help nosuch", `there is no command "nosuch" of refbulk; see refbulk --help`},
	} {
		code, stdout, stderr := r.run(strings.Fields(test.args)...)
		if code != ExitUsage || stdout != "" || !strings.Contains(stderr, test.stderr) {
			t.Errorf("refbulk %s: exit %d, want %d and %q, got\n%s%s", test.args, code, ExitUsage, test.stderr, stdout, stderr)
		}
	}
	for _, args := range []string{"help import", "help completion zsh", "completion", "completion fish", "help"} {
		if code, stdout, stderr := r.run(strings.Fields(args)...); code != ExitDone || stdout == "" || stderr != "" {
			t.Errorf("refbulk %s: exit %d, want %d\n%s", args, code, ExitDone, stderr)
		}
	}
}

func TestValuesAreToldWhatTheyShouldBe(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	r.env["REFBULK_QUIET"] = "ja"
	file := r.file("p.csv", "email,first_name\njane@example.com,Jane\n")
	r.file("job.toml", "campaign = 1\n[[step]]\nimport = \"users\"\nfile = \"p.csv\"\nnotify = \"ja\"\nmax-duration = \"long\"\n")
	for _, test := range []struct{ args, stderr string }{
		{"import users " + file, `the variable REFBULK_QUIET takes true or false, not "ja"`},
		{"import users " + file + " --quiet=false --strict=ja", `--strict takes true or false, not "ja"`},
		{"import users " + file + " --quiet=false --first ten", `--first takes a number of rows from 1 on, or all, not "ten"`},
		{"import users " + file + " --quiet=false --timeout 5", `--timeout takes a time such as 30s, 5m or 2h, not "5"`},
		{"import users " + file + " --quiet=false --limit -1", "--limit -1: use 0 for none"},
		{"import users " + file + " --quiet=false --max-rejected NaN", `--max-rejected "NaN": write a share such as 50%`},
		{"export users --quiet=false --qualified=ja", `--qualified takes true or false, not "ja"`},
		{"run " + r.dir + "/job.toml --quiet=false", `job.toml: line 5: notify takes true or false, not "ja"`},
		{"run " + r.dir + "/job.toml --quiet=false", `job.toml: line 6: max-duration takes a time such as 30s, 5m or 2h, not "long"`},
		{"import users nofile.csv --quiet=false", "refbulk: \"nofile.csv\" cannot be opened: no such file or directory\n"},
	} {
		code, _, stderr := r.run(strings.Fields(test.args)...)
		if code != ExitUsage || !strings.Contains(stderr, test.stderr) || strings.Contains(stderr, "strconv") {
			t.Errorf("refbulk %s: exit %d, want %d and %q, got\n%s", test.args, code, ExitUsage, test.stderr, stderr)
		}
	}
}

// Every request of the limit has its place in the memory of each process and in
// the file they share: a number that is meant to be none would fill both.
func TestAHugeLimitIsToldToBeNone(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	file := r.file("p.csv", "email,first_name\njane@example.com,Jane\n")
	for _, args := range []string{"import users " + file + " --campaign 1", "plan users " + file + " --campaign 1", "export users", "check"} {
		code, _, stderr := r.run(strings.Fields(args + " --limit 100001")...)
		if code != ExitUsage || !strings.Contains(stderr, "--limit 100001: use 0 for none") {
			t.Errorf("refbulk %s: exit %d, want %d and to be told of 0\n%s", args, code, ExitUsage, stderr)
		}
	}
	if n := r.server.Counts().Requests; n != 0 {
		t.Errorf("%d requests were made, want none", n)
	}
}

func TestWhereTheColumnsAreWrongTheOtherSheetsAreNamed(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	book := excelize.NewFile()
	defer book.Close()
	for sheet, cells := range map[string][]string{"Sheet1": {"Name", "Kim Roe"}, "List": {"email", "first_name"}} {
		if _, err := book.NewSheet(sheet); err != nil {
			t.Fatal(err)
		}
		for n, cell := range cells {
			for line := 1; line <= 2; line++ {
				name, _ := excelize.CoordinatesToCellName(n+1, line)
				_ = book.SetCellStr(sheet, name, cell)
			}
		}
	}
	file := r.dir + "/people.xlsx"
	if err := book.SaveAs(file); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := r.run("import", "users", file, "--campaign", "1")
	if code != ExitUsage || !strings.Contains(stderr, `that is the sheet "Sheet1"; to read another one, name it with --sheet: List`) {
		t.Errorf("exit %d, want %d and the sheets named\n%s", code, ExitUsage, stderr)
	}
}

func TestWhatAPersonAgreesToIsWhatIsDone(t *testing.T) {
	r := newRig(t, sandbox.Options{State: members(3)})
	file := r.file("p.csv", "operation,email,first_name,qualified\nupsert,jane@example.com,Jane,no\nunqualify,joe@example.com,,\ndelete,max@example.com,,\n")
	code, _, stderr := r.run("import", "users", file, "--campaign", "1")
	if want := "this would delete 1 and unqualify 2 of the people in "; code != ExitUsage || !strings.Contains(stderr, want) {
		t.Errorf("exit %d, want %d and %q\n%s", code, ExitUsage, want, stderr)
	}
	_, stdout, _ := r.run("plan", "users", file, "--campaign", "1")
	if want := "or need --yes: delete 1, unqualify 2."; !strings.Contains(stdout, want) {
		t.Errorf("the plan lacks %q\n%s", want, stdout)
	}
}

func TestTheHelpShowsEveryFault(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	code, stdout, _ := r.run("sandbox", "--help")
	if code != ExitDone {
		t.Fatalf("exit %d, want %d", code, ExitDone)
	}
	shown := map[sandbox.Effect]bool{}
	for line := range strings.Lines(stdout) {
		example, _, _ := strings.Cut(strings.TrimPrefix(line, "  "), "   ")
		if fault, err := sandbox.ParseFault(example); err == nil {
			shown[fault.Effect] = true
		}
	}
	for _, effect := range sandbox.Effects() {
		if !shown[effect] {
			t.Errorf("no example of the effect %q\n%s", effect, stdout)
		}
	}
	code, _, stderr := r.run("sandbox", "--fault", "* * lose-answer", "--fault", "GET /users explode")
	if want := `--fault: fault "GET /users explode": "explode" is no word of a fault`; code != ExitUsage || !strings.Contains(stderr, want) {
		t.Errorf("exit %d, want %d and %q\n%s", code, ExitUsage, want, stderr)
	}
}

func TestASandboxWithoutALimitOrAWindowThatIsOneIsRefused(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	for args, want := range map[string]string{"--window -1s": "use a time longer than nothing", "--window 0s": "use a time longer than nothing", "--limit -1": "use 0 for none"} {
		code, _, stderr := r.run(strings.Fields("sandbox --listen nowhere " + args)...)
		if code != ExitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, want %d and %q\n%s", args, code, ExitUsage, want, stderr)
		}
	}
}

func TestTheSandboxIsSwitchedByAWordOrKeptInAFile(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	t.Chdir(r.dir)
	delete(r.env, "REFBULK_BASE_URL")
	delete(r.env, "REFERRAL_FACTORY_TOKEN")
	r.file("p.csv", "email,first_name\njane@example.com,Jane\n")
	imports := "import users p.csv --campaign 1"
	for _, test := range []struct {
		variable, job, args string
		code                ExitCode
		file                string // that keeps the account
	}{
		{variable: "1", args: imports, code: ExitDone},
		{variable: "Yes", args: imports, code: ExitDone},
		{variable: "true", args: imports, code: ExitDone},
		{variable: "0", args: imports, code: ExitUsage},
		{variable: "no", args: imports, code: ExitUsage},
		{variable: "false", args: imports, code: ExitUsage},
		{variable: "a.json", args: imports, code: ExitDone, file: "a.json"},
		{args: imports + " --sandbox", code: ExitDone},
		{variable: "1", args: imports + " --sandbox=no", code: ExitUsage},
		{job: `"yes"`, args: "run job.toml", code: ExitDone},
		{job: `false`, args: "run job.toml", code: ExitUsage},
		{job: `"b.json"`, args: "run job.toml", code: ExitDone, file: "b.json"},
	} {
		delete(r.env, "REFBULK_SANDBOX")
		if test.variable != "" {
			r.env["REFBULK_SANDBOX"] = test.variable
		}
		r.file("job.toml", "campaign = 1\nsandbox = "+test.job+"\n[[step]]\nimport = \"users\"\nfile = \"p.csv\"\n")
		code, _, stderr := r.run(strings.Fields(test.args)...)
		if code != test.code {
			t.Errorf("%+v: exit %d\n%s", test, code, stderr)
		}
		for _, name := range []string{"1", "yes", "Yes", "true", "0", "no", "false", "a.json", "b.json"} {
			if _, err := os.Stat(name); (err == nil) != (name == test.file) {
				t.Errorf("%+v: is there a file %s? %v", test, name, err)
			}
			_ = os.Remove(name)
		}
	}
}
