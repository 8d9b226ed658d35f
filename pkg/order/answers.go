package order

import "github.com/refbulk/refbulk/pkg/row"

// Len is the number of rows.
func (o *Order) Len() int { return o.rows }

// Waves is the number of waves: 0 for a file without rows, 1 when no row
// waits for another.
func (o *Order) Waves() int { return o.waves }

// Wave is the wave in which row r runs. Rows of a cycle are given wave 0.
func (o *Order) Wave(r int) int { return max(0, int(o.wave.At(r-1))) }

// Place is where the key of row r stands among the keys.
func (o *Order) Place(r int) int { return o.placeOf(r - 1) }

// Key names row r across runs.
func (o *Order) Key(r int) row.Fingerprint { return o.keys.At(o.placeOf(r - 1)) }

// Awaited reports whether another row waits for row r.
func (o *Order) Awaited(r int) bool { return o.marks.At(r-1)&awaited != 0 }

// DuplicateOf is the earlier row that says the same as row r, 0 for none.
func (o *Order) DuplicateOf(r int) int {
	if o.marks.At(r-1)&repeats == 0 {
		return 0
	}
	return o.before(r-1) + 1
}

// WaitsFor gives the rows that have to be done before row r: the row before
// it with the same target, and its referrer's row. 0 stands for none.
func (o *Order) WaitsFor(r int) (sameTarget, referrer int) {
	waits := o.waitsFor(r - 1)
	return waits[0] + 1, waits[1] + 1
}

// InCycle reports whether row r and others wait for each other in a ring.
func (o *Order) InCycle(r int) bool { return o.wave.At(r-1) == inCycle }

// longRing is as much of a ring as anybody looks at.
const longRing = 1000

// Cycle gives the rows that wait for each other in a ring with row r, in the
// order of waiting and starting at r, the first thousand of them; nil when r is
// in no ring.
func (o *Order) Cycle(r int) []int {
	if !o.InCycle(r) {
		return nil
	}
	var ring []int
	o.ring(r-1, r-1, map[int]bool{}, &ring)
	return ring
}

// ring looks for a way of waiting from row at back to row home, through rows
// of cycles alone.
func (o *Order) ring(at, home int, seen map[int]bool, ring *[]int) bool {
	if seen[at] {
		return at == home
	}
	if len(*ring) == longRing {
		return true
	}
	seen[at] = true
	*ring = append(*ring, at+1)
	for _, w := range o.waitsFor(at) {
		if w != none && o.wave.At(w) == inCycle && o.ring(w, home, seen, ring) {
			return true
		}
	}
	*ring = (*ring)[:len(*ring)-1]
	return false
}
