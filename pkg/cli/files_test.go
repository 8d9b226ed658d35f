package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestTwoFlagsNeverNameOneFile(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	t.Chdir(r.dir)
	input := "email,first_name\njane@example.com,Jane\n"
	r.file("p.csv", input)
	r.file("p.failed.csv", input)
	r.file("page.html", "an older page")
	r.file("token", "made-up-token")
	if err := os.Symlink("p.csv", filepath.Join(r.dir, "link.prom")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".", filepath.Join(r.dir, "here")); err != nil {
		t.Fatal(err)
	}
	imports := func(flags ...string) []string {
		return append([]string{"import", "users", "p.csv", "--campaign", "1"}, flags...)
	}
	for _, test := range []struct {
		args   []string
		stderr string
	}{
		{imports("--results", "p.csv"), "FILE and --results are the same file, p.csv"},
		{imports("--undo", "p.results.csv"), "--results and --undo are the same file, p.results.csv"},
		{imports("--undo", "p.failed.csv"), "--undo and the file of rows to mend"},
		{imports("--metrics-file", filepath.Join(r.dir, "p.csv")), "FILE and --metrics-file"},
		{imports("--metrics-file", "link.prom"), "FILE and --metrics-file"},
		{imports("--metrics-file", "here/p.results.csv"), "--results and --metrics-file"},
		{imports("--results", "page.html", "--report", "page.html"), "--results and --report"},
		{imports("--token-file", "token", "--metrics-file", "token"), "--metrics-file and --token-file"},
		{imports("--sandbox=p.undo.csv", "--base-url", ""), "--undo and --sandbox"},
		{imports("--report", "p.csv"), `--report "p.csv": a report is a page; name it report.html`},
		{[]string{"plan", "users", "p.csv", "--campaign", "1", "--results", "p.csv"}, "FILE and --results"},
		{[]string{"export", "users", "-o", "account.jsonl", "--base-url", "", "--sandbox=account.jsonl"}, "-o and --sandbox"},
		{[]string{"report", "page.html", "-o", "./page.html"}, "RESULTS.csv and -o"},
	} {
		code, _, stderr := r.run(test.args...)
		if code != ExitUsage || !strings.Contains(stderr, test.stderr) {
			t.Errorf("refbulk %s: exit %d, want %d and %q, got\n%s", strings.Join(test.args, " "), code, ExitUsage, test.stderr, stderr)
		}
	}
	if n := r.server.Counts().Requests; n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
	if text, err := os.ReadFile("p.csv"); err != nil || string(text) != input {
		t.Errorf("the input is %q (%v), want what it was", text, err)
	}
}

func TestRowsToMendAreImportedWithoutBeingOverwritten(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	t.Chdir(r.dir)
	mended := r.file("p.failed.csv", "email,first_name\njane@example.com,Jane\njoe,Joe\n")
	if code, _, stderr := r.run("import", "users", mended, "--campaign", "1", "--results", "p.results.csv"); code != ExitMend {
		t.Fatalf("exit %d, want %d\n%s", code, ExitMend, stderr)
	}
	if _, err := os.Stat("p.failed-2.csv"); err != nil {
		t.Error(err)
	}
}

func TestCarryFindsItsColumnsAsMapDoes(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	file := r.file("p.csv", "E-Mail,First Name,Shoe_Size,Shoe_Size\njane@example.com,Jane,40,41\n")
	for _, command := range []string{"import", "plan"} {
		code, _, stderr := r.run(command, "users", file, "--campaign", "1", "--carry", "first name,Nmae")
		if code != ExitUsage || !strings.Contains(stderr, `--carry names the column "Nmae", which is not there; there are "E-Mail", "First Name"`) {
			t.Errorf("%s: exit %d, want %d\n%s", command, code, ExitUsage, stderr)
		}
	}
	if n := r.server.Counts().Requests; n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
	if code, _, stderr := r.run("import", "users", file, "--campaign", "1", "--carry", "first name,SHOE SIZE"); code != ExitDone {
		t.Fatalf("exit %d, want %d\n%s", code, ExitDone, stderr)
	}
	text, err := os.ReadFile(filepath.Join(r.dir, "p.results.csv"))
	if err != nil || !strings.Contains(string(text), "row_hash,First Name,Shoe_Size,Shoe_Size\n") || !strings.HasSuffix(string(text), ",Jane,40,41\n") {
		t.Errorf("the results file is (%v)\n%s", err, text)
	}
}

func TestAFileThatIsNotTheRunsOwnIsAMistakeOfTheCommand(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	t.Chdir(r.dir)
	r.file("p.csv", "email,first_name\njane@example.com,Jane\n")
	r.file("other.csv", "email,first_name\njoe@example.com,Joe\n")
	r.file("line.csv", "no line break")
	if code, _, stderr := r.run("import", "users", "p.csv", "--campaign", "1", "--results", "spoilt.csv", "--undo", "spoilt-undo.csv"); code != ExitDone {
		t.Fatalf("exit %d, want %d\n%s", code, ExitDone, stderr)
	}
	spoil := func(name string) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		header, _, _ := strings.Cut(string(text), "\n")
		r.file(name, header+"\nspoilt\n"+strings.TrimPrefix(string(text), header+"\n"))
	}
	spoil("spoilt.csv")
	spoil("spoilt-undo.csv")
	before := r.server.Counts().Writes
	for _, test := range []struct{ command, flag, path, stderr string }{
		{"import", "--results", "other.csv", "it is not a results file of refbulk"},
		{"plan", "--results", "other.csv", "it is not a results file of refbulk"},
		{"import", "--results", "line.csv", "it is not a results file of refbulk"},
		{"import", "--results", "spoilt.csv", "line 2 is damaged"},
		{"import", "--results", ".", "is not a file: name another with --results"},
		{"import", "--undo", "other.csv", "it is not an undo file of refbulk"},
		{"import", "--undo", "spoilt-undo.csv", "line 2 is damaged"},
		{"import", "--undo", ".", "is not a file: name another with --undo"},
	} {
		code, _, stderr := r.run(test.command, "users", "p.csv", "--campaign", "1", test.flag, test.path)
		if code != ExitUsage || !strings.Contains(stderr, test.stderr) {
			t.Errorf("refbulk %s %s %s: exit %d, want %d and %q\n%s", test.command, test.flag, test.path, code, ExitUsage, test.stderr, stderr)
		}
	}
	if sent := r.server.Counts().Writes - before; sent != 0 {
		t.Errorf("%d writes were sent, want none", sent)
	}
}
