// Package order finds, in one pass over all rows, which rows say the same as
// an earlier one, which have to wait for another, and in which wave each can
// run: 0 for a row that waits for nobody, else one more than the latest row
// it waits for. It never keeps the rows: of one that stands alone it keeps
// about 22 bytes, 13 of which are its key, and some more of one that waits.
//
// A row waits for the row before it that has the same target, and for the row
// that makes the target it names in WaitsFor, wherever in the file it stands.
package order

import (
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
	keys     *compact.Keys
	place    compact.Column[int32] // of its key, less the row's number: 0 for rows that come as their keys did
	marks    compact.Column[marks]
	earlier  compact.Column[int32] // the nearest row before with the same target that repeats none; of a repetition, the row it repeats
	nth      compact.Column[int32] // how many such rows of its target and kind stand before
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
	own                         // known by something of its own, not by its place
)

// Survey collects what has to be known of every row. Add all rows in file
// order, then call Resolve. It is not safe for concurrent use.
type Survey struct {
	order    Order
	recall   Recall
	names    []string              // of the kinds
	kinds    []row.Fingerprint     // of those names
	row      compact.Column[int32] // at a key's place: the number of its row, less the place
	latest   compact.Column[int32] // of the first row of a target and kind: the latest one that repeats none, unless that is the row itself
	firsts   compact.Keys          // of targets and kinds whose first row has a key of its own
	firstRow compact.Column[int32] // that row
	content  compact.Column[row.Fingerprint]
	repeated compact.Column[int32] // how often
	maker    compact.Column[int32] // the first row up to this one that makes its target, unless that is the row itself
	waits    compact.Column[row.Fingerprint]
}

// Recall gives the content that the row at a place of the keys had in an
// earlier run. What can be recalled is not kept twice.
type Recall func(place int) (content row.Fingerprint, ok bool)

// NewSurvey begins a survey. It finds rows by the keys that are there, and
// adds those of new rows. What recall gives may not change before Resolve.
func NewSurvey(keys *compact.Keys, recall Recall) *Survey {
	return &Survey{order: Order{keys: keys}, recall: recall}
}

// Add takes the next row of the file, and gives the place of its key: the
// first call is row 1.
func (s *Survey) Add(in *row.Intent) (place int) {
	o, r := &s.order, s.order.rows
	target, kind := row.FingerprintOf(in.Target), s.kindOf(in.Kind)
	first, last := s.rowsOf(target, kind)
	is := marksOf(in)
	if same := s.sameAs(in, is, target, kind, first); same != none {
		n := s.repeated.At(same) + 1
		s.repeated.Set(same, n)
		o.marks.Set(r, repeats|is&own)
		o.earlier.Set(r, int32(same)+1)
		return s.enter(s.keyOf(in, is, target, kind, o.nth.At(same), n))
	}
	o.marks.Set(r, is)
	switch {
	case first != none:
		o.nth.Set(r, o.nth.At(s.latestOf(first))+1)
		s.latest.Set(first, int32(r)+1)
	case is&own != 0:
		s.firstRow.Set(s.firsts.Add(keyOf(target, kind, 0, 0)), int32(r)+1)
	}
	if last != none {
		o.earlier.Set(r, int32(last)+1)
		s.inherit(r, last)
	}
	if in.WaitsFor != "" {
		s.waits.Set(r, row.FingerprintOf(in.WaitsFor))
	}
	place = s.enter(s.keyOf(in, is, target, kind, o.nth.At(r), 0))
	if content, ok := s.recall(place); !ok || content != in.Content {
		s.content.Set(r, in.Content)
	}
	return place
}

// sameAs gives the earlier row that a row repeats, none if it says something
// new: the latest of its target and kind with the same content, or one that is
// known by the same of its own.
func (s *Survey) sameAs(in *row.Intent, is marks, target, kind row.Fingerprint, first int) int {
	if is&idle != 0 {
		return none
	}
	if is&own != 0 {
		if place, known := s.order.keys.Find(ownKeyOf(target, kind, in.Own, 0)); known {
			return s.rowAt(place)
		}
		return none
	}
	if same := s.latestOf(first); same != none && s.contentOf(same) == in.Content {
		return same
	}
	return none
}

// keyOf names a row across runs: the same target, kind of operation and place
// among the rows of that target and kind give the same key, however the file
// was edited in between. What a row has of its own stands for its place.
func (s *Survey) keyOf(in *row.Intent, is marks, target, kind row.Fingerprint, nth, repetition int32) row.Fingerprint {
	if is&own != 0 {
		return ownKeyOf(target, kind, in.Own, repetition)
	}
	return keyOf(target, kind, nth, repetition)
}

func keyOf(target, kind row.Fingerprint, nth, repetition int32) row.Fingerprint {
	return target.With(uint64(kind), uint64(nth), uint64(repetition))
}

func ownKeyOf(target, kind, own row.Fingerprint, repetition int32) row.Fingerprint {
	return target.With(uint64(kind), uint64(own), uint64(repetition))
}

// kindOf gives the fingerprint of a kind, of which there are a handful.
func (s *Survey) kindOf(name string) row.Fingerprint {
	for i, n := range s.names {
		if n == name {
			return s.kinds[i]
		}
	}
	s.names, s.kinds = append(s.names, name), append(s.kinds, row.FingerprintOf(name))
	return s.kinds[len(s.kinds)-1]
}

// rowsOf gives the first row of a target that is of a kind, and its latest row
// of any kind that repeats none. A target is found by the keys of its first
// rows.
func (s *Survey) rowsOf(target, kind row.Fingerprint) (first, latest int) {
	first, latest = none, none
	for _, k := range s.kinds {
		r := s.firstOf(keyOf(target, k, 0, 0))
		if k == kind {
			first = r
		}
		latest = max(latest, s.latestOf(r))
	}
	return first, latest
}

// firstOf is the first row of a target and kind, of which it is given the key
// that the row has unless it has one of its own.
func (s *Survey) firstOf(key row.Fingerprint) int {
	if place, known := s.order.keys.Find(key); known {
		if r := s.rowAt(place); r != none {
			return r
		}
	}
	if place, known := s.firsts.Find(key); known {
		return int(s.firstRow.At(place)) - 1
	}
	return none
}

// latestOf is the latest row of the target and kind of which a row is the
// first, of those that repeat none.
func (s *Survey) latestOf(first int) int {
	if first == none {
		return none
	}
	if r := s.latest.At(first); r != 0 {
		return int(r) - 1
	}
	return first
}

// rowAt is the row whose key stands at a place. A key of which the file has
// had no row yet may seem to be that of another row, which has its own.
func (s *Survey) rowAt(place int) int {
	r := place + int(s.row.At(place))
	if r >= s.order.rows || s.order.placeOf(r) != place {
		return none
	}
	return r
}

// enter ends the adding of a row with its key.
func (s *Survey) enter(key row.Fingerprint) (place int) {
	r := s.order.rows
	s.order.rows++
	place = s.order.keys.Add(key)
	s.order.place.Set(r, int32(place-r))
	s.row.Set(place, int32(r-place))
	return place
}

func marksOf(in *row.Intent) marks {
	var m marks
	switch {
	case in.Skip, in.Target == "":
		m |= idle
	case in.Own != 0:
		m |= own
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
	content, _ := s.recall(s.order.placeOf(r))
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
		if _, latest := s.rowsOf(waits, 0); latest != none {
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

// placeOf is the place of a row's key.
func (o *Order) placeOf(r int) int { return r + int(o.place.At(r)) }

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
