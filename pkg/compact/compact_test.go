package compact

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/row"
)

func TestAColumnHoldsWhatWasSetAndZeroElsewhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var column Column[int32]
		want := map[int]int32{}
		place := rapid.IntRange(0, 5*stretch)
		for range rapid.IntRange(0, 50).Draw(t, "times") {
			at, value := place.Draw(t, "place"), rapid.Int32Range(0, 3).Draw(t, "value")
			column.Set(at, value)
			want[at] = value
		}
		for at := range 6 * stretch {
			if got := column.At(at); got != want[at] {
				t.Fatalf("At(%d) = %d, want %d", at, got, want[at])
			}
		}
	})
}

func TestWhatIsNeverSetTakesNoMemory(t *testing.T) {
	if got := testing.AllocsPerRun(10, func() {
		var column Column[int64]
		for at := range 100 * stretch {
			column.Set(at, 0)
		}
	}); got != 0 {
		t.Errorf("a column of zeros takes %v allocations, want none", got)
	}
}

// Keys that share an upper byte share a table, those that share the lower half
// as well all want the same slot.
func TestAnIndexFindsTheLatestPlaceOfEveryKey(t *testing.T) {
	key := rapid.OneOf(
		rapid.Uint64(),
		rapid.Uint64Range(0, 40),
		rapid.Custom(func(t *rapid.T) uint64 { return rapid.Uint64Range(0, 40).Draw(t, "upper") << 32 }),
	)
	rapid.Check(t, func(t *rapid.T) {
		var keys Column[row.Fingerprint]
		var index Index
		want := map[row.Fingerprint]int{}
		for place := range rapid.IntRange(0, 300).Draw(t, "keys") {
			k := row.Fingerprint(key.Draw(t, "key"))
			keys.Set(place, k)
			index.Put(k, place, &keys)
			want[k] = place
		}
		for k, place := range want {
			if got, ok := index.Find(k, &keys); !ok || got != place {
				t.Fatalf("Find(%v) = %d, %v; want %d", k, got, ok, place)
			}
		}
		for range 50 {
			k := row.Fingerprint(key.Draw(t, "other key"))
			if _, put := want[k]; put {
				continue
			}
			if got, ok := index.Find(k, &keys); ok {
				t.Fatalf("Find(%v), which was never put, gives %d", k, got)
			}
		}
	})
}

func BenchmarkIndex(b *testing.B) {
	const n = 1_000_000
	all := make([]row.Fingerprint, n)
	for i := range all {
		all[i] = row.FingerprintOf(strconv.Itoa(i))
	}
	for b.Loop() {
		var keys Column[row.Fingerprint]
		var index Index
		for i, k := range all {
			keys.Set(i, k)
			index.Put(k, i, &keys)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/key")
}
