// Package order finds, in one pass over all rows, which rows say the same as
// an earlier one, which have to wait for another, and in which wave each can
// run: 0 for a row that waits for nobody, else one more than the latest row
// it waits for. It never keeps the rows: of one that stands alone it keeps
// about 24 bytes, and some more of one that waits.
//
// A row waits for the row before it that has the same target, and for the row
// that makes the target it names in WaitsFor, wherever in the file it stands.
package order

import (
	"slices"

	"github.com/refbulk/refbulk/pkg/compact"
	"github.com/refbulk/refbulk/pkg/row"
)

// none stands where there is no row. Rows are counted from 0 in here; columns
// hold one more, so that what is not set means none.
const none = -1

// Order answers what a Survey found out. Rows are counted from 1. It is
// read-only and safe for concurrent use.
type Order struct {
	rows     int
	waves    int
	kinds    []row.Fingerprint // of the names that were met
	target   compact.Column[row.Fingerprint]
	kind     compact.Column[uint8] // place in kinds
	marks    compact.Column[marks]
	earlier  compact.Column[int32] // the nearest row before with the same target that repeats none; of a repetition, the row it repeats
	nth      compact.Column[int32] // how many such rows of its target and kind stand before; of a repetition, which it is
	referrer compact.Column[int32] // the row that makes the target it waits for
	wave     compact.Column[int32] // of a row that waits
}

// marks are what is known of a row in a bit each.
type marks uint8

const (
	repeats   marks = 1 << iota // the row that earlier names
	idle                        // asks for nothing, or names no target: nobody waits for it as the row before
	makes                       // brings its target into being
	wouldMake                   // but it is invalid: those who wait are blocked by it
	awaited                     // another row waits for it
)

// Survey collects what has to be known of every row. Add all rows in file
// order, then call Resolve. It is not safe for concurrent use.
type Survey struct {
	order    Order
	recall   Recall
	names    []string      // of the kinds
	latest   compact.Index // of each target, the latest row that repeats none
	content  compact.Column[row.Fingerprint]
	repeated compact.Column[int32] // how often
	maker    compact.Column[int32] // the first row up to this one that makes its target, unless that is the row itself
	waits    compact.Column[row.Fingerprint]
}

// Recall gives the content that a row had in an earlier run, by its key. What
// can be recalled is not kept twice.
type Recall func(key row.Fingerprint) (content row.Fingerprint, ok bool)

// NewSurvey begins a survey. What recall gives may not change before Resolve;
// nil = there was no earlier run.
func NewSurvey(recall Recall) *Survey {
	if recall == nil {
		recall = func(row.Fingerprint) (row.Fingerprint, bool) { return 0, false }
	}
	return &Survey{recall: recall}
}

// Add takes the next row of the file, and gives its key: the first call is
// row 1.
func (s *Survey) Add(in *row.Intent) row.Fingerprint {
	o, r := &s.order, s.order.rows
	o.rows++
	target, kind := row.FingerprintOf(in.Target), s.kindOf(in.Kind)
	o.target.Set(r, target)
	o.kind.Set(r, kind)
	last, known := s.latest.Find(target, &o.target)
	if !known {
		last = none
	}
	same := last // the latest row of the same kind
	for same != none && o.kind.At(same) != kind {
		same = o.before(same)
	}
	is := marksOf(in)
	if same != none && is&idle == 0 && s.contentOf(same) == in.Content {
		n := s.repeated.At(same) + 1
		s.repeated.Set(same, n)
		o.marks.Set(r, repeats)
		o.earlier.Set(r, int32(same)+1)
		o.nth.Set(r, n)
		return o.Key(r + 1)
	}
	o.marks.Set(r, is)
	if same != none {
		o.nth.Set(r, o.nth.At(same)+1)
	}
	if last != none {
		o.earlier.Set(r, int32(last)+1)
		s.inherit(r, last)
	}
	if in.WaitsFor != "" {
		s.waits.Set(r, row.FingerprintOf(in.WaitsFor))
	}
	key := o.Key(r + 1)
	if content, ok := s.recall(key); !ok || content != in.Content {
		s.content.Set(r, in.Content)
	}
	s.latest.Put(target, r, &o.target)
	return key
}

// kindOf gives the place of a kind, of which there are a handful.
func (s *Survey) kindOf(name string) uint8 {
	i := slices.Index(s.names, name)
	if i < 0 {
		i = len(s.names)
		s.names = append(s.names, name)
		s.order.kinds = append(s.order.kinds, row.FingerprintOf(name))
	}
	return uint8(i)
}

func marksOf(in *row.Intent) marks {
	var m marks
	if in.Skip || in.Target == "" {
		m |= idle
	}
	switch {
	case !in.Makes:
	case len(in.Problems) > 0:
		m |= wouldMake
	default:
		m |= makes
	}
	return m
}

// contentOf is the content of a row that repeats none.
func (s *Survey) contentOf(r int) row.Fingerprint {
	if content := s.content.At(r); content != 0 {
		return content
	}
	content, _ := s.recall(s.order.Key(r + 1))
	return content
}

// inherit notes who makes the target of a row, when it is an earlier one: the
// first that is valid, else the first that would.
func (s *Survey) inherit(r, last int) {
	first := s.makerUpTo(last)
	if first == none {
		return
	}
	m := &s.order.marks
	if m.At(first)&makes != 0 || m.At(r)&makes == 0 {
		s.maker.Set(r, int32(first)+1)
	}
}

// makerUpTo is the row that makes the target of row r, among those up to r.
func (s *Survey) makerUpTo(r int) int {
	if m := s.maker.At(r); m != 0 {
		return int(m) - 1
	}
	if s.order.marks.At(r)&(makes|wouldMake) != 0 {
		return r
	}
	return none
}

// Resolve works the order out. The survey is used up.
func (s *Survey) Resolve() *Order {
	o := s.order
	for r := range o.rows {
		waits := s.waits.At(r)
		if waits == 0 {
			continue
		}
		if latest, ok := s.latest.Find(waits, &o.target); ok {
			o.referrer.Set(r, int32(s.makerUpTo(latest))+1)
		}
	}
	*s = Survey{}
	for r := range o.rows {
		for _, w := range o.waitsFor(r) {
			if w != none {
				o.marks.Set(w, o.marks.At(w)|awaited)
			}
		}
	}
	o.sail()
	return &o
}

// before is the nearest row before r with the same target that repeats none.
func (o *Order) before(r int) int { return int(o.earlier.At(r)) - 1 }

// waitsFor gives the rows that have to be done before row r: the one before it
// with the same target, and its referrer's.
func (o *Order) waitsFor(r int) [2]int {
	if o.marks.At(r)&repeats != 0 {
		return [2]int{none, none}
	}
	before := none
	if o.marks.At(r)&idle == 0 {
		for before = o.before(r); before != none && o.marks.At(before)&idle != 0; {
			before = o.before(before)
		}
	}
	return [2]int{before, int(o.referrer.At(r)) - 1}
}
