package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// noRaceSleep has a program that looks out for races end when it is done, and
// not a second later.
const noRaceSleep = "atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	// Most of these tests wait most of the time: for windows, timeouts and
	// pauses. More of them at once than there are processors wait together.
	if err := flag.Set("test.parallel", "5"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"refbulk": main})
}

// TestScripts runs the real binary through the promises of README and the
// contract, one script each. Beside testscript's own, there are the commands
//
//	sandbox [-limit N] [FAULT...]   serve a simulator; its root is $API, and a token is set
//	counts KEY VALUE ...            what the simulator counted: creates, reads, by_route."POST /users", …
//	account FILE                    write the simulator's users to FILE, one a line
func TestScripts(t *testing.T) {
	samples, err := filepath.Abs("../../samples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SAMPLES", samples)
			env.Setenv("GORACE", noRaceSleep)
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, ".state"))
			env.Values[serverKey{}] = &served{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sandbox": cmdSandbox,
			"counts":  cmdCounts,
			"account": cmdAccount,
		},
	})
}

type serverKey struct{}

// served is the simulator of one script.
type served struct{ server *sandbox.Server }

func cmdSandbox(ts *testscript.TestScript, neg bool, args []string) {
	o := sandbox.Options{Limit: -1}
	if len(args) > 1 && args[0] == "-limit" {
		var err error
		o.Limit, err = strconv.Atoi(args[1])
		ts.Check(err)
		args = args[2:]
	}
	var err error
	o.Faults, err = sandbox.ParseFaults(strings.Join(args, "\n"))
	ts.Check(err)
	server := sandbox.New(o)
	running, err := sandbox.Listen("127.0.0.1:0", server)
	ts.Check(err)
	ts.Value(serverKey{}).(*served).server = server
	ts.Setenv("API", running.URL()+sandbox.BasePath)
	ts.Setenv("REFBULK_BASE_URL", running.URL()+sandbox.BasePath)
	ts.Setenv("REFERRAL_FACTORY_TOKEN", "made-up-token")
	ts.Defer(func() {
		ts.Check(running.Close())
		ts.Check(server.Close())
		if unhit := server.UnhitFaults(); len(unhit) > 0 {
			ts.Fatalf("scheduled faults that never hit: %v", unhit)
		}
	})
}

// cmdCounts compares counts of the simulator, named by the path to them in
// the JSON of /_sandbox/counts.
func cmdCounts(ts *testscript.TestScript, neg bool, args []string) {
	text, err := json.Marshal(ts.Value(serverKey{}).(*served).server.Counts())
	ts.Check(err)
	var all map[string]any
	ts.Check(json.Unmarshal(text, &all))
	for i := 0; i+1 < len(args); i += 2 {
		var value any = all
		for part := range strings.SplitSeq(args[i], "/") {
			inner, ok := value.(map[string]any)
			if !ok {
				ts.Fatalf("there is no count %q", args[i])
			}
			value = inner[part]
		}
		if value == nil {
			value = 0
		}
		if got := fmt.Sprint(value); (got == args[i+1]) == neg {
			ts.Fatalf("the simulator counted %s = %s, want %s\n%s", args[i], got, args[i+1], text)
		}
	}
}

// cmdAccount writes the simulator's users as lines of e-mail, first name,
// referrer's e-mail and whether they are qualified.
func cmdAccount(ts *testscript.TestScript, _ bool, args []string) {
	state := ts.Value(serverKey{}).(*served).server.State()
	emails := map[int64]string{0: "-"}
	for _, u := range state.Users {
		emails[u.ID] = u.Email
	}
	var b strings.Builder
	for _, u := range state.Users {
		fmt.Fprintf(&b, "%s %s %s %v\n", u.Email, u.FirstName, emails[u.ReferrerID], u.QualifiedAt != "")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
}
