package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/row"
)

// strays are rows that an earlier run sent without seeing an answer, and that
// the file no longer has as they were: the credit of an amount that was edited
// since. Nobody will look them up. As long as it is open what became of them,
// rows that ask for the same of the same target are held back: they may be what
// such a row has become.
//
// That concerns rows which are known by something of their own. Others keep
// their key when they are edited, and are looked up under it.
type strays struct {
	ledger *ledger.Ledger
	read   bool
	sent   map[wish][]*stray   // by whom they name, and by whom that was
	of     map[string][]*stray // by their targets
	met    map[int]bool        // places whose row the file has
	alike  map[int]wish        // rows that may have to be held back
}

// stray is one of them.
type stray struct {
	place    int       // of its key
	left     time.Time // not before its latest write
	answered bool      // a row to skip says that it has been looked into
}

// wish is what is asked for, and of whom.
type wish struct{ operation, whom string }

// note takes a row of the file and the place of its key.
func (s *strays) note(in *row.Intent, place int) error {
	if in.Own == 0 && !in.Skip {
		return nil
	}
	if err := s.recall(); err != nil {
		return err
	}
	w := wish{in.Operation, in.Target}
	switch {
	case in.Skip && s.of[in.Target] != nil:
		return s.answer(in, place)
	case s.sent[w] != nil:
		s.met[place] = true
		s.alike[in.Row] = w
	}
	return nil
}

// answer takes a row to skip for the word that strays of its target have been
// looked into. One that was skipped before their writes left cannot speak of
// them. Rows to skip are recorded before a run sends anything, so that each
// stands in the results by then.
func (s *strays) answer(in *row.Intent, place int) error {
	var skipped time.Time // by the run that first read the row; zero for this one
	if status, had, ok := s.ledger.LastAt(place); ok && status == row.Skipped && had == in.Content {
		entry, err := s.ledger.LastEntry(s.ledger.Key(s.ledger.Keys().At(place)))
		if err != nil {
			return err
		}
		skipped = entry.Finished
	}
	for _, lost := range s.of[in.Target] {
		lost.answered = lost.answered || skipped.IsZero() || skipped.After(lost.left)
	}
	return nil
}

// recall reads what was sent without an answer, once.
func (s *strays) recall() error {
	if s.read {
		return nil
	}
	s.read, s.sent, s.of, s.met, s.alike = true, map[wish][]*stray{}, map[string][]*stray{}, map[int]bool{}, map[int]wish{}
	return s.ledger.Unanswered(func(place int, e ledger.Entry) {
		lost := &stray{place: place, left: e.Finished}
		s.of[e.Target] = append(s.of[e.Target], lost)
		for _, whom := range []string{e.Target, byID(e.ID)} {
			w := wish{e.Operation, whom}
			s.sent[w] = append(s.sent[w], lost)
		}
	})
}

// byID is whom an id means; nobody's target reads so.
func byID(id string) string { return "id " + id }

// holds reports whether a row has to wait until its stray is back in the file.
func (s *strays) holds(n int) bool { return s.waiting(s.alike[n]) }

// holdsWhom is holds for a row by whom it was found to mean: it may name them
// otherwise than its stray did.
func (s *strays) holdsWhom(in *row.Intent, id string) bool {
	return in.Own != 0 && id != "" && s.waiting(wish{in.Operation, byID(id)})
}

func (s *strays) waiting(w wish) bool {
	return slices.ContainsFunc(s.sent[w], func(lost *stray) bool { return !s.met[lost.place] && !lost.answered })
}

// held says why a row is held back, and what to do.
func held(operation string) string {
	return fmt.Sprintf("an earlier run sent a %s of the same target, saw no answer, and the file has that row no longer: put it back as it was, "+
		"so that it can be looked up before anything more is sent; or see for yourself what became of it, and then say so by a new row of that target with the operation skip", operation)
}

// look asks the resource, and holds back what turns out to be asked of whom a
// stray was sent to.
func (r *run) look(ctx context.Context, in *row.Intent, sent time.Time) (Step, error) {
	step, err := r.options.Resource.Look(ctx, in, sent)
	if err == nil && step.Send != nil && sent.IsZero() && r.survey.strays.holdsWhom(in, step.Done.ID) {
		step = Step{Done: row.Outcome{Status: row.Blocked, ID: step.Done.ID, Error: held(in.Operation)}}
	}
	return step, err
}
