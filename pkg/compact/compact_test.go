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

// Runs of values that are set from left to right, as most are, and single
// ones anywhere.
func TestAColumnHoldsRunsOfValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var column Column[int8]
		var want [3 * stretch]int8
		value := rapid.Int8Range(0, 2)
		for at := 0; at < len(want); {
			v, end := value.Draw(t, "value"), min(len(want), at+rapid.IntRange(1, 2*stretch).Draw(t, "run"))
			for ; at < end; at++ {
				column.Set(at, v)
				want[at] = v
			}
			if rapid.Bool().Draw(t, "elsewhere") {
				single := rapid.IntRange(0, at-1).Draw(t, "place")
				want[single] = value.Draw(t, "single value")
				column.Set(single, want[single])
			}
		}
		for at, v := range want {
			if got := column.At(at); got != v {
				t.Fatalf("At(%d) = %d, want %d", at, got, v)
			}
		}
	})
}

func TestWhatIsAlikeTakesNoMemory(t *testing.T) {
	for value, most := range map[int64]float64{0: 0, 7: 10} {
		if got := testing.AllocsPerRun(10, func() {
			var column Column[int64]
			for at := range 100 * stretch {
				column.Set(at, value)
			}
		}); got > most {
			t.Errorf("100 stretches of the value %d take %v allocations, want %v at most", value, got, most)
		}
	}
}

// Numbers that ascend from place to place, some of which are set anew.
func TestANearHoldsWhatWasSetAndZeroElsewhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var near Near
		want := map[int]uint32{}
		step := rapid.OneOf(rapid.Uint32Range(0, 20), rapid.Uint32Range(0, 1000))
		place, number := rapid.IntRange(0, stretch).Draw(t, "first place"), rapid.Uint32Range(0, 1<<31).Draw(t, "first number")
		for range rapid.IntRange(0, 100).Draw(t, "times") {
			number += step.Draw(t, "step")
			near.Set(place, number)
			want[place] = number
			place++
			if rapid.IntRange(0, 9).Draw(t, "elsewhere") == 0 {
				at := rapid.IntRange(0, place).Draw(t, "place")
				want[at] = rapid.OneOf(rapid.Uint32Range(0, 1<<32-2), rapid.Uint32Range(number, number+300)).Draw(t, "number")
				near.Set(at, want[at])
			}
		}
		for at := range 2 * stretch {
			if got := near.At(at); got != want[at] {
				t.Fatalf("At(%d) = %d, want %d", at, got, want[at])
			}
		}
	})
}

// Keys that share an upper byte share a table, those that share the lower half
// as well all want the same slot.
func TestKeysKeepThePlacesInWhichTheyCame(t *testing.T) {
	key := rapid.OneOf(
		rapid.Uint64(),
		rapid.Uint64Range(0, 40),
		rapid.Custom(func(t *rapid.T) uint64 { return rapid.Uint64Range(0, 40).Draw(t, "upper") << 32 }),
	)
	rapid.Check(t, func(t *rapid.T) {
		var keys Keys
		want := map[row.Fingerprint]int{}
		for n := range rapid.IntRange(0, 300).Draw(t, "keys") {
			if n == 100 {
				keys.Expect(rapid.IntRange(0, 5000).Draw(t, "expected"))
			}
			k := row.Fingerprint(key.Draw(t, "key"))
			place, known := want[k]
			if !known {
				place = len(want)
				want[k] = place
			}
			if got := keys.Add(k); got != place {
				t.Fatalf("Add(%v) = %d, want %d", k, got, place)
			}
		}
		if keys.Len() != len(want) {
			t.Fatalf("Len() = %d, want %d", keys.Len(), len(want))
		}
		for k, place := range want {
			if got, ok := keys.Find(k); !ok || got != place || keys.At(place) != k {
				t.Fatalf("Find(%v) = %d, %v and At(%d) = %v; want %d", k, got, ok, place, keys.At(place), place)
			}
		}
		for range 50 {
			k := row.Fingerprint(key.Draw(t, "other key"))
			if _, added := want[k]; added {
				continue
			}
			if got, ok := keys.Find(k); ok {
				t.Fatalf("Find(%v), which was never added, gives %d", k, got)
			}
		}
	})
}

func BenchmarkKeys(b *testing.B) {
	const n = 1_000_000
	all := make([]row.Fingerprint, n)
	for i := range all {
		all[i] = row.FingerprintOf(strconv.Itoa(i))
	}
	for b.Loop() {
		var keys Keys
		for _, k := range all {
			keys.Add(k)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/key")
}
