package compact

import "github.com/refbulk/refbulk/pkg/row"

// Index finds places by key. The keys themselves stand in a column beside it,
// so that it takes some five bytes a key. It is made of many small hash
// tables, which grow one at a time: there is never a second copy of all. The
// zero Index is empty.
type Index struct {
	shards [256]shard
}

// MostPlaces is how many places an Index can tell apart.
const MostPlaces = 1<<placeBits - 1

// A slot holds a place and one more, and above it some bits of the key, which
// spare most looks at keys that are others. It is 0 when it is free.
const placeBits = 28

// shard is an open addressing table with linear probing.
type shard struct {
	slots []uint32
	used  int
}

// Find gives the place of a key.
func (x *Index) Find(key row.Fingerprint, keys *Column[row.Fingerprint]) (place int, ok bool) {
	s := &x.shards[key>>56]
	if len(s.slots) == 0 {
		return 0, false
	}
	slot := s.slots[s.find(key, keys)]
	return placeOf(slot), slot != 0
}

// Put sets the place of a key, which stands at that place of the column. The
// place is less than MostPlaces.
func (x *Index) Put(key row.Fingerprint, place int, keys *Column[row.Fingerprint]) {
	s := &x.shards[key>>56]
	if (s.used+1)*8 > len(s.slots)*7 {
		s.grow(keys)
	}
	i := s.find(key, keys)
	if s.slots[i] == 0 {
		s.used++
	}
	s.slots[i] = tagOf(key) | uint32(place+1)
}

func placeOf(slot uint32) int { return int(slot&MostPlaces) - 1 }

// tagOf is the bits of a key that a slot holds: none of those that choose it.
func tagOf(key row.Fingerprint) uint32 { return uint32(key>>24) &^ MostPlaces }

// find gives the slot of a key, or the free one where it would go.
func (s *shard) find(key row.Fingerprint, keys *Column[row.Fingerprint]) int {
	size, tag := uint64(len(s.slots)), tagOf(key)
	for i := uint64(uint32(key)) * size >> 32; ; i++ { // the lower half of the key spreads over all slots
		if i == size {
			i = 0
		}
		slot := s.slots[i]
		if slot == 0 || slot&^MostPlaces == tag && keys.At(placeOf(slot)) == key {
			return int(i)
		}
	}
}

func (s *shard) grow(keys *Column[row.Fingerprint]) {
	old := s.slots
	s.slots = make([]uint32, 16+len(old)*3/2)
	for _, slot := range old {
		if slot != 0 {
			s.slots[s.find(keys.At(placeOf(slot)), keys)] = slot
		}
	}
}
