// Package order finds, in one pass over all rows, which rows say the same as
// an earlier one, which have to wait for another, and in which wave each can
// run: 0 for a row that waits for nobody, else one more than the latest row
// it waits for. It keeps about 50 bytes a row while it reads, and never the
// rows.
//
// A row waits for the row before it that has the same target, and for the row
// that makes the target it names in WaitsFor, wherever in the file it stands.
package order

import (
	"cmp"
	"slices"

	"github.com/refbulk/refbulk/pkg/row"
)

// none stands where a row waits for no other.
const none = -1

// Survey collects what has to be known of every row. Add all rows in file
// order, then call Resolve. It is not safe for concurrent use.
type Survey struct {
	target  []row.Fingerprint // whom the row acts on
	kind    []row.Fingerprint // target and kind: what settles what
	content []row.Fingerprint
	waits   []row.Fingerprint // target of the row that has to be there first; 0 for none
	makes   []making
	skip    []bool
}

// Add takes the next row of the file: the first call is row 1.
func (s *Survey) Add(in *row.Intent) {
	s.target = append(s.target, row.FingerprintOf(in.Target))
	s.kind = append(s.kind, row.FingerprintOf(in.Target, in.Kind))
	s.content = append(s.content, in.Content)
	var waits row.Fingerprint
	if in.WaitsFor != "" {
		waits = row.FingerprintOf(in.WaitsFor)
	}
	s.waits = append(s.waits, waits)
	s.makes = append(s.makes, makingOf(in))
	s.skip = append(s.skip, in.Skip || in.Target == "")
}

// making is what a row does for those who wait for its target.
type making uint8

const (
	makesNothing making = iota
	wouldMake           // but it is invalid: those who wait are blocked by it
	makes
)

func makingOf(in *row.Intent) making {
	switch {
	case !in.Makes:
		return makesNothing
	case len(in.Problems) > 0:
		return wouldMake
	}
	return makes
}

// Len is the number of rows added.
func (s *Survey) Len() int { return len(s.target) }

// Order answers what Resolve found out. Rows are counted from 1. It is
// read-only and safe for concurrent use.
type Order struct {
	keys      []row.Fingerprint
	content   []row.Fingerprint
	awaited   []bool  // another row waits for it
	before    []int32 // the row before it with the same target
	referrer  []int32 // the row that makes the target it waits for
	duplicate []int32 // the row that says the same
	wave      []int32
	waves     int
}

// Resolve works the order out. The survey is used up.
func (s *Survey) Resolve() *Order {
	n := s.Len()
	o := &Order{
		keys: make([]row.Fingerprint, n), content: s.content, awaited: make([]bool, n), before: filled(n), referrer: filled(n),
		duplicate: filled(n), wave: make([]int32, n),
	}
	byTarget := s.sorted()
	for start := 0; start < n; {
		end := start + 1
		for end < n && s.target[byTarget[end]] == s.target[byTarget[start]] {
			end++
		}
		s.line(o, byTarget[start:end])
		start = end
	}
	for i := range n {
		if s.waits[i] != 0 && o.duplicate[i] == none {
			o.referrer[i] = s.maker(byTarget, s.waits[i])
		}
	}
	*s = Survey{}
	for i := range n {
		for _, w := range [...]int32{o.before[i], o.referrer[i]} {
			if w != none {
				o.awaited[w] = true
			}
		}
	}
	o.sail()
	return o
}

// sorted gives the rows' indexes, those of one target together and in file
// order.
func (s *Survey) sorted() []int32 {
	all := make([]int32, s.Len())
	for i := range all {
		all[i] = int32(i)
	}
	slices.SortFunc(all, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.target[a], s.target[b]), cmp.Compare(a, b))
	})
	return all
}

// line puts the rows of one target into their order, finds those that repeat
// the row of their kind before them, and gives each its key: target, kind and
// its place among the rows of that target and kind.
func (s *Survey) line(o *Order, rows []int32) {
	type kindSoFar struct {
		kind    row.Fingerprint
		last    int32 // the latest row that is no repetition
		count   int   // rows that are no repetitions
		repeats int   // of the latest row
	}
	var kinds []kindSoFar
	previous := int32(none)
	for _, r := range rows {
		k := slices.IndexFunc(kinds, func(k kindSoFar) bool { return k.kind == s.kind[r] })
		if k < 0 {
			kinds = append(kinds, kindSoFar{kind: s.kind[r], last: none})
			k = len(kinds) - 1
		}
		if last := kinds[k].last; last != none && s.content[last] == s.content[r] && !s.skip[r] {
			o.duplicate[r] = last
			kinds[k].repeats++
			o.keys[r] = s.kind[r].With(kinds[k].count, kinds[k].repeats)
			continue
		}
		kinds[k].last, kinds[k].count, kinds[k].repeats = r, kinds[k].count+1, 0
		o.keys[r] = s.kind[r].With(kinds[k].count, 0)
		if !s.skip[r] {
			o.before[r] = previous
			previous = r
		}
	}
}

// maker finds the first row that brings the target into being, or that would
// if it were valid.
func (s *Survey) maker(byTarget []int32, target row.Fingerprint) int32 {
	i, found := slices.BinarySearchFunc(byTarget, target, func(r int32, t row.Fingerprint) int {
		return cmp.Compare(s.target[r], t)
	})
	if !found {
		return none
	}
	would := int32(none)
	for ; i < len(byTarget) && s.target[byTarget[i]] == target; i++ {
		switch r := byTarget[i]; {
		case s.makes[r] == makes:
			return r
		case s.makes[r] == wouldMake && would == none:
			would = r
		}
	}
	return would
}

func filled(n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = none
	}
	return s
}

// Marks that sail leaves in wave before a row's number is known.
const (
	unvisited = -1 - iota
	underway
	inCycle
)

// sail gives every row its wave. It walks each row's chain of waiting down to
// rows whose wave is known, with its own stack: a chain may be as long as the
// file.
func (o *Order) sail() {
	for i := range o.wave {
		o.wave[i] = unvisited
	}
	var stack []int32
	for i := range o.wave {
		stack = append(stack[:0], int32(i))
		for len(stack) > 0 {
			stack = o.visit(stack)
		}
	}
	for i := range o.wave {
		o.waves = max(o.waves, o.Wave(i+1)+1)
	}
}

// visit settles the row on top of the stack, or puts a row that it waits for
// on top of it.
func (o *Order) visit(stack []int32) []int32 {
	top := stack[len(stack)-1]
	if o.wave[top] >= 0 || o.wave[top] == inCycle {
		return stack[:len(stack)-1]
	}
	o.wave[top] = underway
	wave := int32(0)
	for _, w := range [...]int32{o.before[top], o.referrer[top]} {
		if w == none {
			continue
		}
		switch o.wave[w] {
		case unvisited:
			return append(stack, w)
		case underway:
			o.markCycle(stack, w)
			return stack[:len(stack)-1]
		case inCycle:
			wave = max(wave, 1) // after the rows of the cycle have failed
		default:
			wave = max(wave, o.wave[w]+1)
		}
	}
	if o.wave[top] == underway {
		o.wave[top] = wave
	}
	return stack[:len(stack)-1]
}

// markCycle marks the rows of the stack from w upwards: each waits for the
// next, and the last for w.
func (o *Order) markCycle(stack []int32, w int32) {
	for i := len(stack) - 1; i >= 0; i-- {
		o.wave[stack[i]] = inCycle
		if stack[i] == w {
			return
		}
	}
}
