package ledger

import (
	"cmp"
	"slices"

	"github.com/refbulk/refbulk/pkg/compact"
	"github.com/refbulk/refbulk/pkg/row"
)

// index holds the latest entry of every key, in some 22 bytes each. Keys of
// which there is none may stand among the others: their status is pending.
// Asking is safe for concurrent use, adding is not.
type index struct {
	rehearsal bool // whose keys stand as they are; the others are folded
	keys      compact.Keys
	content   compact.Column[row.Fingerprint]
	state     compact.Column[state]
	block     compact.Near // of the file, where its line begins
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

// fold is a key as one fingerprint: that of the row, for a row of ours.
func (x *index) fold(k Key) row.Fingerprint {
	if k.Rehearsal != x.rehearsal {
		return k.Row.With(uint64(rehearsed))
	}
	return k.Row
}

// add puts an entry that stands at an offset in the place of the one before it.
func (x *index) add(e *Entry, offset int64) {
	x.content.Set(x.put(e, offset), e.Content)
}

// put is add but for the entry's content, and gives its place.
func (x *index) put(e *Entry, offset int64) int {
	i := x.keys.Add(x.fold(e.Key))
	is := state(e.Status)
	if e.Key.Rehearsal {
		is |= rehearsed
	}
	x.state.Set(i, is)
	x.block.Set(i, uint32(offset/blockSize))
	return i
}

// find gives the place of a key's entry.
func (x *index) find(key Key) (place int, ok bool) {
	place, ok = x.keys.Find(x.fold(key))
	return place, ok && x.status(place) != row.Pending
}

func (x *index) status(place int) row.Status { return row.Status(x.state.At(place) & statusOf) }

// rest gives the entries that no row of the file has used, in the order in
// which they were recorded.
func (x *index) rest() []int {
	var rest []int
	for i := range x.keys.Len() {
		if s := x.state.At(i); s&inFile == 0 && x.status(i) != row.Pending && (s&rehearsed == 0 || x.rehearsal) {
			rest = append(rest, i)
		}
	}
	slices.SortFunc(rest, func(a, b int) int { return cmp.Compare(x.block.At(a), x.block.At(b)) })
	return rest
}
