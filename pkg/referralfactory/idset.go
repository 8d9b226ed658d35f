package referralfactory

import (
	"iter"
	"math/bits"
	"slices"
)

// idSet is a set of ids in a few bytes each, however they lie: 65,536
// neighbours share a block, which keeps a sorted list of their low bits while
// that is shorter than one bit for each. The zero value is empty.
type idSet struct {
	blocks map[int64]*idBlock
	count  int
}

type idBlock struct {
	low  []uint16 // sorted; nil once bits is used
	bits []uint64
}

// mostLow is where a block's list gets as long as its bits: 8 KiB.
const mostLow = 4096

func (s *idSet) len() int { return s.count }

// add reports whether the id is new.
func (s *idSet) add(id int64) bool {
	if s.blocks == nil {
		s.blocks = map[int64]*idBlock{}
	}
	b := s.blocks[id>>16]
	if b == nil {
		b = &idBlock{}
		s.blocks[id>>16] = b
	}
	added := b.add(uint16(id))
	if added {
		s.count++
	}
	return added
}

func (s *idSet) has(id int64) bool {
	b := s.blocks[id>>16]
	return b != nil && b.has(uint16(id))
}

// all gives the ids, in no order.
func (s *idSet) all() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for high, b := range s.blocks {
			for low := range b.all() {
				if !yield(high<<16 | int64(low)) {
					return
				}
			}
		}
	}
}

func (b *idBlock) has(low uint16) bool {
	if b.bits != nil {
		return b.bits[low>>6]&(1<<(low&63)) != 0
	}
	_, found := slices.BinarySearch(b.low, low)
	return found
}

func (b *idBlock) add(low uint16) bool {
	if b.has(low) {
		return false
	}
	if b.bits == nil {
		if len(b.low) < mostLow {
			at, _ := slices.BinarySearch(b.low, low)
			b.low = slices.Insert(b.low, at, low)
			return true
		}
		b.bits = make([]uint64, 1<<16/64)
		for _, l := range b.low {
			b.bits[l>>6] |= 1 << (l & 63)
		}
		b.low = nil
	}
	b.bits[low>>6] |= 1 << (low & 63)
	return true
}

func (b *idBlock) all() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for _, low := range b.low {
			if !yield(low) {
				return
			}
		}
		for i, word := range b.bits {
			for ; word != 0; word &= word - 1 {
				if !yield(uint16(i<<6 | bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}
