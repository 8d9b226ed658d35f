package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// anyFault is a Fault that can be written.
func anyFault(t *rapid.T) sandbox.Fault {
	wait := rapid.Map(rapid.Int64Range(1, 1<<50), func(n int64) time.Duration { return time.Duration(n) })
	f := sandbox.Fault{
		Method: rapid.SampledFrom([]string{"", "GET", "POST", "PUT", "DELETE"}).Draw(t, "method"),
		Path:   rapid.SampledFrom([]string{"", "/users", "/users/*", "/rewards/issue/*"}).Draw(t, "path"),
		From:   rapid.IntRange(0, 9).Draw(t, "from"),
		Every:  rapid.IntRange(0, 9).Draw(t, "every"),
		Times:  rapid.IntRange(0, 9).Draw(t, "times"),
		Effect: rapid.SampledFrom([]sandbox.Effect{
			sandbox.Pass, sandbox.AnswerStatus, sandbox.Redirect, sandbox.ResetBefore, sandbox.StallBefore,
			sandbox.Stall, sandbox.LoseAnswer, sandbox.ResetMidBody, sandbox.MalformedJSON, sandbox.EmptyBody,
			sandbox.HTMLBody, sandbox.HugeBody,
		}).Draw(t, "effect"),
	}
	if f.Effect == sandbox.Pass || rapid.Bool().Draw(t, "slow") {
		f.Delay = wait.Draw(t, "delay")
	}
	switch f.Effect {
	case sandbox.AnswerStatus:
		f.Status = rapid.IntRange(200, 599).Draw(t, "status")
		if rapid.Bool().Draw(t, "retry-after") {
			f.RetryAfter = wait.Draw(t, "wait")
			f.RetryAfterDate = rapid.Bool().Draw(t, "date")
		}
	case sandbox.Redirect:
		f.RedirectTo = "http://127.0.0.1:8081/elsewhere?a=b"
	case sandbox.HugeBody:
		f.Size = rapid.Int64Range(0, 1<<40).Draw(t, "size")
	}
	return f
}

func TestWrittenFaultParsesTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := anyFault(rt)
		got, err := sandbox.ParseFault(want.String())
		if err != nil || got != want {
			rt.Fatalf("ParseFault(%q) = %+v, %v, want %+v", want, got, err, want)
		}
	})
}

func FuzzParsedFaultIsWrittenTheSame(f *testing.F) {
	for _, text := range []string{
		"POST /users every=100 lose-answer",
		"* * from=3 times=1 status=429 retry-after=5s",
		"get /users/* delay=1.5s",
		"* * huge-body=12",
		"PUT /users/* redirect=http://127.0.0.1:1/x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := sandbox.ParseFault(text)
		if err != nil {
			return
		}
		got, err := sandbox.ParseFault(want.String())
		if err != nil || got != want {
			t.Errorf("ParseFault(%q) = %+v, %v, want %+v as from %q", want, got, err, want, text)
		}
	})
}

func TestParseFaultTeaches(t *testing.T) {
	tests := []struct{ text, says string }{
		{"", "POST /users every=100 lose-answer"},
		{"POST /users", "POST /users every=100 lose-answer"},
		{"P0ST /users reset-before", "no HTTP method"},
		{"POST users reset-before", "slash"},
		{"POST /users/[ reset-before", "no pattern"},
		{"POST /users explode", "lose-answer"},
		{"POST /users every=2", "delay=2s"},
		{"POST /users every=0 stall", "number from 1"},
		{"POST /users times=some stall", "number from 1"},
		{"POST /users delay=5", "1.5s"},
		{"POST /users stall reset-before", "one effect"},
		{"POST /users stall stall", "twice"},
		{"POST /users stall=1s", "no value"},
		{"POST /users status=99", "200"},
		{"POST /users status", "number from 1"},
		{"POST /users stall retry-after=1s", "status=429"},
		{"POST /users status=429 retry-after=1s retry-after-date=1s", "not both"},
		{"POST /users redirect=/elsewhere", "absolute URL"},
		{"POST /users huge-body=some", "bytes"},
	}
	for _, tt := range tests {
		_, err := sandbox.ParseFault(tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), fmt.Sprintf("%q", tt.text)) {
			t.Errorf("ParseFault(%q) = %v, want an error with the text and %q", tt.text, err, tt.says)
		}
	}
}

func TestParseFaultsReportsAllWrongLines(t *testing.T) {
	faults, err := sandbox.ParseFaults("# a comment\n\nPOST /users stall\n  * * empty-body  \n")
	want := []sandbox.Fault{{Method: "POST", Path: "/users", Effect: sandbox.Stall}, {Effect: sandbox.EmptyBody}}
	if err != nil || !cmp.Equal(faults, want) {
		t.Errorf("ParseFaults = %v, %v, want %v", faults, err, want)
	}
	_, err = sandbox.ParseFaults("POST /users explode\n* * stall\nnonsense")
	if err == nil || !strings.Contains(err.Error(), "line 1:") || !strings.Contains(err.Error(), "line 3:") {
		t.Errorf("ParseFaults = %v, want lines 1 and 3 named", err)
	}
}

func TestFaultsHitTheCallsOfTheirSchedule(t *testing.T) {
	tests := []struct{ schedule, hits string }{
		{"", "123456789"},
		{"from=4 times=1", "4"},
		{"times=3", "123"},
		{"every=3", "369"},
		{"from=2 every=3", "258"},
		{"every=2 times=2", "24"},
		{"from=20", ""},
	}
	for _, tt := range tests {
		f, err := sandbox.ParseFault("GET /users/* " + tt.schedule + " status=503")
		if err != nil {
			t.Fatal(err)
		}
		s := newServer(sandbox.Options{Faults: []sandbox.Fault{f}})
		hits := ""
		for n := 1; n <= 9; n++ {
			ask(t, s, "GET", "/campaigns", "") // of another path: does not count
			ask(t, s, "PUT", "/users/11", "{}")
			if ask(t, s, "GET", "/users/11", "").status == 503 {
				hits += fmt.Sprint(n)
			}
		}
		if hits != tt.hits {
			t.Errorf("%q: hits %q, want %q", tt.schedule, hits, tt.hits)
		}
		if count := s.Faults()[0]; count.Matched != 9 || count.Hits != len(hits) {
			t.Errorf("%q: %+v, want 9 matched, %d hits", tt.schedule, count, len(hits))
		}
		if unhit := s.UnhitFaults(); (len(unhit) == 1) != (hits == "") {
			t.Errorf("%q: UnhitFaults() = %v after hits %q", tt.schedule, unhit, hits)
		}
	}
}

func TestTheFirstFaultThatIsDueWins(t *testing.T) {
	s := newServer(sandbox.Options{Faults: []sandbox.Fault{
		{From: 2, Times: 1, Effect: sandbox.AnswerStatus, Status: 500},
		{Effect: sandbox.AnswerStatus, Status: 503},
	}})
	for i, want := range []int{503, 500, 503} {
		if got := ask(t, s, "GET", "/users", "").status; got != want {
			t.Errorf("call %d: status %d, want %d", i+1, got, want)
		}
	}
	s.ClearFaults()
	wantStatus(t, ask(t, s, "GET", "/users", ""), 200)
}

func TestAddFaultsTakesAllOrNone(t *testing.T) {
	s := newServer(sandbox.Options{})
	err := s.AddFaults(sandbox.Fault{Effect: sandbox.Stall}, sandbox.Fault{Effect: "explode"})
	if err == nil || len(s.Faults()) != 0 {
		t.Errorf("AddFaults = %v with %d scheduled, want an error and none", err, len(s.Faults()))
	}
}

func TestStatusFaultAnswersBeforeTheWork(t *testing.T) {
	tests := []struct{ text, retryAfter string }{
		{"DELETE * status=503", ""},
		{"DELETE * status=503 retry-after=1500ms", "2"},
		{"DELETE * status=503 retry-after-date=1500ms", "Tue, 03 Feb 2026 12:00:02 GMT"},
	}
	for _, tt := range tests {
		f, err := sandbox.ParseFault(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		s := newServer(sandbox.Options{Faults: []sandbox.Fault{f}})
		before := s.State()
		got := ask(t, s, "DELETE", "/users/11", "")
		wantStatus(t, got, http.StatusServiceUnavailable)
		if after := got.header.Get("Retry-After"); after != tt.retryAfter {
			t.Errorf("%s: Retry-After = %q, want %q", tt.text, after, tt.retryAfter)
		}
		wantSameState(t, s.State(), before)
	}
}

func TestRedirectFaultNamesTheOtherHost(t *testing.T) {
	s := newServer(sandbox.Options{Faults: []sandbox.Fault{{Effect: sandbox.Redirect, RedirectTo: "http://127.0.0.1:1/x"}}})
	got := ask(t, s, "DELETE", "/users/11", "")
	if got.status != 307 || got.header.Get("Location") != "http://127.0.0.1:1/x" {
		t.Errorf("answer %d to %q, want 307 to the other host", got.status, got.header.Get("Location"))
	}
	if n := s.Counts().Commits.Deletes; n != 0 {
		t.Errorf("%d deletes, want none", n)
	}
}
