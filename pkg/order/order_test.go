package order

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/compact"
	"github.com/refbulk/refbulk/pkg/row"
)

// intents reads rows written as "operation target [content] [<referrer]".
func intents(text string) []row.Intent {
	var all []row.Intent
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		in := row.Intent{Operation: words[0], Target: words[1], Kind: "existence", Makes: words[0] == "create"}
		if in.Operation == "qualify" || in.Operation == "unqualify" {
			in.Kind = "qualification"
		}
		in.Skip = in.Operation == "skip"
		content := in.Operation
		for _, w := range words[2:] {
			if referrer, ok := strings.CutPrefix(w, "<"); ok {
				in.WaitsFor = referrer
			} else {
				content += w
			}
		}
		in.Content = row.FingerprintOf(content, in.WaitsFor)
		if in.Operation == "credit" {
			in.Kind, in.Own = "credit", in.Content
		}
		all = append(all, in)
	}
	return all
}

// fresh begins a survey of a file that was never run.
func fresh() *Survey {
	return NewSurvey(new(compact.Keys), func(int) (row.Fingerprint, bool) { return 0, false })
}

func resolve(all []row.Intent) *Order {
	s := fresh()
	for i := range all {
		s.Add(&all[i])
	}
	return s.Resolve()
}

func TestRowsRunAfterTheRowsTheyWaitFor(t *testing.T) {
	for _, test := range []struct {
		name  string
		rows  string
		waves []int
	}{
		{"rows of different people run at once", "create a\ncreate b\ncreate c", []int{0, 0, 0}},
		{"rows of one person run in file order", "create a\nqualify a\nunqualify a", []int{0, 1, 2}},
		{"a lead waits for its referrer's row", "create a\ncreate b <a", []int{0, 1}},
		{"wherever that row stands", "create c <b\ncreate b <a\ncreate a", []int{2, 1, 0}},
		{"a referrer who is not in the file is not waited for", "create b <z", []int{0}},
		{"only a row that creates the referrer is waited for", "qualify a\ncreate b <a", []int{0, 0}},
		{"a row waits for the later of the two", "create a\ncreate b <a\nqualify b\ncreate c <b\nqualify c", []int{0, 1, 2, 2, 3}},
		{"rows to skip are waited for by nobody", "skip a\nqualify a", []int{0, 0}},
		{"a file that is a ring has a wave", "create a <a", []int{0}},
		{"what waits for a ring comes after it", "create c <a\ncreate a <b\ncreate b <a", []int{1, 0, 0}},
	} {
		o := resolve(intents(test.rows))
		var got []int
		for r := 1; r <= o.Len(); r++ {
			got = append(got, o.Wave(r))
		}
		if diff := cmp.Diff(test.waves, got); diff != "" {
			t.Errorf("%s: waves (-want +got):\n%s", test.name, diff)
		}
		if want := slices.Max(test.waves) + 1; o.Waves() != want {
			t.Errorf("%s: Waves() = %d, want %d", test.name, o.Waves(), want)
		}
	}
}

func TestAValidRowOfTheReferrerIsWaitedForBeforeAnInvalidOne(t *testing.T) {
	all := intents("create a x\ncreate a y\ncreate b <a\ncreate c\ncreate d <c")
	for _, i := range []int{0, 3} {
		all[i].Problems = []row.Problem{{Reason: "is invalid"}}
	}
	o := resolve(all)
	for r, want := range map[int]int{3: 2, 5: 4} {
		if _, got := o.WaitsFor(r); got != want {
			t.Errorf("row %d waits for row %d, want row %d", r, got, want)
		}
	}
}

func TestARowThatRepeatsTheOneBeforeItIsADuplicate(t *testing.T) {
	for _, test := range []struct {
		name string
		rows string
		want []int
	}{
		{"same target, same content", "create a\ncreate b\ncreate a", []int{0, 0, 1}},
		{"other content", "create a x\ncreate a y", []int{0, 0}},
		{"other kind", "create a\nqualify a\ncreate a", []int{0, 0, 1}},
		{"a change back is not a repetition", "qualify a\nunqualify a\nqualify a", []int{0, 0, 0}},
		{"what is known by something of its own", "credit a x\ncredit a y\ncredit a x\ncredit b x", []int{0, 0, 1, 0}},
		{"three times", "create a\ncreate a\ncreate a", []int{0, 1, 1}},
	} {
		o := resolve(intents(test.rows))
		var got []int
		for r := 1; r <= o.Len(); r++ {
			got = append(got, o.DuplicateOf(r))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: duplicates (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestRingsAreShownInTheOrderOfWaiting(t *testing.T) {
	o := resolve(intents("create a <c\ncreate b <a\ncreate c <b\ncreate d <a\ncreate e <e2"))
	for r, want := range map[int][]int{1: {1, 3, 2}, 2: {2, 1, 3}, 4: nil, 5: nil} {
		if diff := cmp.Diff(want, o.Cycle(r)); diff != "" {
			t.Errorf("Cycle(%d) (-want +got):\n%s", r, diff)
		}
	}
}

func TestAKeyOutlivesEveryEditThatLeavesTheRowItself(t *testing.T) {
	keys := func(rows string) map[string]row.Fingerprint {
		all := intents(rows)
		o := resolve(all)
		m := map[string]row.Fingerprint{}
		for i, in := range all {
			m[fmt.Sprint(in.Operation, " ", in.Target, " ", in.Content)] = o.Key(i + 1)
		}
		return m
	}
	first := keys("create a\ncreate b\nqualify a\ncreate c <a\ncredit a w\ncredit a x\ncredit a y")
	edited := keys("create d\ncreate c <a\nupdate a\nqualify a\ncreate b\ncredit a y\ncredit a x")
	for what, key := range edited {
		if old, ok := first[what]; ok && old != key {
			t.Errorf("the key of %q changed from %v to %v", what, old, key)
		}
	}
}

// The law of the package: in a random file no two rows share a key, and no
// row runs before the rows that it waits for, unless they are in a ring.
func TestWavesHoldTheOrderOfAnyFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.IntRange(1, 12).Draw(t, "people")
		person := rapid.Custom(func(t *rapid.T) string {
			return strconv.Itoa(rapid.IntRange(1, people).Draw(t, "person"))
		})
		line := rapid.Custom(func(t *rapid.T) string {
			s := rapid.SampledFrom([]string{"create", "qualify", "unqualify", "skip", "credit"}).Draw(t, "operation") + " " + person.Draw(t, "target")
			if rapid.Bool().Draw(t, "referred") {
				s += " <" + person.Draw(t, "referrer")
			}
			return s
		})
		all := intents(strings.Join(rapid.SliceOfN(line, 0, 40).Draw(t, "rows"), "\n"))
		o := resolve(all)
		seen := map[row.Fingerprint]int{}
		for r := 1; r <= o.Len(); r++ {
			if other, ok := seen[o.Key(r)]; ok {
				t.Fatalf("rows %d and %d share key %v", other, r, o.Key(r))
			}
			seen[o.Key(r)] = r
			before, referrer := o.WaitsFor(r)
			for _, w := range []int{before, referrer} {
				if w == 0 || o.Cycle(r) != nil {
					continue
				}
				if o.Wave(w) >= o.Wave(r) {
					t.Fatalf("row %d of wave %d waits for row %d of wave %d", r, o.Wave(r), w, o.Wave(w))
				}
			}
			if ring := o.Cycle(r); ring != nil {
				checkRing(t, o, ring)
			}
		}
	})
}

// anyFile draws rows of a few people, so that they repeat and await each other.
func anyFile(t *rapid.T) []row.Intent {
	person := rapid.StringOfN(rapid.RuneFrom([]rune("abcde")), 1, 1, 1)
	line := rapid.Custom(func(t *rapid.T) string {
		s := rapid.SampledFrom([]string{"create", "qualify", "unqualify", "skip", "credit"}).Draw(t, "operation") + " " + person.Draw(t, "target")
		s += " " + rapid.SampledFrom([]string{"x", "y"}).Draw(t, "content")
		if rapid.Bool().Draw(t, "referred") {
			s += " <" + person.Draw(t, "referrer")
		}
		return s
	})
	all := intents(strings.Join(rapid.SliceOfN(line, 0, 40).Draw(t, "rows"), "\n"))
	for i := range all {
		if rapid.IntRange(0, 4).Draw(t, "validity") == 0 {
			all[i].Problems = []row.Problem{{Reason: "is invalid"}}
		}
	}
	return all
}

// The reference keeps every target and kind in a map.
func TestKeysAndDuplicatesAreThoseOfASimpleCount(t *testing.T) {
	type latest struct {
		row, nth, repeated int
		content            row.Fingerprint
	}
	rapid.Check(t, func(t *rapid.T) {
		all := anyFile(t)
		o := resolve(all)
		seen := map[[2]string]*latest{}
		for i, in := range all {
			of := [2]string{in.Target, in.Kind}
			if in.Own != 0 {
				of[1] += in.Own.String()
			}
			duplicateOf := 0
			switch l := seen[of]; {
			case l == nil:
				seen[of] = &latest{row: i + 1, content: in.Content}
			case l.content == in.Content && !in.Skip:
				l.repeated++
				duplicateOf = l.row
			default:
				seen[of] = &latest{row: i + 1, nth: l.nth + 1, content: in.Content}
			}
			l, repetition := seen[of], 0
			if duplicateOf != 0 {
				repetition = l.repeated
			}
			nth := uint64(l.nth)
			if in.Own != 0 {
				nth = uint64(in.Own)
			}
			key := row.FingerprintOf(in.Target).With(uint64(row.FingerprintOf(in.Kind)), nth, uint64(repetition))
			if got := o.Key(i + 1); got != key {
				t.Fatalf("Key(%d) = %v, want %v", i+1, got, key)
			}
			if got := o.DuplicateOf(i + 1); got != duplicateOf {
				t.Fatalf("DuplicateOf(%d) = %d, want %d", i+1, got, duplicateOf)
			}
		}
	})
}

// An earlier run has recorded some of the rows and some that have gone, in any
// order, and some with another content.
func TestWhatAnEarlierRunHasRecordedChangesNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyFile(t)
		want := resolve(all)
		content := map[row.Fingerprint]row.Fingerprint{}
		recorded := rapid.SliceOfN(rapid.Uint64Range(0, 1<<20), 0, 10).Draw(t, "rows that have gone")
		for i, in := range all {
			if rapid.Bool().Draw(t, "recorded") {
				key := want.Key(i + 1)
				recorded = append(recorded, uint64(key))
				content[key] = in.Content + row.Fingerprint(rapid.IntRange(0, 1).Draw(t, "edited"))
			}
		}
		if rapid.Bool().Draw(t, "shuffled") {
			recorded = rapid.Permutation(recorded).Draw(t, "order")
		}
		var keys compact.Keys
		for _, k := range recorded {
			keys.Add(row.Fingerprint(k))
		}
		s := NewSurvey(&keys, func(place int) (row.Fingerprint, bool) {
			c, ok := content[keys.At(place)]
			return c, ok
		})
		var places []int
		for i := range all {
			places = append(places, s.Add(&all[i]))
		}
		got := s.Resolve()
		for r, place := range places {
			if got.Place(r+1) != place || keys.At(place) != want.Key(r+1) {
				t.Fatalf("row %d was added at place %d of key %v, and Place(%d) = %d; want the key %v", r+1, place, keys.At(place), r+1, got.Place(r+1), want.Key(r+1))
			}
		}
		if diff := cmp.Diff(answers(want), answers(got)); diff != "" {
			t.Fatalf("what the order says without an earlier run (-) and with one (+):\n%s", diff)
		}
	})
}

// answers are what an order says of every row.
func answers(o *Order) []string {
	all := []string{fmt.Sprint(o.Waves(), " waves")}
	for r := 1; r <= o.Len(); r++ {
		target, referrer := o.WaitsFor(r)
		all = append(all, fmt.Sprint(r, ": key ", o.Key(r), ", wave ", o.Wave(r), ", repeats ", o.DuplicateOf(r),
			", waits for ", target, " and ", referrer, ", awaited ", o.Awaited(r), ", in ring ", o.Cycle(r)))
	}
	return all
}

// Nothing is kept twice of rows that an earlier run has recorded in file order.
func TestRowsOfAnEarlierRunTakeNextToNothing(t *testing.T) {
	const n = 100_000
	all := make([]row.Intent, n)
	var content []row.Fingerprint
	var keys compact.Keys
	for i := range all {
		target := strconv.Itoa(i)
		all[i] = row.Intent{Target: target, Kind: "existence", Makes: true, Content: row.FingerprintOf("create", target)}
		keys.Add(row.FingerprintOf(target).With(uint64(row.FingerprintOf("existence")), 0, 0))
		content = append(content, all[i].Content)
	}
	live := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := live()
	s := NewSurvey(&keys, func(place int) (row.Fingerprint, bool) { return content[place], true })
	for i := range all {
		s.Add(&all[i])
	}
	if kept := live() - before; kept > n/2 {
		t.Errorf("a survey of %d rows that are known keeps %d bytes of them, want %d at most", n, kept, n/2)
	}
	if o := s.Resolve(); keys.Len() != n || o.Waves() != 1 {
		t.Errorf("there are %d keys and %d waves, want %d and 1", keys.Len(), o.Waves(), n)
	}
}

func checkRing(t *rapid.T, o *Order, ring []int) {
	for i, r := range ring {
		before, referrer := o.WaitsFor(r)
		if next := ring[(i+1)%len(ring)]; before != next && referrer != next {
			t.Fatalf("Cycle gave %v, but row %d does not wait for row %d", ring, r, next)
		}
	}
}

func TestAChainAsLongAsTheFileIsResolved(t *testing.T) {
	const n = 200_000
	s := fresh()
	for i := range n {
		in := row.Intent{Target: strconv.Itoa(i), Kind: "existence", Makes: true}
		if i < n-1 {
			in.WaitsFor = strconv.Itoa(i + 1)
		}
		s.Add(&in)
	}
	if got := s.Resolve().Waves(); got != n {
		t.Errorf("a chain of %d rows has %d waves", n, got)
	}
}

func BenchmarkSurvey(b *testing.B) {
	const n = 100_000
	all := make([]row.Intent, n)
	for i := range all {
		all[i] = row.Intent{Target: strconv.Itoa(i), Kind: "existence", Makes: true, WaitsFor: strconv.Itoa(i / 2)}
	}
	b.ReportAllocs()
	for b.Loop() {
		resolve(all)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// A key that another version made otherwise would settle nothing any more, and
// everything would be sent again.
func TestKeysAreTheSameInEveryVersion(t *testing.T) {
	o := resolve(intents("create a\ncreate a x\ncreate a x\nqualify a\nqualify b"))
	var got []string
	for r := 1; r <= o.Len(); r++ {
		got = append(got, o.Key(r).String())
	}
	want := []string{"b36481042fc4731a", "8fec2901d1e77c45", "e9d3e11c80e2ced8", "49a71989746d847f", "3e3d0e94614ba3da"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}
