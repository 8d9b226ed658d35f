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

// state is an entry's status and three marks.
type state uint8

const (
	edited    state = 1 << 5 // this run's row says something else than the one before
	rehearsed state = 1 << 6 // the entry is a rehearsal's
	inFile    state = 1 << 7 // today's file has the row
	statusOf        = edited - 1
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
	i := x.keys.Add(x.fold(e.Key))
	x.put(i, e, offset, 0)
	x.content.Set(i, e.Content)
}

// addAppended is add for an entry that this run has appended: what the row said
// before is kept.
func (x *index) addAppended(e *Entry, offset int64) {
	i, marks := x.keys.Add(x.fold(e.Key)), state(0)
	if e.Content != x.content.At(i) {
		marks = edited
	}
	x.put(i, e, offset, marks)
}

func (x *index) put(place int, e *Entry, offset int64, is state) {
	is |= state(e.Status)
	if e.Key.Rehearsal {
		is |= rehearsed
	}
	x.state.Set(place, is)
	x.block.Set(place, uint32(offset/blockSize))
}

// find gives the place of a key's entry.
func (x *index) find(key Key) (place int, ok bool) {
	place, ok = x.keys.Find(x.fold(key))
	return place, ok && x.status(place) != row.Pending
}

func (x *index) isEdited(place int) bool { return x.state.At(place)&edited != 0 }

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
