// Package compact keeps what has to be known of every one of a million rows,
// in a few bytes each: columns that take no memory where all is alike, numbers
// that lie near each other, and keys that are found by what they are and by
// when they came. All grow without holding an old and a new copy of
// everything. None is safe for concurrent use while it is written.
package compact

import "sort"

// stretch is how many neighbours share one piece of memory: few enough that
// the last one, not yet full, is nothing beside the rest.
const stretch = 1024

// mostRuns is how many runs of values that are alike a stretch is kept as,
// beside the first. Some times as many would take the memory of the values.
const mostRuns = 64

// Column holds one value for each place, counted from 0. A value that was
// never set is zero. A stretch takes no memory as long as all is alike, down to
// where none is set, and little as long as it is a few runs of values that are,
// set from left to right. The zero Column is empty.
type Column[T comparable] struct {
	stretches []part[T]
}

// part is a stretch of a column: values if there are any, else runs and zero
// behind them.
type part[T comparable] struct {
	values *[stretch]T
	first  run[T]
	others []run[T]
}

// run is values that are alike, up to before a place of the stretch.
type run[T comparable] struct {
	end   uint16
	value T
}

func (p *part[T]) at(i int) (value T) {
	switch {
	case p.values != nil:
		return p.values[i]
	case i < int(p.first.end):
		return p.first.value
	}
	if n := sort.Search(len(p.others), func(n int) bool { return i < int(p.others[n].end) }); n < len(p.others) {
		return p.others[n].value
	}
	return value
}

// follow adds a value behind the runs. It reports false when it stands among
// them, or when there are too many.
func (p *part[T]) follow(i int, value T) bool {
	last := &p.first
	if n := len(p.others); n > 0 {
		last = &p.others[n-1]
	}
	end := int(last.end)
	switch {
	case i < end:
		return false
	case i == end && (i == 0 || last.value == value):
		*last = run[T]{uint16(i + 1), value}
		return true
	case len(p.others) > mostRuns-2:
		return false
	case i > end:
		var zero T
		p.others = append(p.others, run[T]{uint16(i), zero})
	}
	p.others = append(p.others, run[T]{uint16(i + 1), value})
	return true
}

// spread keeps each value on its own.
func (p *part[T]) spread() {
	values := new([stretch]T)
	for i := range values {
		values[i] = p.at(i)
	}
	*p = part[T]{values: values}
}

// At is the value at a place, however far beyond the last that was set.
func (c *Column[T]) At(place int) (value T) {
	if n := place / stretch; n < len(c.stretches) {
		return c.stretches[n].at(place % stretch)
	}
	return value
}

// Set sets the value at a place.
func (c *Column[T]) Set(place int, value T) {
	if value == c.At(place) {
		return
	}
	n, i := place/stretch, place%stretch
	for n >= len(c.stretches) {
		c.stretches = append(c.stretches, part[T]{})
	}
	p := &c.stretches[n]
	if p.values == nil {
		if p.follow(i, value) {
			return
		}
		p.spread()
	}
	p.values[i] = value
}
