package referralfactory

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// RewardOptions say how rows of rewards are read.
type RewardOptions struct {
	Operation string // of rows that do not say; "" = none, they have to
	Mappings  []fields.Mapping
	Log       *slog.Logger // nil = nowhere
}

// Rewards is the resource "rewards" of an import. Make it with NewRewards,
// call Open before all else, and Match with the file's header before Intents.
type Rewards struct {
	client  *Client
	options RewardOptions
	columns fields.Columns
	index   *rewardIndex
}

var _ Resource = (*Rewards)(nil)

// NewRewards checks the options. An operation of other resources, such as the
// one that is taken when nobody says any, is none.
func NewRewards(client *Client, o RewardOptions) (*Rewards, error) {
	if o.Operation == create {
		o.Operation = ""
	}
	if o.Operation != "" && !slices.Contains(RewardOperations, o.Operation) {
		return nil, fmt.Errorf("--operation %q is not an operation of rewards; use one of %s", o.Operation, strings.Join(RewardOperations, ", "))
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Rewards{client: client, options: o, index: newRewardIndex(client)}, nil
}

// ReadsFirst reports that the token is tried before anything is sent.
func (r *Rewards) ReadsFirst([]string) bool { return true }

// Open makes the first call: the one that shows whether the token is good.
func (r *Rewards) Open(try engine.Try) error { return try(r.Probe) }

// Probe asks for one page of campaigns.
func (r *Rewards) Probe(ctx context.Context) error {
	_, err := r.client.ListCampaigns(ctx, 1)
	return err
}

// Match finds the field of every heading.
func (r *Rewards) Match(headers []string) (fields.Columns, error) {
	columns, err := fields.Match(headers, rewardFields, nil, r.options.Mappings)
	if err != nil {
		return columns, err
	}
	var missing []string
	if !columns.Has("id") && !columns.Has("target") {
		missing = append(missing, "a column with the numbers of the rewards (id)")
	}
	if r.options.Operation == "" && !columns.Has("operation") {
		missing = append(missing, "what to do (--operation issue or --operation cancel, or a column operation)")
	}
	if len(missing) > 0 {
		return columns, fmt.Errorf("the file lacks what rewards need: %s\n  its columns are %s\n  if one of them holds it, say so with --map 'HEADER=field'",
			strings.Join(missing, "; "), quoted(headers))
	}
	r.columns = columns
	return columns, nil
}

// UndoColumns are the fields of the rows that stand for what was done.
func (r *Rewards) UndoColumns() []string { return []string{"operation", "id", "metric", "note"} }

// Prepare reads what is due: the API has no call for one reward.
func (r *Rewards) Prepare(_ int, try engine.Try) error { return r.index.list(try) }

// Look finds out how the reward stands and decides what is left to do. After a
// lost answer what decides is what is due now.
func (r *Rewards) Look(ctx context.Context, in *row.Intent, sent time.Time) (engine.Step, error) {
	w := &rewardWork{rewards: r, payout: in.Payload.(*payout), sent: !sent.IsZero()}
	find := r.index.known
	if w.sent || in.InDoubt {
		find = r.index.ask
	}
	found, err := find(ctx, w.id)
	if err != nil {
		return engine.Step{}, err
	}
	return w.step(found), nil
}

// rewardWork is one row against how its reward stands.
type rewardWork struct {
	*payout
	rewards *Rewards
	sent    bool // a write of this row left, and its answer was lost
}

// done is what the row ends as when its write succeeds.
func (w *rewardWork) done() row.Status {
	if w.operation == cancel {
		return row.Cancelled
	}
	return row.Issued
}

// step decides what is left to do. A reward that is not due is never sent, and
// one that was due before a write whose answer was lost, and is not any more,
// was settled by that write.
func (w *rewardWork) step(at position) engine.Step {
	found, issuing := at.standing, w.operation == issue
	switch {
	case at.metric != "" && w.metric != "" && at.metric != w.metric:
		return w.end(row.Invalid, fmt.Sprintf("is a reward of the metric %s, and the row says %s: one of them is wrong", at.metric, w.metric))
	case found == owed, found == held && !issuing:
		return engine.Step{Done: w.outcome(w.done(), ""), Send: w.send, Undo: w.undo}
	case found == held:
		return w.end(row.Invalid, "is due, but the API says that it cannot be issued yet")
	case found == issued && issuing && w.sent:
		return w.end(row.Issued, "")
	case found == issued && issuing:
		return w.end(row.Unchanged, "was issued before")
	case found == issued && w.sent:
		return w.end(row.Rejected, "was issued, and not cancelled")
	case found == issued:
		return w.end(row.Invalid, "was issued before, which cannot be cancelled")
	case w.sent && issuing:
		return w.end(row.Issued, "is not due any more; the list of issued rewards does not show this number")
	case w.sent:
		return w.end(row.Cancelled, "")
	}
	return w.end(row.Absent, "no reward of this number is due")
}

// end is a step with nothing left to send.
func (w *rewardWork) end(status row.Status, remark string) engine.Step {
	return engine.Step{Done: w.outcome(status, remark), Undo: w.undo}
}

func (w *rewardWork) outcome(status row.Status, remark string) row.Outcome {
	return row.Outcome{Status: status, ID: strconv.FormatInt(w.id, 10), Error: remark}
}

// send issues or cancels. A refusal may mean that the reward is not due any
// more.
func (w *rewardWork) send(ctx context.Context) (row.Outcome, error) {
	call, after := w.rewards.client.IssueReward, position{standing: issued}
	if w.operation == cancel {
		call, after = w.rewards.client.CancelReward, position{}
	}
	status, err := call(ctx, w.id)
	switch {
	case refusedWith(err, http.StatusNotFound, http.StatusGone, http.StatusConflict, http.StatusUnprocessableEntity):
		return w.refused(ctx, err)
	case err != nil:
		return row.Outcome{}, err
	}
	w.rewards.index.set(w.id, after)
	o := w.outcome(w.done(), "")
	o.HTTPStatus = status
	return o, nil
}

// refused finds out how a reward stands that the API would not settle.
func (w *rewardWork) refused(ctx context.Context, refusal error) (row.Outcome, error) {
	found, err := w.rewards.index.ask(ctx, w.id)
	if err != nil {
		return row.Outcome{}, err
	}
	if found.standing == owed || found.standing == held {
		return row.Outcome{}, refusal
	}
	o := w.step(found).Done
	o.HTTPStatus = api.StatusOf(refusal)
	if o.Status == row.Invalid { // something was sent
		o.Status = row.Rejected
	}
	return o, nil
}

// undo is the record of what was done: nothing takes it back.
func (w *rewardWork) undo(o row.Outcome) map[string]string {
	if o.Status != row.Pending && !o.Status.Wrote() && o.Status != row.Unknown {
		return nil
	}
	note := "was issued, which cannot be taken back here: settle it with the person"
	if w.operation == cancel {
		note = "was cancelled, which cannot be taken back"
	}
	return map[string]string{"operation": skip, "id": strconv.FormatInt(w.id, 10), "metric": w.metric, "note": note}
}
