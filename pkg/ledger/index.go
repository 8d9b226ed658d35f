package ledger

import (
	"cmp"
	"slices"

	"github.com/refbulk/refbulk/pkg/compact"
	"github.com/refbulk/refbulk/pkg/row"
)

// index holds the latest entry of every key, in some 26 bytes each. The zero
// index is empty. Asking it is safe for concurrent use, adding is not.
type index struct {
	places  compact.Index
	keys    compact.Column[row.Fingerprint]
	content compact.Column[row.Fingerprint]
	state   compact.Column[state]
	block   compact.Column[uint32] // of the file, where its line begins
	size    int
}

// state is an entry's status and two marks.
type state uint8

const (
	rehearsed state = 1 << 6 // the entry is a rehearsal's
	inFile    state = 1 << 7 // today's file has the row
	statusOf        = rehearsed - 1
)

// blockSize is less than the shortest line: 16 digits each for key and hash,
// 20 for the time, a status and 13 commas. So a block holds the beginning of
// one line at most, and the block's number finds the line.
const blockSize = 64

// fold is the key as one fingerprint.
func (k Key) fold() row.Fingerprint {
	if k.Rehearsal {
		return k.Row.With(uint64(rehearsed))
	}
	return k.Row
}

// add puts an entry that stands at an offset in the place of the one before it.
func (x *index) add(e *Entry, offset int64) {
	key := e.Key.fold()
	i, known := x.places.Find(key, &x.keys)
	if !known {
		i = x.size
		x.size++
		x.keys.Set(i, key)
		x.places.Put(key, i, &x.keys)
	}
	is := state(e.Status)
	if e.Key.Rehearsal {
		is |= rehearsed
	}
	x.content.Set(i, e.Content)
	x.state.Set(i, is)
	x.block.Set(i, uint32(offset/blockSize))
}

func (x *index) find(key Key) (place int, ok bool) { return x.places.Find(key.fold(), &x.keys) }

func (x *index) status(place int) row.Status { return row.Status(x.state.At(place) & statusOf) }

// rest gives the entries that no row of the file has used, in the order in
// which they were recorded.
func (x *index) rest(rehearsal bool) []int {
	var rest []int
	for i := range x.size {
		if s := x.state.At(i); s&inFile == 0 && (s&rehearsed == 0 || rehearsal) {
			rest = append(rest, i)
		}
	}
	slices.SortFunc(rest, func(a, b int) int { return cmp.Compare(x.block.At(a), x.block.At(b)) })
	return rest
}
