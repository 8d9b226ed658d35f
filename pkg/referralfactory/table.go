package referralfactory

import "iter"

// table finds places by a hash: an open addressing table with linear probing,
// eight bytes a slot, the hash in the upper half and the place, counted from
// firstPlace, in the lower. Several places may have one hash. The zero value
// is empty.
type table struct {
	slots []uint64 // a power of two of them
	used  int      // slots that are not empty; removed ones count
	live  int
}

// What the lower half of a slot holds when it is no place.
const (
	empty = iota
	removed
	firstPlace
)

func (t *table) add(hash, place uint32) {
	if t.used+1 > len(t.slots)/8*7 {
		t.grow(t.live + t.live/8 + 1)
	}
	i := t.start(hash)
	for uint32(t.slots[i]) >= firstPlace {
		i = t.next(i)
	}
	if uint32(t.slots[i]) == empty {
		t.used++
	}
	t.slots[i] = uint64(hash)<<32 | uint64(place+firstPlace)
	t.live++
}

func (t *table) remove(hash, place uint32) {
	for i := range t.probe(hash) {
		if t.slots[i] == uint64(hash)<<32|uint64(place+firstPlace) {
			t.slots[i] = removed
			t.live--
			return
		}
	}
}

// find gives the places that were added under a hash.
func (t *table) find(hash uint32) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := range t.probe(hash) {
			slot := t.slots[i]
			if uint32(slot) >= firstPlace && uint32(slot>>32) == hash && !yield(uint32(slot)-firstPlace) {
				return
			}
		}
	}
}

// probe gives the slots in which the hash can be.
func (t *table) probe(hash uint32) iter.Seq[int] {
	return func(yield func(int) bool) {
		if len(t.slots) == 0 {
			return
		}
		for i := t.start(hash); uint32(t.slots[i]) != empty; i = t.next(i) {
			if !yield(i) {
				return
			}
		}
	}
}

func (t *table) start(hash uint32) int { return int(hash) & (len(t.slots) - 1) }
func (t *table) next(i int) int        { return (i + 1) & (len(t.slots) - 1) }

// grow makes room for so many, and drops the marks of those removed.
func (t *table) grow(places int) {
	size := 16
	for size/8*7 <= places {
		size *= 2
	}
	old := t.slots
	t.slots, t.used, t.live = make([]uint64, size), 0, 0
	for _, slot := range old {
		if uint32(slot) >= firstPlace {
			t.add(uint32(slot>>32), uint32(slot)-firstPlace)
		}
	}
}
