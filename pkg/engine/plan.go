package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/batch"
	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/retry"
	"github.com/refbulk/refbulk/pkg/row"
)

// Forecast is what a run would do.
type Forecast struct {
	Statuses map[row.Status]int // of every row that a run would reach, settled ones included
	Writes   int                // that a run would send
	Reads    int                // that it would make beside its look-ups
	Notify   int                // people the vendor would write to
	Missing  int                // absent where that is an error
	Doubts   []Cause            // what rows would do that may be meant otherwise
}

// foreseen is what a run would make of one row.
type foreseen struct {
	row    int
	status row.Status
	writes int
	reads  int // beside the look-ups
	notify int
	doubt  *problem // that a row is meant so; nil for none
	wrong  *problem // with a row to mend, beside what the survey has noted; nil for none

	invalid *ledger.Entry // of a row that a look shows to be so
}

// mustMend keeps why somebody has to mend the row.
func (f *foreseen) mustMend(at row.Position, why string) {
	f.wrong = &problem{at, row.Problem{Reason: why}}
}

// Plan finds out what Run would do, by the same look-ups and without a write.
// Rows that wait for others which are still to be sent are taken to succeed
// like those.
func (e *Engine) Plan(calls, intake context.Context, s *Survey) (Forecast, error) {
	f := Forecast{Statuses: map[row.Status]int{}}
	queue, stop := context.WithCancelCause(intake)
	defer stop(nil)
	r := &run{Engine: e, survey: s, queue: queue, stop: stop, progress: e.options.Progress}
	if s.Due > 0 {
		if err := e.options.Resource.Prepare(s.Due, e.Try(calls, queue)); err != nil {
			return f, err
		}
	}
	if e.options.Strict && s.Due > 0 && !r.heldBack() {
		if err := r.lookFirst(calls, func(ledger.Entry) error { return nil }); err != nil {
			return f, err
		}
	}
	for r := 1; r <= s.Rows; r++ {
		status := s.status[r-1]
		if status != row.Pending {
			f.Statuses[status]++
		}
		if status == row.Absent && s.facts[r-1]&mustExist != 0 {
			f.Missing++
		}
	}
	return f, r.foreseeAll(calls, &f, func(ledger.Entry) error { return nil })
}

// foreseeAll plans wave after wave. Invalid is called with the entry of each row
// that only a look shows to be so, by one goroutine.
func (r *run) foreseeAll(calls context.Context, f *Forecast, invalid func(ledger.Entry) error) error {
	for wave, rows := range r.survey.waves {
		if rows == 0 {
			continue
		}
		if err := r.foresee(calls, wave, f, invalid); err != nil {
			return err
		}
		if r.queue.Err() != nil {
			return context.Cause(r.queue)
		}
	}
	return nil
}

// foresee plans the rows of one wave. Those of which the survey knows all are
// not read again.
func (r *run) foresee(calls context.Context, wave int, f *Forecast, invalid func(ledger.Entry) error) error {
	left := 0
	for n := 1; n <= r.survey.Rows; n++ {
		if r.survey.status[n-1] != row.Pending || r.survey.order.Wave(n) != wave {
			continue
		}
		if seen, known := r.foreseen(n); known {
			r.forecast(f, seen)
		} else {
			left++
		}
	}
	if left == 0 || r.heldBack() {
		return nil
	}
	return batch.Pool[row.Intent, foreseen]{
		Workers: r.options.Workers,
		Produce: r.produce(func(n int) bool { return r.survey.order.Wave(n) == wave && !r.waitsBeyond(n) }),
		Work: func(calls context.Context, in row.Intent, out *batch.Recorder[foreseen]) error {
			seen, err := r.foreseeRow(calls, &in)
			if err != nil {
				var stop *retry.Stop
				if errors.As(err, &stop) {
					r.stop(stop)
				}
				return err
			}
			out.Put(seen)
			return nil
		},
		Commit: func(all []foreseen) error {
			for _, seen := range all {
				r.forecast(f, seen)
				if seen.invalid == nil {
					continue
				}
				if err := invalid(*seen.invalid); err != nil {
					return err
				}
			}
			return nil
		},
	}.Run(calls, r.queue)
}

// forecast adds a row to the forecast.
func (r *run) forecast(f *Forecast, seen foreseen) {
	r.survey.status[seen.row-1] = seen.status
	if seen.status.Wrote() || r.touchedBefore(seen.row) != 0 {
		r.survey.facts[seen.row-1] |= touched
	}
	f.Statuses[seen.status]++
	f.Writes += seen.writes
	f.Reads += seen.reads
	f.Notify += seen.notify
	if seen.wrong != nil {
		r.survey.addProblem(seen.wrong.Position, seen.wrong.Problem)
	}
	if seen.doubt != nil {
		count(&f.Doubts, seen.doubt.Position, seen.doubt.Problem)
	}
	if seen.status == row.Absent && r.survey.facts[seen.row-1]&mustExist != 0 {
		f.Missing++
	}
	if r.progress != nil {
		r.progress.Done(seen.status)
	}
}

// foreseen plans a row by what the survey knows, if that is all there is to
// know.
func (r *run) foreseen(n int) (seen foreseen, known bool) {
	if status, waits := r.stands(n); status != row.Pending {
		seen = foreseen{row: n, status: status}
		if status == row.Blocked {
			why := "waits for another row of the file that has to be mended"
			if waits == 0 {
				why = held("write")
			}
			seen.mustMend(row.Position{Row: n}, why)
		}
		return seen, true
	}
	would := r.survey.would.At(n - 1)
	if would == row.Pending || r.heldBack() || r.waitsBeyond(n) || r.touchedBefore(n) != 0 || r.lost(r.survey, n) {
		return seen, false
	}
	seen = foreseen{row: n, status: would, writes: 1}
	if r.survey.facts[n-1]&notifies != 0 {
		seen.notify = 1
	}
	return seen, true
}

// touchedBefore gives the row before row n whose target is the same, when the
// run would have changed that by then: no look shows what row n meets. It gives
// 0 when a look does.
func (r *run) touchedBefore(n int) int {
	before, _ := r.survey.order.WaitsFor(n)
	for before != 0 && r.survey.facts[before-1]&settledBefore != 0 {
		before, _ = r.survey.order.WaitsFor(before) // the run passes it over
	}
	if before == 0 || r.survey.facts[before-1]&touched == 0 {
		return 0
	}
	return before
}

// after plans a row whose target the run would have changed up to the row
// before: by then it is there, unless that row found or left it gone.
func (r *run) after(before int, in *row.Intent) foreseen {
	seen := foreseen{row: in.Row, status: in.Would}
	gone := r.survey.status[before-1] == row.Deleted || r.survey.status[before-1] == row.Absent
	switch {
	case gone && !in.Makes:
		seen.status = row.Absent
	case !gone && in.Meets != row.Pending:
		seen.status = in.Meets
	}
	if seen.status.Wrote() || in.Blind {
		seen.writes = 1
	}
	if seen.status == in.Would {
		seen.writes, seen.notify = max(seen.writes, in.Writes), in.Notifies
	}
	if seen.status.NeedsMending() {
		seen.mustMend(in.Position, fmt.Sprintf("row %d creates the same target before it", before))
	}
	return seen
}

// foreseeRow plans one row that can be sent.
func (r *run) foreseeRow(calls context.Context, in *row.Intent) (foreseen, error) {
	seen := foreseen{row: in.Row}
	r.brief(in)
	in.Planned = true
	if before := r.touchedBefore(in.Row); before != 0 {
		return r.after(before, in), nil
	}
	s := sending{run: r, in: in}
	lost, same, err := s.lostBefore()
	if err != nil {
		return seen, err
	}
	if !same {
		lost = time.Time{}
	}
	var step Step
	err = r.options.Loop.Do(calls, r.queue, func(ctx context.Context) (err error) {
		step, err = r.look(ctx, in, lost)
		return asRead(err)
	})
	var gaveUp *retry.GaveUp
	switch {
	case api.VerdictOf(err) == api.Refused:
		step.Done = row.Outcome{Status: row.Rejected, Error: err.Error()}
	case errors.As(err, &gaveUp):
		step.Done = row.Outcome{Status: row.Failed, Error: err.Error()}
	case err != nil:
		return seen, err
	}
	seen.status = step.Done.Status
	if seen.status.NeedsMending() {
		seen.mustMend(in.Position, step.Done.Error)
	}
	if seen.status == row.Invalid {
		entry := r.entry(in, step.Done)
		seen.invalid = &entry
	}
	if step.Doubt != nil {
		seen.doubt = &problem{in.Position, *step.Doubt}
	}
	if step.Send != nil {
		seen.writes, seen.reads = max(1, step.Writes), step.Reads
		if seen.status == row.Pending {
			seen.status = in.Would
		}
		if seen.status == in.Would {
			seen.notify = in.Notifies
		}
	}
	return seen, nil
}
