package order

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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
		all = append(all, in)
	}
	return all
}

func resolve(all []row.Intent) *Order {
	s := NewSurvey(nil)
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
	first := keys("create a\ncreate b\nqualify a\ncreate c <a")
	edited := keys("create d\ncreate c <a\nupdate a\nqualify a\ncreate b")
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
			s := rapid.SampledFrom([]string{"create", "qualify", "unqualify", "skip"}).Draw(t, "operation") + " " + person.Draw(t, "target")
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
	s := NewSurvey(nil)
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
