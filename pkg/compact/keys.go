package compact

import "github.com/refbulk/refbulk/pkg/row"

// Keys gives every key a place, counted from 0 in the order in which they
// came, and finds it again, in some 13 bytes a key. It is made of many small
// hash tables, which grow one at a time: there is never a second copy of all.
// The zero Keys is empty.
type Keys struct {
	keys   Column[row.Fingerprint]
	len    int
	shards [256]shard
}

// MostPlaces is how many keys a Keys can hold.
const MostPlaces = 1<<placeBits - 1

// A slot holds a place and one more, and above it some bits of the key, which
// spare most looks at keys that are others. It is 0 when it is free.
const placeBits = 28

// shard is an open addressing table with linear probing.
type shard struct {
	slots []uint32
	used  int
}

// Len is the number of keys.
func (k *Keys) Len() int { return k.len }

// At is the key at a place.
func (k *Keys) At(place int) row.Fingerprint { return k.keys.At(place) }

// Find gives the place of a key.
func (k *Keys) Find(key row.Fingerprint) (place int, ok bool) {
	s := &k.shards[key>>56]
	if len(s.slots) == 0 {
		return 0, false
	}
	slot := s.slots[s.find(key, &k.keys)]
	return placeOf(slot), slot != 0
}

// Add gives the place of a key, the next one when the key is new. There are
// less than MostPlaces keys then.
func (k *Keys) Add(key row.Fingerprint) (place int) {
	s := &k.shards[key>>56]
	if (s.used+1)*8 > len(s.slots)*7 {
		s.resize(16+len(s.slots)*3/2, &k.keys)
	}
	i := s.find(key, &k.keys)
	if s.slots[i] == 0 {
		k.keys.Set(k.len, key)
		k.len++
		s.slots[i] = tagOf(key) | uint32(k.len)
		s.used++
	}
	return placeOf(s.slots[i])
}

// Expect makes room for about so many keys in all. Without it they come to
// the same, but on the way tables grow and are filled anew.
func (k *Keys) Expect(keys int) {
	for i := range k.shards {
		k.shards[i].resize(keys/len(k.shards)*5/4, &k.keys)
	}
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

// resize gives a table more slots.
func (s *shard) resize(size int, keys *Column[row.Fingerprint]) {
	old := s.slots
	if size <= len(old) {
		return
	}
	s.slots = make([]uint32, size)
	for _, slot := range old {
		if slot != 0 {
			s.slots[s.find(keys.At(placeOf(slot)), keys)] = slot
		}
	}
}
