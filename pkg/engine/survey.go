package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/refbulk/refbulk/pkg/batch"
	"github.com/refbulk/refbulk/pkg/compact"
	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/order"
	"github.com/refbulk/refbulk/pkg/row"
)

// Survey is what a first pass over the file found out: what there is to do,
// and in which order.
type Survey struct {
	Rows    int            // in the file, or --first of them
	Settled int            // done by an earlier run
	Due     int            // to be looked at or sent
	Counts  map[string]int // due rows by operation
	Asks    map[string]int // due rows by operation that a person has to agree to
	Notify  int            // due rows for which the vendor would write to somebody

	Invalid     int
	Duplicate   int
	Skipped     int
	Causes      []Cause // of what is invalid, in the order in which the file shows them
	OtherCauses int     // problems beyond those causes

	Notes []string // what the file has beside its rows, a sentence each

	lines  ledger.Lines
	strays strays
	order  *order.Order
	facts  []facts
	status []row.Status               // what is known of each row; Pending for one that is due
	would  compact.Column[row.Status] // what a row ends as that is sent without a look, in one write
	waves  []int                      // rows of each wave that are not settled
	lost   []int                      // of each wave, due rows that an earlier run sent without seeing an answer
}

// Todo is the number of rows that get an outcome in this run.
func (s *Survey) Todo() int { return s.Due + s.Invalid + s.Duplicate + s.Skipped }

// facts are the few bits of an intent that the survey keeps beside the order.
type facts uint8

const (
	invalid facts = 1 << iota
	skipped
	asks
	notifies // somebody, and of a row that goes blind one person
	mustExist
	settledBefore // an earlier run has done with the row
	touched       // set by a plan: after this row the target is not any more as a look shows it
	wasAbsent     // an earlier run found nobody there, and the row still says the same
)

// Survey reads the whole file once, and asks the ledger what is settled.
func (e *Engine) Survey(ctx context.Context) (*Survey, error) {
	s := &Survey{Counts: map[string]int{}, Asks: map[string]int{}, strays: strays{ledger: e.options.Ledger}}
	keys := e.options.Ledger.Keys()
	rows := order.NewSurvey(keys, func(place int) (row.Fingerprint, bool) {
		_, content, ok := e.options.Ledger.LastAt(place)
		return content, ok
	})
	var operations compact.Column[uint8] // places in names
	var names []string
	notes, err := e.each(ctx, func(in *row.Intent) error {
		if keys.Len() == compact.MostPlaces {
			return fmt.Errorf("the file and its results have more than %d rows: split it", compact.MostPlaces)
		}
		place := rows.Add(in)
		status, settled := e.settled(place, in.Content)
		if err := s.strays.note(in, place); err != nil {
			return err
		}
		s.lines.Add(in.Position, e.options.Ledger.Key(keys.At(place)))
		if e.options.First == 0 || in.Row <= e.options.First {
			e.show(s, in)
		}
		f := factsOf(in)
		if settled {
			f |= settledBefore
		}
		if last, had, ok := e.options.Ledger.LastAt(place); ok && last == row.Absent && had == in.Content {
			f |= wasAbsent
		}
		if in.Blind && in.Notifies <= 1 && in.Writes <= 1 && !settled {
			s.would.Set(in.Row-1, in.Would)
		}
		s.facts = append(s.facts, f)
		s.status = append(s.status, status)
		operations.Set(in.Row-1, indexOf(&names, in.Operation))
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.Notes = notes
	s.order = rows.Resolve()
	s.waves, s.lost = make([]int, s.order.Waves()), make([]int, s.order.Waves())
	s.Rows = s.order.Len()
	if e.options.First > 0 {
		s.Rows = min(s.Rows, e.options.First)
	}
	for r := s.order.Len(); r > 0; r-- {
		s.overtake(e, r)
	}
	for r := 1; r <= s.order.Len(); r++ {
		s.judge(e, r, s.facts[r-1], names[operations.At(r-1)])
	}
	return s, nil
}

// overtake lets rows before row r be that would destroy what r has made. They
// found nobody there when it was their turn; rows of one target run in file
// order, so they are not tried again once a later one has been sent.
func (s *Survey) overtake(e *Engine, r int) {
	if !s.hadItsTurn(e, r) {
		return
	}
	before, _ := s.order.WaitsFor(r)
	for before != 0 && !s.hadItsTurn(e, before) {
		if f := &s.facts[before-1]; *f&asks != 0 && *f&wasAbsent != 0 {
			*f |= settledBefore
			s.status[before-1] = row.Absent
		}
		before, _ = s.order.WaitsFor(before)
	}
}

// hadItsTurn reports whether an earlier run sent the row or found its target
// there.
func (s *Survey) hadItsTurn(e *Engine, r int) bool {
	last, _, ok := e.options.Ledger.LastAt(s.order.Place(r))
	return ok && (last.Wrote() || last == row.Exists || last == row.Unchanged || last == row.Unknown)
}

// each reads the file's intents, one after the other, somewhat ahead of do, and
// says what the file has beside them.
func (e *Engine) each(ctx context.Context, do func(*row.Intent) error) (notes []string, err error) {
	rows, err := e.options.Rows()
	if err != nil {
		return nil, err
	}
	intents, err := e.options.Resource.Intents(rows)
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	defer intents.Close()
	ahead := batch.NewAhead(intents.Next)
	defer ahead.Close()
	for {
		in, err := ahead.Next()
		switch {
		case err == io.EOF:
			return rows.Notes(), nil
		case err != nil:
			return nil, fmt.Errorf("reading the rows: %w", err)
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		}
		if err := do(in); err != nil {
			return nil, err
		}
	}
}

// show keeps what is wrong with a row, and lets the caller look at it.
func (e *Engine) show(s *Survey, in *row.Intent) {
	for _, p := range in.Problems {
		s.addProblem(in.Position, p)
	}
	if e.options.Observe != nil {
		e.options.Observe(in)
	}
}

// factsOf keeps of a row the bits that count.
func factsOf(in *row.Intent) facts {
	var f facts
	for _, bit := range []struct {
		set bool
		bit facts
	}{{len(in.Problems) > 0, invalid}, {in.Skip, skipped}, {in.Asks, asks}, {in.Notifies > 0, notifies}, {in.MustExist, mustExist}} {
		if bit.set {
			f |= bit.bit
		}
	}
	return f
}

// indexOf gives the place of a name in a short list, adding it. A file with
// more than 255 different operations is wrong in every row beyond; they share
// the last place.
func indexOf(names *[]string, name string) uint8 {
	for i, n := range *names {
		if n == name {
			return uint8(i)
		}
	}
	if len(*names) == 255 {
		return 254
	}
	*names = append(*names, strings.Clone(name))
	return uint8(len(*names) - 1)
}

// judge decides what is to be done about a row.
func (s *Survey) judge(e *Engine, r int, f facts, operation string) {
	if f&settledBefore != 0 {
		if r <= s.Rows {
			s.Settled++
		}
		return
	}
	if r > s.Rows {
		return
	}
	s.waves[s.order.Wave(r)]++
	switch {
	case f&invalid != 0:
		s.Invalid++
	case s.order.InCycle(r):
		s.Invalid++
		s.addProblem(row.Position{Row: r}, row.Problem{Reason: "the rows wait for each other in a ring", Advice: "take one referrer out"})
	case f&skipped != 0:
		s.Skipped++
	case s.order.DuplicateOf(r) != 0:
		s.Duplicate++
	default:
		s.Due++
		if e.lost(s, r) {
			s.lost[s.order.Wave(r)]++
		}
		s.Counts[operation]++
		if f&asks != 0 {
			s.Asks[operation]++
		}
		if f&notifies != 0 {
			s.Notify++
		}
	}
}

// settled asks the ledger whether an earlier run has done with the row whose
// key stands at a place, and whether it still says the same. A row that is due
// has the status pending.
func (e *Engine) settled(place int, content row.Fingerprint) (row.Status, bool) {
	status, had, ok := e.options.Ledger.LastAt(place)
	if !ok || !status.Settled() || had != content || status == row.Rejected && e.options.RetryRejected {
		return row.Pending, false
	}
	return status, true
}

// lost reports whether the row was sent, and no answer was ever recorded.
func (e *Engine) lost(s *Survey, r int) bool {
	status, _, ok := e.options.Ledger.LastAt(s.order.Place(r))
	return ok && status == row.Unknown
}
