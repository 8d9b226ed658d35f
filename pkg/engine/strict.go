package engine

import (
	"context"
	"slices"

	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/row"
)

// heldBack reports whether nothing is sent because the file has invalid rows.
func (r *run) heldBack() bool { return r.options.Strict && r.survey.Invalid > 0 }

// lookFirst looks at all that is due before anything is sent, because one row
// that only a look shows to be invalid holds everything back. Record is called
// with the entry of each such row. The looks count for nothing later: who is
// there may have changed by the time that a row is sent. Rows that an earlier run
// sent without seeing an answer are left out, for they are not looked at before
// the answer can come no more.
func (r *run) lookFirst(calls context.Context, record func(ledger.Entry) error) error {
	trial := *r.survey
	trial.status, trial.facts, trial.Causes = slices.Clone(trial.status), slices.Clone(trial.facts), slices.Clone(trial.Causes)
	for n := 1; n <= trial.Rows; n++ {
		if trial.status[n-1] == row.Pending && r.lost(r.survey, n) {
			trial.status[n-1] = row.Unknown
		}
	}
	plan := &run{Engine: r.Engine, survey: &trial, queue: r.queue, stop: r.stop}
	err := plan.foreseeAll(calls, &Forecast{Statuses: map[row.Status]int{}}, func(invalid ledger.Entry) error {
		r.survey.status[invalid.Row-1] = row.Invalid
		r.survey.Invalid++
		return record(invalid)
	})
	if r.heldBack() {
		r.survey.Causes = trial.Causes
	}
	return err
}
