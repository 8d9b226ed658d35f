package recomly

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/row"
)

// credit changes the advocate's balance, unless the ledger shows that a write
// whose answer was lost has done so.
func (w *advocateWork) credit(ctx context.Context, there *Advocate) (engine.Step, error) {
	absent, invalid := row.Absent, row.Invalid
	if !w.sent.IsZero() {
		absent, invalid = row.Unknown, row.Unknown // what became of the lost write stays open
	}
	switch {
	case there == nil:
		return engine.Step{Done: row.Outcome{Status: absent, Error: "the campaign has no such advocate to credit"}}, nil
	case w.id != "" && w.email != "" && !w.known.is(there, w.email):
		return engine.Step{Done: row.Outcome{Status: invalid,
			Error: fmt.Sprintf("the advocate %s does not have the address %s: one of them is wrong", w.id, w.email)}}, nil
	}
	if !w.sent.IsZero() && markOf(w.in) != "" {
		done, err := w.lookBack(ctx, there)
		if err != nil {
			return engine.Step{}, err
		}
		if done != nil {
			return engine.Step{Done: *done, Undo: w.undoCredit(there)}, nil
		}
	}
	return engine.Step{Done: row.Outcome{ID: there.ID}, Send: func(ctx context.Context) (row.Outcome, error) {
		if markOf(w.in) == "" {
			return row.Outcome{}, errNoMark
		}
		balance, status, err := w.client.Credit(ctx, w.campaign, there.ID, w.delta, creditNote(w.note, w.in))
		if gone(err) {
			return row.Outcome{Status: row.Absent, HTTPStatus: api.StatusOf(err), Error: "the campaign has no such advocate to credit"}, nil
		}
		if err != nil {
			return row.Outcome{}, err
		}
		return advocateOutcome(row.Credited, there, status, "the balance is "+dollars(balance)), nil
	}, Undo: w.undoCredit(there)}, nil
}

// clockSkew is how far apart the clocks of the vendor and of this machine are
// believed to be where an entry of the ledger has to be told from an older one
// of the same row.
const clockSkew = 10 * time.Minute

// lookBack reads the advocate's ledger for the mark of the row, back to before
// the lost write. It gives nil when the write was certainly not applied.
func (w *advocateWork) lookBack(ctx context.Context, there *Advocate) (*row.Outcome, error) {
	var exact, other *Activity
	var oldest string
	entries, first := 0, false
	reached := func() bool { return oldest != "" && !since(oldest, w.sent) }
	_, err := pages(func(token string) (Page, error) {
		page, err := w.client.ListActivity(ctx, w.campaign, there.ID, token, func(x *Activity) {
			entries++
			oldest, first = x.CreatedAt, x.Action == "advocate.enrolled"
			ours, same := ofRow(x.Memo, w.in)
			switch {
			case same && x.Amount == w.delta && since(x.CreatedAt, w.sent):
				exact = x
			case ours && !same && !before(x.CreatedAt, w.sent.Add(-clockSkew)):
				other = x
			}
		})
		if exact != nil || reached() {
			page.Next = "" // far enough
		}
		return page, err
	})
	switch {
	case err != nil:
		return nil, err
	case exact != nil:
		o := advocateOutcome(row.Credited, there, 0, "found in the ledger; the balance was "+dollars(exact.After))
		return &o, nil
	case other != nil:
		o := advocateOutcome(row.Unknown, there, 0, fmt.Sprintf("the row was changed after it was sent: the ledger has %s of it, of %s; "+
			"if that is to be kept, set the row's operation to skip", dollars(other.Amount), other.CreatedAt))
		return &o, nil
	case entries >= oldActivity && entries < activityPage && !first && !before(oldest, w.sent.Add(-clockSkew)):
		// The older API shows the latest 100 entries and no more: what was
		// before them is not known, and money is not given on a guess.
		o := advocateOutcome(row.Unknown, there, 0, "the ledger shows no further back than "+oldest+": see whether it has "+contentMark(w.in))
		return &o, nil
	}
	return nil, nil
}

// before reports whether an instant is certainly before t.
func before(instant string, t time.Time) bool {
	at, err := time.Parse(time.RFC3339Nano, instant)
	return err == nil && at.Before(t)
}

// undoCredit takes the amount off again.
func (w *advocateWork) undoCredit(there *Advocate) func(row.Outcome) map[string]string {
	return func(row.Outcome) map[string]string {
		return map[string]string{
			"operation": credit, "campaignId": w.campaign, "advocateId": there.ID,
			"delta": strconv.FormatInt(-w.delta, 10), "note": "takes back " + dollars(w.delta),
		}
	}
}
