package engine

import (
	"context"
	"errors"

	"github.com/refbulk/refbulk/pkg/batch"
	"github.com/refbulk/refbulk/pkg/retry"
	"github.com/refbulk/refbulk/pkg/row"
)

// Forecast is what a run would do.
type Forecast struct {
	Statuses map[row.Status]int // of every row, settled ones included
	Writes   int                // that a run would send
	Notify   int                // people the vendor would write to
	Missing  int                // absent where that is an error
}

// foreseen is what a run would make of one row.
type foreseen struct {
	row    int
	status row.Status
	writes bool
	notify int
}

// Plan finds out what Run would do, by the same look-ups and without a write.
// Rows that wait for others which are still to be sent are taken to succeed
// like those.
func (e *Engine) Plan(calls, intake context.Context, s *Survey) (Forecast, error) {
	f := Forecast{Statuses: map[row.Status]int{}}
	queue, stop := context.WithCancelCause(intake)
	defer stop(nil)
	r := &run{Engine: e, survey: s, queue: queue, stop: stop}
	if s.Due > 0 {
		if err := e.options.Resource.Prepare(calls, s.Due, e.Try(calls, queue)); err != nil {
			return f, err
		}
	}
	for r := 1; r <= s.Rows; r++ {
		if status := s.status[r-1]; status != row.Pending {
			f.Statuses[status]++
		}
	}
	for wave, rows := range s.waves {
		if rows == 0 {
			continue
		}
		if err := r.foresee(calls, wave, &f); err != nil {
			return f, err
		}
		if queue.Err() != nil {
			return f, context.Cause(queue)
		}
	}
	return f, nil
}

// foresee plans the rows of one wave. Those of which the survey knows all are
// not read again.
func (r *run) foresee(calls context.Context, wave int, f *Forecast) error {
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
		Produce: r.produce(wave, func(n int) bool { return !r.waitsBeyond(n) }),
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
			}
			return nil
		},
	}.Run(calls, r.queue)
}

// forecast adds a row to the forecast.
func (r *run) forecast(f *Forecast, seen foreseen) {
	r.survey.status[seen.row-1] = seen.status
	f.Statuses[seen.status]++
	if seen.writes {
		f.Writes++
	}
	f.Notify += seen.notify
	if seen.status == row.Absent && r.survey.facts[seen.row-1]&mustExist != 0 {
		f.Missing++
	}
	if r.options.Progress != nil {
		r.options.Progress.Done(seen.status)
	}
}

// foreseen plans a row by what the survey knows, if that is all there is to
// know.
func (r *run) foreseen(n int) (seen foreseen, known bool) {
	if status, _ := r.stands(n); status != row.Pending {
		return foreseen{row: n, status: status}, true
	}
	would := r.survey.would.At(n - 1)
	if would == row.Pending || r.heldBack() || r.waitsBeyond(n) || r.repeated(n) || r.lost(r.survey, n) {
		return seen, false
	}
	seen = foreseen{row: n, status: would, writes: true}
	if r.survey.facts[n-1]&notifies != 0 {
		seen.notify = 1
	}
	return seen, true
}

// repeated reports whether the run would change the row's target before.
func (r *run) repeated(n int) bool {
	before, _ := r.survey.order.WaitsFor(n)
	return before != 0 && r.survey.status[before-1].Wrote() && r.survey.facts[before-1]&settledBefore == 0
}

// foreseeRow plans one row that can be sent.
func (r *run) foreseeRow(calls context.Context, in *row.Intent) (foreseen, error) {
	seen := foreseen{row: in.Row}
	in.Awaited, in.Mark = r.survey.order.Awaited(in.Row), r.mark(in.Row)
	if r.repeated(in.Row) {
		before, _ := r.survey.order.WaitsFor(in.Row)
		seen.status, seen.writes, seen.notify = in.Would, true, in.Notifies
		if in.Makes && r.survey.facts[before-1]&makes != 0 {
			seen.status, seen.writes, seen.notify = row.Exists, false, 0
		}
		return seen, nil
	}
	s := sending{run: r, in: in}
	lost, err := s.lostBefore()
	if err != nil {
		return seen, err
	}
	var step Step
	err = r.options.Loop.Do(calls, r.queue, func(ctx context.Context) (err error) {
		step, err = r.options.Resource.Look(ctx, in, lost)
		return asRead(err)
	})
	if err != nil {
		return seen, err
	}
	seen.status = step.Done.Status
	if step.Send != nil {
		seen.writes, seen.notify = true, in.Notifies
		if seen.status == row.Pending {
			seen.status = in.Would
		}
	}
	return seen, nil
}
