package cli

import (
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestATokenRefusedOnTheWayIsAdvisedOn(t *testing.T) {
	for status, sentence := range map[string]string{
		"401": "the API refuses the token: scheduled fault (HTTP 401); is it the newest one of the account?",
		"403": "the API refuses this run: scheduled fault (HTTP 403); if it blocks the address of this machine,",
	} {
		faults, err := sandbox.ParseFaults("POST /users from=2 status=" + status)
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, sandbox.Options{Faults: faults})
		file := r.file("p.csv", "email,first_name\njane@example.com,Jane\njoe@example.com,Joe\n")
		code, stdout, _ := r.run("import", "users", file, "--campaign", "1", "--workers", "1")
		want := "stopped early, " + sentence
		if code != ExitStopped || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit %d, want %d and %q\n%s", status, code, ExitStopped, want, stdout)
		}
	}
}

func TestAWrongRootIsTold(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	file := r.file("p.csv", "email,first_name\njane@example.com,Jane\n")
	root := strings.TrimSuffix(r.env["REFBULK_BASE_URL"], sandbox.BasePath)
	want := "is --base-url the root of the API? It is usually https://api.referral-factory.com/api/v2\n"
	for _, args := range []string{"import users " + file, "plan users " + file, "export users", "check"} {
		code, _, stderr := r.run(append(strings.Fields(args), "--base-url", root)...)
		if code != ExitUsage || !strings.Contains(stderr, want) {
			t.Errorf("refbulk %s: exit %d, want %d and %q\n%s", args, code, ExitUsage, want, stderr)
		}
	}
}

func TestWhyNothingCameOfItIsASentence(t *testing.T) {
	for _, test := range []struct{ name, fault, args string }{
		{"before the first answer", "GET /campaigns delay=30s", "import --timeout 300ms"},
		{"at the gate", "", "plan --limit 1 --limiter process"},
	} {
		faults, err := sandbox.ParseFaults(test.fault)
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, sandbox.Options{Faults: faults})
		file := r.file("p.csv", "email,first_name\njane@example.com,Jane\n")
		command, flags, _ := strings.Cut(test.args, " ")
		code, _, stderr := r.run(append([]string{command, "users", file, "--campaign", "1", "--max-duration", "200ms"}, strings.Fields(flags)...)...)
		const want = "refbulk: stopped early, because 200ms have passed, the longest that --max-duration allows; run the same command again\n"
		if code != ExitStopped || !strings.HasSuffix(stderr, want) {
			t.Errorf("%s: exit %d, want %d and %q\n%s", test.name, code, ExitStopped, want, stderr)
		}
	}
}

func TestWhatSendsNothingKeepsItsExitCode(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	flawed := r.file("p.csv", "email,first_name\njane@example.com,Jane\njoe,Joe\n")
	ahead := r.file("q.csv", "email,first_name,referrer_email\nc@example.com,C,z@example.com\nd@example.com,D,\nz@example.com,Z,\n")
	for _, test := range []struct {
		args   string
		code   ExitCode
		stdout string
	}{
		{flawed + " --strict", ExitMend, "2 rows: nothing was sent because of --strict, 1 is invalid\n"},
		{ahead + " --first 1", ExitStopped, "To continue: refbulk import users --campaign 1 " + ahead + "\n"},
		{ahead, ExitDone, "3 created"},
	} {
		code, stdout, stderr := r.run(append([]string{"import", "users", "--campaign", "1"}, strings.Fields(test.args)...)...)
		if code != test.code || !strings.Contains(stdout, test.stdout) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", test.args, code, test.code, test.stdout, stdout, stderr)
		}
	}
}
