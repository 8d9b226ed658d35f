// Package compact keeps what has to be known of every one of a million rows,
// in a few bytes each: columns that take no memory where all is alike, numbers
// that lie near each other, and keys that are found by what they are and by
// when they came. All grow without holding an old and a new copy of
// everything. None is safe for concurrent use while it is written.
package compact

// stretch is how many neighbours share one piece of memory: few enough that
// the last one, not yet full, is nothing beside the rest.
const stretch = 1024

// Column holds one value for each place, counted from 0. A value that was
// never set is zero, and a stretch takes no memory as long as the values in it
// are all alike, down to where none is set. The zero Column is empty.
type Column[T comparable] struct {
	stretches []part[T]
}

// part is a stretch of a column.
type part[T comparable] struct {
	values *[stretch]T // nil = the first so many are alike, the others zero
	first  int
	alike  T
}

func (p *part[T]) at(i int) (value T) {
	if p.values != nil {
		return p.values[i]
	}
	if i < p.first {
		return p.alike
	}
	return value
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
	if p.values == nil && i == p.first && (i == 0 || value == p.alike) {
		p.first, p.alike = i+1, value
		return
	}
	if p.values == nil {
		p.values = new([stretch]T)
		for k := range p.first {
			p.values[k] = p.alike
		}
	}
	p.values[i] = value
}
