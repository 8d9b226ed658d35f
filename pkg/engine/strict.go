package engine

import (
	"context"
	"slices"

	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/row"
)

// heldBack reports whether nothing is sent because the file has invalid rows.
func (r *run) heldBack() bool { return r.options.Strict && r.survey.Invalid > 0 }

// lookFirst plans all that is due before anything is sent, because one row that
// only a look shows to be invalid holds everything back. Those rows are recorded.
func (r *run) lookFirst(calls context.Context) error {
	trial := *r.survey
	trial.status, trial.facts, trial.Causes = slices.Clone(trial.status), slices.Clone(trial.facts), slices.Clone(trial.Causes)
	plan := &run{Engine: r.Engine, survey: &trial, queue: r.queue, stop: r.stop}
	return plan.foreseeAll(calls, &Forecast{Statuses: map[row.Status]int{}}, func(invalid ledger.Entry) error {
		r.survey.status[invalid.Row-1] = row.Invalid
		r.survey.Invalid++
		return r.options.Ledger.Append([]ledger.Entry{invalid}, false)
	})
}
