package recomly_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/recomly"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

var crediting = recomly.Options{Campaign: "1", Operation: "credit"}

func TestCreditsReachTheLedgerWithTheirMark(t *testing.T) {
	r := newRig(t, sandbox.Options{State: crowd()})
	const text = `advocateId,email,phone,delta,note
2,,,$25.00,May bonus
,ida@example.com,,-500,
,,+13125550142,5 USD,
2,wrong@example.com,,100,
nobody-1,,,100,
`
	lines := r.mustRun("advocates", crediting, text)
	r.wantStatuses(lines, "credited credited credited invalid absent")
	if a := r.state().Advocates[0]; a.Balance != 2500-500+500 {
		t.Errorf("the balance is %d", a.Balance)
	}
	for _, x := range r.state().Activity {
		if !strings.Contains(x.Memo, "[refbulk ") || len(x.Memo) > 200 {
			t.Errorf("the memo %q has no mark", x.Memo)
		}
	}
	if memo := r.state().Activity; !strings.HasPrefix(memo[0].Memo+memo[1].Memo+memo[2].Memo, "May bonus [") && r.workers == 1 {
		t.Errorf("the note is missing from %v", memo)
	}
	r.wantStatuses(r.mustRun("advocates", crediting, text), "credited credited credited invalid absent")
	if n := r.counts().Credits; n != 3 {
		t.Errorf("%d credits after a rerun, want 3", n)
	}
	for _, l := range r.read("advocates.undo.csv") {
		if l["operation"] != "credit" || l["advocateId"] != "2" || l["delta"] == "" {
			t.Errorf("undo = %v", l)
		}
	}
}

func TestAnEditedCreditIsAnotherCredit(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	r.wantStatuses(r.mustRun("advocates", crediting, "advocateId,delta\n2,500\n"), "credited")
	r.wantStatuses(r.mustRun("advocates", crediting, "advocateId,delta\n2,700\n"), "credited credited") // the row that has gone comes last
	if a := r.state().Advocates[0]; a.Balance != 1200 {
		t.Errorf("the balance is %d, want 1200", a.Balance)
	}
}

// What a credit is known by is what it says: the place that it has in the file
// would be another's once the file is edited.
func TestACreditIsPaidOnceWhereverItsRowStands(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	const header, first, second, third = "advocateId,delta,note\n", "2,2500,January\n", "2,500,February\n", "2,2500,March\n"
	for _, file := range []string{first + second, second, second + first, third + second + first, third, first + first} {
		r.mustRun("advocates", crediting, header+file)
	}
	if a := r.state().Advocates[0]; a.Balance != 5500 {
		t.Errorf("the balance is %d, want 5500: each credit once", a.Balance)
	}
}

// A credit may have been paid that was sent without an answer. When its row is
// edited nobody looks it up, and what it has become may not be paid as well.
func TestACreditWhoseRowWasEditedBeforeItWasLookedUpHoldsTheNextOneBack(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	const header = "advocateId,delta\n"
	ctx, cancel := context.WithCancel(t.Context())
	first := new(atomic.Int64)
	first.Store(1)
	r.ctx, r.wrap = ctx, func(inner http.RoundTripper) http.RoundTripper { return cutting{inner, first, cancel} }
	if _, err := r.run("advocates", crediting, header+"2,2500\n"); err == nil {
		t.Fatal("the run did not end when its answer was lost")
	}
	r.ctx, r.wrap = nil, nil
	r.wantStatuses(r.mustRun("advocates", crediting, header+"2,3000\n"), "blocked unknown")
	r.wantStatuses(r.mustRun("advocates", crediting, "email,delta\nida@example.com,2500\n"), "blocked blocked unknown") // the same person
	if a := r.state().Advocates[0]; a.Balance != 2500 {
		t.Errorf("the balance is %d, want 2500", a.Balance)
	}
	r.wantStatuses(r.mustRun("advocates", crediting, header+"2,2500\n2,3000\n"), "credited credited blocked") // the last has gone
	if a := r.state().Advocates[0]; a.Balance != 5500 {
		t.Errorf("the balance is %d, want 5500", a.Balance)
	}
}

func TestAnAddressBesideAnIDMakesNoOtherCredit(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	r.wantStatuses(r.mustRun("advocates", crediting, "advocateId,delta\n2,2500\n"), "credited")
	r.wantStatuses(r.mustRun("advocates", crediting, "advocateId,email,delta\n2,ida@example.com,2500\n"), "credited")
	if a := r.state().Advocates[0]; a.Balance != 2500 {
		t.Errorf("the balance is %d, want 2500: one credit", a.Balance)
	}
}

// A credit is looked up by the mark that it was sent with, whatever its files
// are called by then.
func TestALostCreditIsFoundAfterItsFilesWereRenamed(t *testing.T) {
	for name, between := range map[string]string{"at once": "", "after it was blocked": "operation,advocateId,delta\nupdate,2,\ncredit,2,2500\n"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, sandbox.Options{})
			const file = "operation,advocateId,delta\ncredit,2,2500\n"
			ctx, cancel := context.WithCancel(t.Context())
			first := new(atomic.Int64)
			first.Store(1)
			r.title, r.ctx, r.wrap = "bonus.results.csv", ctx, func(inner http.RoundTripper) http.RoundTripper { return cutting{inner, first, cancel} }
			if _, err := r.run("advocates", crediting, file); err == nil {
				t.Fatal("the run did not end when its answer was lost")
			}
			r.title, r.ctx, r.wrap = "may-bonus.results.csv", nil, nil
			if between != "" {
				r.wantStatuses(r.mustRun("advocates", crediting, between), "invalid unknown")
			}
			r.wantStatuses(r.mustRun("advocates", crediting, file)[:1], "credited")
			if a := r.state().Advocates[0]; a.Balance != 2500 {
				t.Errorf("the balance is %d, want 2500: one credit", a.Balance)
			}
		})
	}
}

// Where the ledger does not tell, a person looks, and says so.
func TestARowToSkipSaysThatALostCreditHasBeenLookedInto(t *testing.T) {
	r := newRig(t, sandbox.Options{State: busy(150), Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{OldActivity: true}},
		Faults: []sandbox.Fault{fault(t, "POST /campaigns/*/advocates/*/credit times=1 reset-before")}})
	const header = "advocateId,delta,operation\n"
	r.wantStatuses(r.mustRun("advocates", crediting, header+"2,500,credit\n"), "unknown")
	r.wantStatuses(r.mustRun("advocates", crediting, header+"2,900,credit\n"), "blocked unknown")
	r.wantStatuses(r.mustRun("advocates", crediting, header+"2,500,skip\n2,900,credit\n"), "skipped credited unknown")
	if n := r.counts().Credits; n != 1 {
		t.Errorf("%d credits, want the one of $9.00", n)
	}
}

// A row to skip that the file had when the credit was lost says nothing of it,
// wherever it stands and however that run ended. Only a new one does, and goes
// on doing so.
func TestAnOlderRowToSkipDoesNotSayThatALostCreditHasBeenLookedInto(t *testing.T) {
	const header, older = "operation,advocateId,delta\n", "skip,2,\n"
	for _, test := range []struct{ before, after, status string }{
		{older, "", "skipped unknown"}, {"", older, "unknown skipped"}, {older, "", ""}, {"", older, ""},
	} {
		r := newRig(t, sandbox.Options{State: busy(150), Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{OldActivity: true}}})
		r.workers = 1 // a row is begun when the one before it has ended
		file := func(rows ...string) string { return header + test.before + strings.Join(rows, "") + test.after }
		if test.status != "" {
			if err := r.server.AddFaults(fault(t, "POST /campaigns/*/advocates/*/credit times=1 reset-before")); err != nil {
				t.Fatal(err)
			}
			r.wantStatuses(r.mustRun("advocates", crediting, file("credit,2,2500\n")), test.status)
		} else {
			r.runUntilWrite("advocates", crediting, file("credit,2,2500\n"))
		}
		r.backdate("advocates.results.csv", time.Hour)
		given := r.counts().Credits
		for range 2 {
			if lines := r.mustRun("advocates", crediting, file("credit,2,3000\n")); !strings.Contains(lines[0]["status"]+lines[1]["status"], "blocked") {
				t.Fatalf("lines = %v, want the edited credit held back", lines)
			}
		}
		r.mustRun("advocates", crediting, file("credit,2,3000\n", older))
		r.mustRun("advocates", crediting, file("credit,2,3500\n", older))
		if n := r.counts().Credits - given; n != 2 {
			t.Errorf("%+v: %d credits after a new row to skip, want 2", test, n)
		}
	}
}

// manyCredits are forty rows of twenty advocates, two each.
func manyCredits() (*sandbox.State, string) {
	state := sandbox.Example()
	var text strings.Builder
	text.WriteString("email,delta,note\n")
	for i := range 20 {
		email := fmt.Sprintf("p%d@example.com", i)
		state.Recomly.Advocates = append(state.Recomly.Advocates, sandbox.RecomlyAdvocate{ID: fmt.Sprint("p", i), CampaignID: "1", Name: "P", Email: email})
		fmt.Fprintf(&text, "%s,500,first\n%s,500,second\n", email, email)
	}
	return &state, text.String()
}

func TestCreditingSurvivesLostAnswers(t *testing.T) {
	for _, effect := range lostAnswers {
		for name, behaviour := range map[string]sandbox.RecomlyBehaviour{"newer": {}, "older": {OldActivity: true}} {
			state, text := manyCredits()
			r := newRig(t, sandbox.Options{State: state, Behaviour: sandbox.Behaviour{Recomly: behaviour},
				Faults: []sandbox.Fault{fault(t, "POST /campaigns/*/advocates/*/credit every=5 times=6 "+effect)}})
			r.workers = 8
			r.wantStatuses(r.mustRun("advocates", crediting, text), strings.TrimSpace(strings.Repeat("credited ", 40)))
			if n := r.counts(); n.Credits != 40 || n.Repeated.Credits != 0 {
				t.Errorf("%s, %s: counts = %+v, want 40 credits, none twice", effect, name, n)
			}
			for _, a := range r.state().Advocates[1:] {
				if a.Balance != 1000 {
					t.Errorf("%s, %s: %s has %d cents, want 1000", effect, name, a.Email, a.Balance)
				}
			}
		}
	}
}

// busy gives advocate 2 a ledger of n entries of just now.
func busy(n int) *sandbox.State {
	state := sandbox.Example()
	for i := range n {
		state.Recomly.Activity = append(state.Recomly.Activity, sandbox.RecomlyActivity{
			ID: fmt.Sprint("a", i), CampaignID: "1", AdvocateID: "2", Action: "advocate.credit.adjusted", Amount: 1,
			CreatedAt: time.Now().UTC().Format(time.RFC3339Nano),
		})
	}
	return &state
}

func TestALongLedgerIsReadPageByPage(t *testing.T) {
	for _, effect := range []string{"lose-answer", "reset-before"} {
		r := newRig(t, sandbox.Options{State: busy(450), Faults: []sandbox.Fault{fault(t, "POST /campaigns/*/advocates/*/credit times=1 "+effect)}})
		r.wantStatuses(r.mustRun("advocates", crediting, "advocateId,delta\n2,500\n"), "credited")
		if n := r.counts().Credits; n != 1 {
			t.Errorf("%s: %d credits, want 1", effect, n)
		}
	}
}

func TestMoneyIsNotGivenOnAGuess(t *testing.T) {
	// The older API shows the latest hundred entries alone: where the mark is
	// not among them, and none of them is older than the write, nobody knows.
	r := newRig(t, sandbox.Options{State: busy(150), Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{OldActivity: true}},
		Faults: []sandbox.Fault{fault(t, "POST /campaigns/*/advocates/*/credit times=1 reset-before")}})
	lines := r.mustRun("advocates", crediting, "advocateId,delta\n2,500\n")
	r.wantStatuses(lines, "unknown")
	if n := r.counts().Credits; n != 0 || !strings.Contains(lines[0]["error"], "[refbulk ") {
		t.Errorf("%d credits, and the error %q; want none, and the mark to look for", n, lines[0]["error"])
	}
}

func TestWrongCreditsAreNamed(t *testing.T) {
	tests := map[string]string{
		"2,0,":                                 "is nothing",
		"2,,":                                  "is empty",
		"2,100001,":                            "more than the $1000.00",
		"2,-$1000.01,":                         "more than the $1000.00",
		"2,12.50,":                             "may be dollars or cents",
		"2,5%,":                                "is a percentage",
		",100,":                                "say who is meant",
		"2,100," + strings.Repeat("long ", 33): "may have 160",
	}
	for cells, want := range tests {
		r := newRig(t, sandbox.Options{})
		lines := r.mustRun("advocates", crediting, "advocateId,delta,note\n"+cells+"\n")
		r.wantStatuses(lines, "invalid")
		if !strings.Contains(lines[0]["error"], want) {
			t.Errorf("%q: error %q, want %q", cells, lines[0]["error"], want)
		}
	}
}
