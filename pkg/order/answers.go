package order

import "github.com/refbulk/refbulk/pkg/row"

// Len is the number of rows.
func (o *Order) Len() int { return len(o.keys) }

// Waves is the number of waves: 0 for a file without rows, 1 when no row
// waits for another.
func (o *Order) Waves() int { return o.waves }

// Wave is the wave in which row r runs. Rows of a cycle are given wave 0.
func (o *Order) Wave(r int) int { return max(0, int(o.wave[r-1])) }

// Key names row r across runs: the same target, kind of operation and place
// among the rows of that target and kind give the same key, however the file
// was edited in between.
func (o *Order) Key(r int) row.Fingerprint { return o.keys[r-1] }

// Content is what row r wants the API to hold.
func (o *Order) Content(r int) row.Fingerprint { return o.content[r-1] }

// Awaited reports whether another row waits for row r.
func (o *Order) Awaited(r int) bool { return o.awaited[r-1] }

// DuplicateOf is the earlier row that says the same as row r, 0 for none.
func (o *Order) DuplicateOf(r int) int { return int(o.duplicate[r-1]) + 1 }

// WaitsFor gives the rows that have to be done before row r: the row before
// it with the same target, and its referrer's row. 0 stands for none.
func (o *Order) WaitsFor(r int) (sameTarget, referrer int) {
	return int(o.before[r-1]) + 1, int(o.referrer[r-1]) + 1
}

// Cycle gives the rows that wait for each other in a ring with row r, in the
// order of waiting and starting at r; nil when r is in no ring.
func (o *Order) Cycle(r int) []int {
	if o.wave[r-1] != inCycle {
		return nil
	}
	var ring []int
	o.ring(int32(r-1), int32(r-1), map[int32]bool{}, &ring)
	return ring
}

// ring looks for a way of waiting from row at back to row home, through rows
// of cycles alone.
func (o *Order) ring(at, home int32, seen map[int32]bool, ring *[]int) bool {
	if seen[at] {
		return at == home
	}
	seen[at] = true
	*ring = append(*ring, int(at)+1)
	for _, w := range [...]int32{o.before[at], o.referrer[at]} {
		if w != none && o.wave[w] == inCycle && o.ring(w, home, seen, ring) {
			return true
		}
	}
	*ring = (*ring)[:len(*ring)-1]
	return false
}
