// Package engine takes the rows of a file to an API, each once: it surveys
// the file, sends what is due wave after wave through a pool of workers, and
// records every outcome before its worker makes another call. It knows no
// vendor; what it needs of one is the interface Resource.
//
// A row's failure is an outcome. An error ends the run: the file cannot be
// read, the results cannot be written, or there is a reason to stop.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/refbulk/refbulk/pkg/batch"
	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/retry"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// Options say what to run and how.
type Options struct {
	Rows     func() (*sheet.Rows, error) // starts a pass over the file
	Resource Resource
	Ledger   *ledger.Ledger
	Loop     *retry.Loop
	Progress Progress     // nil = nobody watches
	Log      *slog.Logger // nil = nowhere

	// Name tells this file's rows from those of another, in the marks that
	// rows are given.
	Name string

	// Observe is called by Survey with every row, or First of them; nil = nobody
	// looks.
	Observe func(*row.Intent)

	// Begin is called when the first row is about to be sent; nil = nobody waits
	// for that.
	Begin func()

	Workers       int     // rows in flight; 0 = 16
	First         int     // only so many rows; 0 = all
	Strict        bool    // send nothing when any row is invalid
	RetryRejected bool    // send rows again that were refused, although they have not changed
	MaxRejected   float64 // share of the tried rows that may be refused, after the first 50; 1 = no bound
}

// Progress is told of every row that is done with. It is called by one
// goroutine at a time.
type Progress interface {
	Done(row.Status)
}

// Engine runs one file. It is used once.
type Engine struct {
	options Options
	fuse    fuse
	undo    *ledger.Undo // nil = former states are not kept
}

// New takes the options as they are.
func New(o Options) *Engine {
	if o.Workers <= 0 {
		o.Workers = 16
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{options: o, fuse: fuse{share: o.MaxRejected}}
}

// KeepUndo has the rows that take changes back written to u. It is called
// before Run.
func (e *Engine) KeepUndo(u *ledger.Undo) { e.undo = u }

// Try makes calls through the engine's retries, as Resource.Prepare does.
func (e *Engine) Try(calls, intake context.Context) Try {
	return func(op func(context.Context) error) error { return e.options.Loop.Do(calls, intake, op) }
}

// run is the sending of what a survey found due.
type run struct {
	*Engine
	survey *Survey
	queue  context.Context // ends when no further row may be sent
	stop   context.CancelCauseFunc

	progress Progress       // is told of every row; nil = nobody watches
	entries  []ledger.Entry // of the latest commit: their memory serves again
}

// note is what the pool commits: an entry, and whether it is a row's last.
type note struct {
	ledger.Entry
	final bool
	sync  bool           // it has to be durable before its worker makes another call
	undo  *ledger.Change // what takes the change back; nil for none
}

// Run sends what is due; with Options.Strict only when a look at all of it has
// found no row invalid. When the intake context ends, no further row is
// sent; those in flight finish, unless the calls context ends as well. It
// returns nil when every row was tried, else why not: a *retry.Stop, the cause
// for which the intake ended, or an error that kept it from going on.
func (e *Engine) Run(calls, intake context.Context, s *Survey) error {
	queue, stop := context.WithCancelCause(intake)
	defer stop(nil)
	r := &run{Engine: e, survey: s, queue: queue, stop: stop, progress: e.options.Progress}
	if e.undo != nil {
		if err := e.undo.Resume(e.options.Ledger.Became); err != nil {
			return err
		}
	}
	if s.Due > 0 && !r.heldBack() {
		if err := e.options.Resource.Prepare(s.Due, e.Try(calls, queue)); err != nil {
			return r.why(calls, fmt.Errorf("looking up the present state: %w", err))
		}
	}
	if e.options.Strict && s.Due > 0 && !r.heldBack() {
		err := r.lookFirst(calls, func(invalid ledger.Entry) error {
			return r.options.Ledger.Append([]ledger.Entry{invalid}, false)
		})
		if err := r.why(calls, err); err != nil {
			return err
		}
	}
	if e.options.Begin != nil {
		e.options.Begin()
	}
	return r.sendAll(calls)
}

// sendAll takes all rows to their outcomes, wave after wave. Rows to skip come
// first: by their time in the results it is known which writes left after the
// file had them.
func (r *run) sendAll(calls context.Context) error {
	s := r.survey
	if lost := sum(s.lost); lost > 0 && !r.heldBack() {
		r.options.Log.Info("what an earlier run sent without seeing an answer is looked up last, when it can arrive no more",
			"rows", lost, "after", r.options.Loop.Policy.Late.String()+" at most")
	}
	if s.Skipped > 0 {
		toSkip := func(n int) bool { return s.facts[n-1]&skipped != 0 }
		if err := r.why(calls, r.take(calls, toSkip)); err != nil {
			return err
		}
	}
	for wave, rows := range s.waves {
		if rows == 0 {
			continue
		}
		if err := r.why(calls, r.wave(calls, wave)); err != nil {
			return err
		}
	}
	return nil
}

// why is the reason for which the run ended, nil when it goes on. That its
// calls were abandoned is none: the intake had ended before.
func (r *run) why(calls context.Context, err error) error {
	if err == nil || calls.Err() != nil && errors.Is(err, context.Cause(calls)) {
		return context.Cause(r.queue)
	}
	return err
}

func sum(all []int) (n int) {
	for _, k := range all {
		n += k
	}
	return n
}

// wave sends the rows of one wave. Those that an earlier run sent without
// seeing an answer come last: they may have to be left alone for a while yet,
// and only rows of later waves are kept waiting by them then.
func (r *run) wave(calls context.Context, wave int) error {
	lost := func(n int) bool { return r.survey.lost[wave] > 0 && r.lost(r.survey, n) }
	for _, wanted := range []bool{false, true} {
		err := r.take(calls, func(n int) bool { return r.survey.order.Wave(n) == wave && lost(n) == wanted })
		if err != nil || r.queue.Err() != nil || r.survey.lost[wave] == 0 {
			return err
		}
	}
	return nil
}

// take takes the rows that are not settled, and of which it is asked for, to
// their outcomes.
func (r *run) take(calls context.Context, which func(n int) bool) error {
	return batch.Pool[row.Intent, note]{
		Workers: r.options.Workers, Produce: r.produce(which), Work: r.work, Commit: r.commit,
	}.Run(calls, r.queue)
}

// produce gives the rows that are not settled, and of which it is asked for.
func (r *run) produce(which func(n int) bool) func(emit func(row.Intent) bool) error {
	return func(emit func(row.Intent) bool) error {
		_, err := r.each(r.queue, func(in *row.Intent) error {
			if in.Row > r.survey.Rows {
				return errEnough
			}
			if r.survey.status[in.Row-1] != row.Pending || !which(in.Row) {
				return nil
			}
			if !emit(*in) {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) || r.queue.Err() != nil {
			return nil
		}
		return err
	}
}

// errEnough ends a pass over the file early.
var errEnough = errors.New("no more rows are taken")

// commit writes what the workers recorded.
func (r *run) commit(notes []note) error {
	r.entries = r.entries[:0]
	var changes []ledger.Change
	sync := false
	for _, n := range notes {
		r.entries = append(r.entries, n.Entry)
		sync = sync || n.sync
		if n.undo != nil {
			changes = append(changes, *n.undo)
		}
	}
	if len(changes) > 0 {
		if err := r.undo.Append(changes); err != nil {
			return err
		}
	}
	if err := r.options.Ledger.Append(r.entries, sync); err != nil {
		return err
	}
	for _, n := range notes {
		if !n.final {
			continue
		}
		r.survey.status[n.Row-1] = n.Status
		if r.progress != nil {
			r.progress.Done(n.Status)
		}
	}
	return nil
}

// brief tells an intent what only the file and the run know, before it is
// looked at.
func (r *run) brief(in *row.Intent) {
	in.Awaited, in.Mark = r.survey.order.Awaited(in.Row), r.mark(in.Row)
	_, referrer := r.survey.order.WaitsFor(in.Row)
	in.Arrived = referrer != 0 && r.survey.status[referrer-1].Wrote() && r.survey.facts[referrer-1]&settledBefore == 0
}

const (
	markBegins = "refbulk "                   // what every mark begins with
	sentUnseen = "sent without looking first" // in place of the code
)

// mark names a row of this file in every run.
func (r *run) mark(n int) string {
	return markBegins + row.FingerprintOf(r.options.Name, r.survey.order.Key(n).String()).String()
}

// entry is the line of the results file for an intent. As long as nobody knows
// what became of a write, how it left stands there in place of a code: with
// which mark, or without a look. The run that looks it up may have files of
// another name, and other flags.
func (r *run) entry(in *row.Intent, o row.Outcome) ledger.Entry {
	o.Finished = time.Now()
	switch {
	case o.Status != row.Unknown:
	case in.Marked:
		o.Code = in.Mark
	case in.Unseen && in.Makes: // of others nobody asks; and they are found by their code, when the results are an input
		o.Code = sentUnseen
	}
	return ledger.Entry{
		Position: in.Position, Outcome: o, Operation: in.Operation, Target: in.Target,
		Key: r.options.Ledger.Key(r.survey.order.Key(in.Row)), Content: in.Content,
	}
}
