package referralfactory

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// Rewards of the account that these tests begin with: two amounts and a coupon
// are due, of which one cannot be issued yet; one was issued.
const (
	dueAmount = 1
	heldBack  = 2
	dueCoupon = 3
	paid      = 4
)

func owing() *sandbox.State {
	s := people()
	s.Rewards = []sandbox.Reward{
		{ID: 11, CampaignID: 1, Name: "Ten", Metric: "amount", RewardFor: Referring, Value: 10},
		{ID: 12, CampaignID: 2, Name: "A coupon", Metric: "coupon", RewardFor: Invited},
	}
	due := func(id, reward int64, can bool) sandbox.DueReward {
		return sandbox.DueReward{ID: id, RewardID: reward, RecipientID: rita, LeadID: quin, CanBeIssued: can, Count: 1, Total: 10}
	}
	s.Due = []sandbox.DueReward{due(dueAmount, 11, true), due(heldBack, 11, false), due(dueCoupon, 12, true)}
	s.Due[2].Coupon = "CPN-1"
	s.Issued = []sandbox.IssuedReward{{DueReward: due(paid, 11, true), IssuedAt: "2026-01-05", Status: "issued"}}
	s.NextReward = 101
	return s
}

// till is an import of rewards into such an account.
type till struct {
	*world
	rewards *Rewards
}

func newTill(t *testing.T, b sandbox.Behaviour, operation string) *till {
	t.Helper()
	server := sandbox.New(sandbox.Options{State: owing(), Behaviour: b, Limit: -1})
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if unhit := server.UnhitFaults(); len(unhit) > 0 {
			t.Errorf("faults that never hit: %v", unhit)
		}
	})
	gate := pace.New(pace.Options{})
	t.Cleanup(func() { gate.Close() })
	client, err := NewClient(api.Config{BaseURL: "https://api.example.com" + sandbox.BasePath, Token: "secret", Gate: gate, Transport: server.Transport()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	w := &till{world: &world{T: t, server: server, client: client}}
	if w.rewards, err = NewRewards(client, RewardOptions{Operation: operation}); err != nil {
		t.Fatal(err)
	}
	if err := w.rewards.Open(w.try); err != nil {
		t.Fatal(err)
	}
	return w
}

// rows reads a file as an import does; a slash ends the header, a semicolon a
// row.
func (w *till) rows(text string) (all []row.Intent) {
	w.Helper()
	path := filepath.Join(w.TempDir(), "rewards.csv")
	if err := os.WriteFile(path, []byte(strings.NewReplacer("/", "\n", ";", "\n").Replace(text)), 0o600); err != nil {
		w.Fatal(err)
	}
	file, err := sheet.Open(path, sheet.Options{Known: KnownFields(RewardsName, nil)})
	if err != nil {
		w.Fatal(err)
	}
	defer file.Close()
	if _, err := w.rewards.Match(file.Header()); err != nil {
		w.Fatal(err)
	}
	pass, err := file.Rows()
	if err != nil {
		w.Fatal(err)
	}
	intents, err := w.rewards.Intents(pass)
	if err != nil {
		w.Fatal(err)
	}
	defer intents.Close()
	for {
		in, err := intents.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			w.Fatal(err)
		}
		all = append(all, in)
	}
}

// settle takes a row to its outcome in the way of the engine.
func (w *till) settle(in row.Intent, sent time.Time) (o row.Outcome, undo map[string]string) {
	w.Helper()
	if len(in.Problems) > 0 {
		return row.Outcome{Status: row.Invalid, Error: row.Explain(in.Problems)}, nil
	}
	for range 5 {
		step, err := w.rewards.Look(w.Context(), &in, sent)
		if err != nil {
			w.Fatalf("Look: %v", err)
		}
		if step.Send == nil {
			return step.Done, step.Undo(step.Done)
		}
		left := time.Now()
		for {
			o, err = step.Send(w.Context())
			if v := api.VerdictOf(err); v != api.Again && v != api.Wait {
				break
			}
		}
		switch api.VerdictOf(err) {
		case api.Unknown:
			sent = left
			continue
		case api.Refused:
			o = row.Outcome{Status: row.Rejected, Error: err.Error()}
		default:
			if err != nil {
				w.Fatalf("Send: %v", err)
			}
		}
		return o, step.Undo(o)
	}
	w.Fatal("the row was sent five times and has no outcome")
	return o, nil
}

func TestARewardIsSettledOnlyWhenItIsDue(t *testing.T) {
	for _, test := range []struct {
		name, operation, file string
		behaviour             sandbox.Behaviour
		status                row.Status
		says                  string
		writes                int
	}{
		{name: "due", operation: issue, file: "id/1", status: row.Issued, writes: 1},
		{name: "due, of its metric", operation: issue, file: "id,metric/3,coupon", status: row.Issued, writes: 1},
		{name: "due, of another metric", operation: issue, file: "id,metric/3,amount", status: row.Invalid, says: "metric coupon, and the row says amount"},
		{name: "named as results name it", operation: issue, file: "target/reward:1", status: row.Issued, writes: 1},
		{name: "not to be issued yet", operation: issue, file: "id/2", status: row.Invalid, says: "cannot be issued yet"},
		{name: "not to be issued, but cancelled", operation: cancel, file: "id/2", status: row.Cancelled, writes: 1},
		{name: "due, to be cancelled", operation: cancel, file: "id/1", status: row.Cancelled, writes: 1},
		{name: "issued before", operation: issue, file: "id/4", status: row.Unchanged, says: "was issued before"},
		{name: "issued before, where a second issue pays", operation: issue, file: "id/4", behaviour: sandbox.Behaviour{IssueTwice: sandbox.IssueTwicePays},
			status: row.Unchanged, says: "was issued before"},
		{name: "issued before, to be cancelled", operation: cancel, file: "id/4", status: row.Invalid, says: "cannot be cancelled"},
		{name: "nowhere", operation: issue, file: "id/99", status: row.Absent, says: "no reward of this number is due"},
		{name: "nowhere, to be cancelled", operation: cancel, file: "id/99", status: row.Absent, says: "no reward of this number is due"},
		{name: "the row says", file: "operation,id/cancel,1", status: row.Cancelled, writes: 1},
		{name: "ids in quotes", operation: issue, behaviour: sandbox.Behaviour{LooseTypes: true}, file: "id/1", status: row.Issued, writes: 1},
		{name: "no number", operation: issue, file: "id,metric/,amount", status: row.Invalid, says: "is empty; name the reward by its number"},
		{name: "a rounded number", operation: issue, file: "id/1.23E+05", status: row.Invalid, says: "rounded"},
		{name: "no metric", operation: issue, file: "id,metric/1,gold", status: row.Invalid, says: "is not a metric"},
		{name: "no operation", file: "operation,id/pay,1", status: row.Invalid, says: "is not an operation of rewards"},
		{name: "nothing said", file: "operation,id/,1", status: row.Invalid, says: "is not an operation of rewards"},
		{name: "an explanation", file: "operation,id,metric/skip,the number,the metric", status: row.Skipped},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newTill(t, test.behaviour, test.operation)
			if err := w.rewards.Prepare(1, w.try); err != nil {
				t.Fatal(err)
			}
			in := w.rows(test.file)[0]
			if in.Skip {
				if test.status != row.Skipped || in.Problems != nil || in.Asks {
					t.Errorf("the row is skipped, with %v", in.Problems)
				}
				return
			}
			got, undo := w.settle(in, time.Time{})
			if got.Status != test.status || !strings.Contains(got.Error, test.says) || test.says == "" && got.Error != "" {
				t.Errorf("%v (%s), want %v (%s)", got.Status, got.Error, test.status, test.says)
			}
			if len(in.Problems) == 0 && (!in.Once || !in.Asks) {
				t.Error("the row would be repeated, or nobody asked")
			}
			if n := w.server.Counts().Writes; n != test.writes {
				t.Errorf("%d writes, want %d", n, test.writes)
			}
			if got.Status.Wrote() != (undo != nil) || undo != nil && (undo["operation"] != skip || !strings.Contains(undo["note"], "cannot be taken back")) {
				t.Errorf("undo of %v: %v", got.Status, undo)
			}
		})
	}
}

// A lost answer is decided by what is due now, in this run or the next: money
// leaves once, even where the API would pay again.
func TestALostAnswerPaysOnce(t *testing.T) {
	for _, test := range []struct {
		operation, fault string
		status           row.Status
		writes           int
		commits          sandbox.Commits
	}{
		{issue, "POST /rewards/issue/1 times=1 lose-answer", row.Issued, 1, sandbox.Commits{Issues: 1}},
		{issue, "POST /rewards/issue/1 times=1 reset-before", row.Issued, 2, sandbox.Commits{Issues: 1}},
		{issue, "POST /rewards/issue/1 times=1 status=502", row.Issued, 2, sandbox.Commits{Issues: 1}},
		{issue, "POST /rewards/issue/1 times=1 status=429", row.Issued, 2, sandbox.Commits{Issues: 1}},
		{issue, "POST /rewards/issue/1 times=2 reset-before", row.Issued, 3, sandbox.Commits{Issues: 1}},
		{cancel, "POST /rewards/cancel/1 times=1 lose-answer", row.Cancelled, 1, sandbox.Commits{Cancels: 1}},
		{cancel, "POST /rewards/cancel/1 times=1 status=504", row.Cancelled, 2, sandbox.Commits{Cancels: 1}},
	} {
		t.Run(test.operation+" "+test.fault, func(t *testing.T) {
			w := newTill(t, sandbox.Behaviour{IssueTwice: sandbox.IssueTwicePays}, test.operation)
			if err := w.rewards.Prepare(1, w.try); err != nil {
				t.Fatal(err)
			}
			if err := w.server.AddFaults(faults(t, test.fault)...); err != nil {
				t.Fatal(err)
			}
			got, undo := w.settle(w.rows("id/1")[0], time.Time{})
			if got.Status != test.status || undo["operation"] != skip {
				t.Errorf("%v (%s), want %v; undo %v", got.Status, got.Error, test.status, undo)
			}
			c := w.server.Counts()
			if c.Commits != test.commits || c.Repeated.Issues != 0 || c.Writes != test.writes {
				t.Errorf("%d writes made %+v and %d second payments, want %d and %+v", c.Writes, c.Commits, c.Repeated.Issues, test.writes, test.commits)
			}
		})
	}
}

// A run after a crash knows of a row only that its write left.
func TestARunAfterACrashAsksWhatIsDue(t *testing.T) {
	for _, test := range []struct {
		operation, file string
		status          row.Status
		writes          int
	}{
		{issue, "id/4", row.Issued, 0},
		{issue, "id/1", row.Issued, 1},
		{issue, "id/99", row.Issued, 0}, // it was due when it was sent
		{cancel, "id/99", row.Cancelled, 0},
		{cancel, "id/4", row.Rejected, 0},
		{cancel, "id/1", row.Cancelled, 1},
	} {
		w := newTill(t, sandbox.Behaviour{IssueTwice: sandbox.IssueTwicePays}, test.operation)
		got, _ := w.settle(w.rows(test.file)[0], time.Now())
		if n := w.server.Counts().Writes; got.Status != test.status || n != test.writes {
			t.Errorf("%s of %s: %v (%s) with %d writes, want %v with %d", test.operation, test.file, got.Status, got.Error, n, test.status, test.writes)
		}
	}
}

// Somebody else may settle a reward while a run goes on.
func TestARewardThatSomebodyElseSettles(t *testing.T) {
	for _, twice := range []sandbox.IssueTwice{sandbox.IssueTwiceMissing, sandbox.IssueTwiceInvalid} {
		w := newTill(t, sandbox.Behaviour{IssueTwice: twice}, "")
		if err := w.rewards.Prepare(3, w.try); err != nil {
			t.Fatal(err)
		}
		rows := w.rows("operation,id/issue,1;cancel,3")
		for _, id := range []int64{1, 3} {
			if _, err := w.client.IssueReward(w.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		for i, want := range []row.Status{row.Unchanged, row.Rejected} {
			if got, undo := w.settle(rows[i], time.Time{}); got.Status != want || undo != nil {
				t.Errorf("row %d: %v (%s), want %v; undo %v", i+1, got.Status, got.Error, want, undo)
			}
		}
		if n := w.server.Counts().Commits.Issues; n != 2 {
			t.Errorf("%d rewards were issued, want the 2 of somebody else", n)
		}
	}
}

// Nothing was applied of a call that the API put off, nor of one that it
// refused.
func TestWhatSomebodyElseSettlesIsNotOursAfterATryThatDidNothing(t *testing.T) {
	for _, fault := range []string{"POST /rewards/issue/1 times=1 status=429", "GET /rewards/issued/amount times=1 status=503"} {
		for _, test := range []struct {
			settle func(*Client, context.Context, int64) (int, error)
			want   row.Status
		}{{(*Client).IssueReward, row.Unchanged}, {(*Client).CancelReward, row.Absent}} {
			w := newTill(t, sandbox.Behaviour{IssueTwice: sandbox.IssueTwiceMissing}, issue)
			if err := w.rewards.Prepare(1, w.try); err != nil {
				t.Fatal(err)
			}
			if _, err := test.settle(w.client, w.Context(), dueAmount); err != nil {
				t.Fatal(err)
			}
			if err := w.server.AddFaults(faults(t, fault)...); err != nil {
				t.Fatal(err)
			}
			if got, undo := w.settle(w.rows("id/1")[0], time.Time{}); got.Status != test.want || undo != nil {
				t.Errorf("%s: %v (%s), want %v; undo %v", fault, got.Status, got.Error, test.want, undo)
			}
		}
	}
}

// The lists are read once: four for what is due, and those of what was issued
// when a row asks for something that is not due.
func TestRewardsAreLookedUpInLists(t *testing.T) {
	w := newTill(t, sandbox.Behaviour{}, issue)
	if err := w.rewards.Prepare(20, w.try); err != nil {
		t.Fatal(err)
	}
	if reads := w.server.Counts().Reads; reads != 1+len(Metrics) {
		t.Errorf("%d reads, want %d", reads, 1+len(Metrics))
	}
	if err := w.server.AddFaults(faults(t, "GET /rewards/issued/coupon times=1 status=503")...); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		in := w.rows(fmt.Sprintf("id/%d", 50+i))[0]
		if _, err := w.rewards.Look(w.Context(), &in, time.Time{}); (err != nil) != (i == 0) {
			t.Fatalf("Look %d: %v", i+1, err)
		}
	}
	if reads, want := w.server.Counts().Reads, 1+2*len(Metrics)+1; reads != want { // one page was read again
		t.Errorf("%d reads after 20 rows that are not due, want %d", reads, want)
	}
}

func TestAFileOfRewardsHasToSayWhatToDo(t *testing.T) {
	w := newTill(t, sandbox.Behaviour{}, create) // what is taken when nobody says any
	if _, err := w.rewards.Match([]string{"id", "metric"}); err == nil || !strings.Contains(err.Error(), "--operation issue") {
		t.Errorf("Match without an operation: %v", err)
	}
	if _, err := w.rewards.Match([]string{"operation", "reward_id"}); err == nil || !strings.Contains(err.Error(), "(id)") {
		t.Errorf("Match with the number of the promise alone: %v", err)
	}
	if _, err := NewRewards(w.client, RewardOptions{Operation: qualify}); err == nil {
		t.Error("NewRewards takes qualify")
	}
}
