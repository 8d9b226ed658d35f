// Package compact keeps what has to be known of every one of a million rows,
// in a few bytes each: columns that take no memory where nothing is set, and
// an index that finds rows by a fingerprint. Both grow without holding an old
// and a new copy of everything. Neither is safe for concurrent use while it
// is written.
package compact

// stretch is how many neighbours share one piece of memory: few enough that
// the last one, not yet full, is nothing beside the rest.
const stretch = 1024

// Column holds one value for each place, counted from 0. A value that was
// never set is zero, and a stretch of which nothing was set takes no memory.
// The zero Column is empty.
type Column[T comparable] struct {
	stretches []*[stretch]T
}

// At is the value at a place, however far beyond the last that was set.
func (c *Column[T]) At(place int) T {
	if n := place / stretch; n < len(c.stretches) && c.stretches[n] != nil {
		return c.stretches[n][place%stretch]
	}
	var zero T
	return zero
}

// Set sets the value at a place.
func (c *Column[T]) Set(place int, value T) {
	n := place / stretch
	var zero T
	if value == zero && (n >= len(c.stretches) || c.stretches[n] == nil) {
		return
	}
	for n >= len(c.stretches) {
		c.stretches = append(c.stretches, nil)
	}
	if c.stretches[n] == nil {
		c.stretches[n] = new([stretch]T)
	}
	c.stretches[n][place%stretch] = value
}
