package compact

import "github.com/refbulk/refbulk/pkg/row"

// Index finds places by key. The keys themselves stand in a column beside it,
// so that it takes some five bytes a key. It is made of many small hash
// tables, which grow one at a time: there is never a second copy of all. The
// zero Index is empty.
type Index struct {
	shards [256]shard
}

// shard is an open addressing table with linear probing. A slot holds a place
// and one more, and 0 when it is free.
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
	return int(slot) - 1, slot != 0
}

// Put sets the place of a key, which stands at that place of the column.
func (x *Index) Put(key row.Fingerprint, place int, keys *Column[row.Fingerprint]) {
	s := &x.shards[key>>56]
	if (s.used+1)*8 > len(s.slots)*7 {
		s.grow(keys)
	}
	i := s.find(key, keys)
	if s.slots[i] == 0 {
		s.used++
	}
	s.slots[i] = uint32(place) + 1
}

// find gives the slot of a key, or the free one where it would go.
func (s *shard) find(key row.Fingerprint, keys *Column[row.Fingerprint]) int {
	size := uint64(len(s.slots))
	for i := uint64(uint32(key)) * size >> 32; ; i++ { // the lower half of the key spreads over all slots
		if i == size {
			i = 0
		}
		if slot := s.slots[i]; slot == 0 || keys.At(int(slot)-1) == key {
			return int(i)
		}
	}
}

func (s *shard) grow(keys *Column[row.Fingerprint]) {
	old := s.slots
	s.slots = make([]uint32, 16+len(old)*3/2)
	for _, slot := range old {
		if slot != 0 {
			s.slots[s.find(keys.At(int(slot)-1), keys)] = slot
		}
	}
}
