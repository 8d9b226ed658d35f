package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/batch"
	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/pace"
	"github.com/refbulk/refbulk/pkg/retry"
	"github.com/refbulk/refbulk/pkg/row"
)

// work takes one row to its outcome and records it, which is on disk before the
// worker's next call leaves. A row that was not sent because the run is stopping
// is left as it was. The error ends the run.
func (r *run) work(calls context.Context, in row.Intent, out *batch.Recorder[note]) error {
	if r.queue.Err() != nil {
		return nil
	}
	if outcome, ready := r.unsendable(&in); ready {
		entry := r.entry(&in, outcome)
		if err := r.stillLost(&entry); err != nil {
			return err
		}
		out.Put(note{Entry: entry, final: true})
		return nil
	}
	if r.heldBack() || r.waitsBeyond(in.Row) {
		return nil
	}
	r.brief(&in)
	s := sending{run: r, in: &in, out: out}
	outcome, err := s.send(withRow(calls, in.Row))
	var stop *retry.Stop
	if errors.As(err, &stop) {
		r.stop(stop) // nobody sends anything more
	}
	if err != nil && (outcome.Status == row.Pending || errors.Is(err, errRecording)) {
		return r.ending(err)
	}
	last := note{Entry: r.entry(&in, outcome), final: true, sync: s.called, undo: s.toUndo(outcome)}
	if outcome.Status == row.Unknown && s.writes == 0 && !s.sent.IsZero() {
		last.Finished = s.sent // nothing has left since
	}
	out.Put(last)
	if blown := r.fuse.count(outcome); blown != nil {
		r.stop(blown)
		return blown
	}
	return r.ending(err)
}

// stillLost keeps in mind that a row was sent without an answer, when it cannot
// be looked up now: what became of it is as open as before.
func (r *run) stillLost(e *ledger.Entry) error {
	if e.Status != row.Invalid && e.Status != row.Blocked || !r.lost(r.survey, e.Row) {
		return nil
	}
	last, err := r.options.Ledger.LastEntry(e.Key)
	if err != nil {
		return err
	}
	e.Error = "sent by an earlier run, and no answer was recorded; now it is " + e.Status.String() + ": " + e.Error
	e.Status, e.Operation, e.Code, e.Finished = row.Unknown, last.Operation, last.Code, last.Finished
	return nil
}

// ending is the error of a row that ends the run. That the queue or the calls
// ended is what ended the run already.
func (r *run) ending(err error) error {
	if r.queue.Err() != nil && errors.Is(err, context.Cause(r.queue)) {
		var stop *retry.Stop
		if errors.As(err, &stop) {
			return err
		}
		return nil
	}
	return err
}

// sending is one row on its way.
type sending struct {
	*run
	in  *row.Intent
	out *batch.Recorder[note]

	sent    time.Time // when a write left whose answer was lost; zero for none
	writes  int       // that left
	called  bool      // the outcome came of a call, and has to be durable
	fresh   bool      // the step came of the latest look
	partly  bool      // one of the row's writes was applied, but not the last
	step    Step
	outcome row.Outcome
	last    error // of the latest write
	silent  bool  // of some write the API did not say that it failed

	undoKept bool // what takes the change back is on disk
}

// errRecording marks an error of the results file, which nothing may follow.
var errRecording = errors.New("the results file cannot be written")

// send looks, sends, and looks again whenever an answer was lost, until the
// row has an outcome. A pending outcome comes with the error for which the row
// was left as it was.
func (s *sending) send(calls context.Context) (row.Outcome, error) {
	left, same, err := s.lostBefore()
	if err != nil {
		return row.Outcome{}, err
	}
	if err := s.untilRipe(left); err != nil {
		return row.Outcome{}, err
	}
	if same {
		s.sent, s.silent = left, true
	}
	s.in.InDoubt = !same && !left.IsZero()
	err = s.options.Loop.Do(calls, s.patience(calls), s.attempt)
	var gaveUp *retry.GaveUp
	switch {
	case err == nil:
		s.outcome.Attempts = s.writes
		return s.outcome, nil
	case errors.Is(err, errRecording):
		return row.Outcome{}, err
	case api.VerdictOf(err) == api.Refused && !s.fresh && !s.sent.IsZero():
		// The look was refused: it stays open what became of the write.
		return s.failed(row.Unknown, err), nil
	case api.VerdictOf(err) == api.Refused:
		return s.failed(row.Rejected, err), nil
	case errors.As(err, &gaveUp):
		return s.lastLook(calls, gaveUp)
	case !s.sent.IsZero():
		// The run ends while it is open whether the write was applied.
		return s.failed(row.Unknown, s.last), err
	case s.writes > 0 && api.VerdictOf(s.last) == api.Unknown:
		return s.failed(row.Unknown, s.last), err
	case s.writes > 0:
		// It was sent, and the API said that it did nothing.
		return s.failed(row.Failed, s.last), err
	}
	return row.Outcome{}, err
}

// patience is the context under which the row waits for its turn: one that has
// been sent before is seen through while calls may be made at all.
func (s *sending) patience(calls context.Context) context.Context {
	if s.sent.IsZero() {
		return s.queue
	}
	return calls
}

// lostBefore is when an earlier run sent the row without seeing an answer, zero
// for never, and whether the row asks for the same by now: otherwise it is a new
// one. It is known by the mark that it left with.
func (s *sending) lostBefore() (left time.Time, same bool, err error) {
	key := s.options.Ledger.Key(s.survey.order.Key(s.in.Row))
	if status, _, ok := s.options.Ledger.Last(key); !ok || status != row.Unknown {
		return time.Time{}, false, nil
	}
	entry, err := s.options.Ledger.LastEntry(key)
	if err != nil || entry.Operation != s.in.Operation {
		return entry.Finished, false, err
	}
	s.in.Unseen = entry.Code == sentUnseen
	if entry.Attempts == 1 {
		s.in.SentTo = entry.ID
	}
	if s.in.Marked && strings.HasPrefix(entry.Code, markBegins) {
		s.in.Mark = entry.Code
	}
	return entry.Finished, !entry.Finished.IsZero(), nil
}

// untilRipe waits as long as what an earlier run sent may still be under way:
// a look would not see it. The clock may have been put back since.
func (s *sending) untilRipe(lost time.Time) error {
	late := s.options.Loop.Policy.Late + time.Second // which the results file leaves off a time
	wait := min(time.Until(lost.Add(late)), late)
	if lost.IsZero() || wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.queue.Done():
		return context.Cause(s.queue)
	}
}

// attempt is one try: a look where the present state is not known, and the
// write that it leaves to do.
func (s *sending) attempt(ctx context.Context) error {
	ctx = api.BeforeCall(ctx, s.announce)
	if !s.fresh {
		step, err := s.look(ctx, s.in, s.sent)
		if err != nil {
			return asRead(err)
		}
		s.step, s.fresh = step, true
		s.in.Unseen = s.in.Unseen || step.Unseen
		s.partly = s.partly || !s.sent.IsZero() && s.in.Makes && step.Done.ID != "" // there, and something is left to do
	}
	if s.step.Send == nil {
		s.outcome = s.step.Done
		s.called = true
		return nil
	}
	left, before := time.Now(), s.writes
	outcome, err := s.step.Send(ctx)
	s.called = true
	if err == nil {
		s.outcome = outcome
		return nil
	}
	if !errors.Is(err, pace.ErrLeftQueue) { // such a try never left, and its error is another row's
		s.last = err
	}
	verdict := api.VerdictOf(err)
	// Of a step that takes several writes, those before the latest were applied.
	s.partly = s.partly || s.writes > before+1 || s.writes > before && verdict == 0
	s.silent = s.silent || verdict == api.Unknown && !deniesDoing(err)
	if s.in.Once && verdict == api.Unknown {
		s.fresh = false
	}
	if s.in.Once && s.sent.IsZero() && (verdict == api.Unknown || s.partly && verdict != api.Refused) {
		s.sent = left
	}
	return err
}

// announce keeps a call from leaving before the outcome of its worker's last
// row is on disk, and a write before its intent is.
func (s *sending) announce(r api.Request) error {
	if !r.Reads {
		s.writes++
		if s.in.Once {
			s.intend()
		}
	}
	if err := s.out.Settle(); err != nil {
		return fmt.Errorf("%w: %w", errRecording, err)
	}
	return nil
}

// intend notes that a write is about to leave, so that a run after a crash
// knows which rows it has to look up before it sends them, and since when the
// latest write is on its way; and what would take the change back, as soon as
// that is known.
func (s *sending) intend() {
	intent := row.Outcome{Status: row.Unknown, ID: s.step.Done.ID, Attempts: s.writes, Error: "sent; no answer was recorded"}
	n := note{Entry: s.entry(s.in, intent), sync: true}
	if !s.undoKept {
		n.undo = s.undo(row.Outcome{}, true)
		s.undoKept = n.undo != nil
	}
	s.out.Put(n)
}

// toUndo is the change that is left behind by a row that is done with, nil
// when there is none or it is on disk. A row that was refused half way leaves
// one too, which as a tentative one would be dropped.
func (s *sending) toUndo(o row.Outcome) *ledger.Change {
	switch {
	case o.Status.Wrote() && !s.undoKept, o.Status == row.Rejected && s.writes > 0:
		return s.undo(o, false)
	}
	return nil
}

// undo is the change that the outcome made, or that is about to be made; nil
// for none.
func (s *sending) undo(o row.Outcome, tentative bool) *ledger.Change {
	if s.Engine.undo == nil || s.step.Undo == nil {
		return nil
	}
	cells := s.step.Undo(o)
	if cells == nil {
		return nil
	}
	return &ledger.Change{Cells: cells, Key: s.options.Ledger.Key(s.survey.order.Key(s.in.Row)), Tentative: tentative}
}

// asRead turns what a look left open into something to try again: a look
// changes nothing.
func asRead(err error) error {
	var e *api.Error
	if api.VerdictOf(err) == api.Unknown && errors.As(err, &e) {
		again := *e
		again.Verdict = api.Again
		return &again
	}
	return err
}

// lastLook asks once more what became of a row that was given up. Only when
// the API said of every write that it failed, and the row is not there, is it
// certain that nothing was applied.
func (s *sending) lastLook(calls context.Context, gaveUp *retry.GaveUp) (row.Outcome, error) {
	if s.sent.IsZero() {
		if gaveUp.Uncertain && s.writes > 0 {
			return s.failed(row.Unknown, gaveUp), nil
		}
		return s.failed(row.Failed, gaveUp), nil
	}
	step, err := s.options.Resource.Look(pace.WithQueue(calls, s.queue), s.in, s.sent)
	switch {
	case err != nil:
		return s.failed(row.Unknown, gaveUp), nil
	case step.Send == nil && step.Done.Status != row.Blocked:
		s.step, step.Done.Attempts = step, s.writes
		return step.Done, nil
	case s.silent, s.partly:
		return s.failed(row.Unknown, gaveUp), nil
	}
	return s.failed(row.Failed, gaveUp), nil
}

// deniesDoing reports whether it is the API itself that says it failed, or
// that the call belongs elsewhere: not a proxy that lost sight of it.
func deniesDoing(err error) bool {
	switch api.StatusOf(err) {
	case http.StatusInternalServerError, http.StatusServiceUnavailable,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// failed is the outcome of a row that could not be done, or not for certain.
func (s *sending) failed(status row.Status, err error) row.Outcome {
	if err == nil {
		err = errors.New("sent by an earlier run; no answer was recorded")
	}
	o := row.Outcome{Status: status, HTTPStatus: api.StatusOf(err), Attempts: s.writes, Error: err.Error()}
	if status == row.Unknown {
		o.ID = s.step.Done.ID // whom it was sent to
	}
	return o
}
