package ledger

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/row"
)

// Lines of all lengths, some of them finished with carried cells that hold
// line breaks, in every position of a block.
func TestTheLatestEntryOfEveryKeyIsReadBackWhereverItStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "results")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "results.csv")
		want := map[Key]Entry{}
		for range rapid.IntRange(1, 3).Draw(t, "runs") {
			l, err := Open(t.Context(), Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			for key, e := range want {
				got, err := l.LastEntry(key)
				if err != nil {
					t.Fatal(err)
				}
				if got.Row = e.Row; got.Line != e.Line && got.Line != 0 {
					t.Fatalf("line %d, want %d", got.Line, e.Line)
				}
				got.Line = e.Line
				if diff := cmp.Diff(e, got); diff != "" {
					t.Fatalf("LastEntry(%v) (-want +got):\n%s", key, diff)
				}
			}
			for n := range rapid.IntRange(0, 40).Draw(t, "entries") {
				e := entry(n+1, row.Fingerprint(rapid.IntRange(0, 15).Draw(t, "key")), rapid.SampledFrom(row.Statuses()).Draw(t, "status"))
				e.Error = strings.Repeat("x", rapid.IntRange(0, 150).Draw(t, "length"))
				if err := l.Append([]Entry{e}, false); err != nil {
					t.Fatal(err)
				}
				want[e.Key] = e
			}
			if rapid.Bool().Draw(t, "finished") {
				finishCarrying(t, l, want)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// finishCarrying finishes the file for every other key.
func finishCarrying(t *rapid.T, l *Ledger, all map[Key]Entry) {
	err := l.Finish([]string{"notes"}, func(yield func(Row) error) error {
		for key := range all {
			if key.Row%2 != 0 {
				continue
			}
			notes := strings.Repeat("a note\nof two lines ", rapid.IntRange(0, 5).Draw(t, "notes"))
			if err := yield(Row{Position: row.Position{Row: 1, Line: all[key].Line}, Key: key, Carry: []string{notes}}); err != nil {
				return err
			}
		}
		return nil
	}, func(Row, row.Status, string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFileIsFinishedOnlyForTheRowsThatItWasFinishedFor(t *testing.T) {
	lines := func(l *Ledger, keys ...row.Fingerprint) (lines Lines) {
		for i, k := range keys {
			lines.Add(row.Position{Row: i + 1, Line: i + 2}, l.Key(k))
		}
		return lines
	}
	path := filepath.Join(t.TempDir(), "results.csv")
	l := open(t, path)
	appendAll(t, l, entry(1, 11, row.Created), entry(2, 12, row.Created), entry(3, 13, row.Created))
	if l.IsFinished(lines(l, 11, 12, 13)) {
		t.Error("a file with new entries is taken for finished")
	}
	finish(t, l, 11, 12)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path)
	for _, test := range []struct {
		keys []row.Fingerprint
		want bool
	}{
		{[]row.Fingerprint{11, 12}, true},
		{[]row.Fingerprint{12, 11}, false},
		{[]row.Fingerprint{11}, false},
		{[]row.Fingerprint{11, 12, 13}, false},
		{nil, false},
	} {
		if got := l.IsFinished(lines(l, test.keys...)); got != test.want {
			t.Errorf("IsFinished(rows %v) of a file finished for rows 11 and 12 = %v, want %v", test.keys, got, test.want)
		}
	}
	if err := l.Finish([]string{"notes"}, func(yield func(Row) error) error {
		return yield(Row{Position: row.Position{Row: 1, Line: 2}, Key: l.Key(11), Carry: []string{"x"}})
	}, func(Row, row.Status, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l = open(t, path); l.IsFinished(lines(l, 11)) {
		t.Error("a file with a carried column is taken for one without")
	}
}

// The places of lines are remembered from one reading to the next.
func TestAFileThatSomebodyElseHasChangedIsNotFinished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	l := open(t, path)
	appendAll(t, l, entry(1, 11, row.Created), entry(2, 12, row.Failed))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first, second := row.Fingerprint(11).String(), row.Fingerprint(12).String()
	if err := os.WriteFile(path, []byte(strings.NewReplacer(first, second, second, first).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.LastEntry(l.Key(11)); err == nil {
		t.Error("LastEntry() gives the entry of another row")
	}
	err = l.Finish(nil, func(yield func(Row) error) error {
		return yield(Row{Position: row.Position{Row: 1, Line: 2}, Key: l.Key(11)})
	}, func(Row, row.Status, string) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "another program has changed it") {
		t.Errorf("Finish() = %v, want an error that says that the file was changed", err)
	}
	if after, _ := os.ReadFile(path); len(after) != len(text) {
		t.Error("the file was rewritten")
	}
}

// Who surveys a file adds its rows to the keys, whatever becomes of them.
func TestARowOfTheSurveyHasNoEntryBeforeItIsRecorded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	l := open(t, path)
	appendAll(t, l, entry(1, 11, row.Created))
	finish(t, l, 11)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path)
	places := map[row.Fingerprint]int{}
	for _, k := range []row.Fingerprint{11, 12, 13} {
		places[k] = l.Keys().Add(k)
	}
	for k, want := range map[row.Fingerprint]row.Status{11: row.Created, 12: row.Pending, 13: row.Pending} {
		status, _, ok := l.LastAt(places[k])
		if again, _, found := l.Last(l.Key(k)); status != want || again != want || ok != (want != row.Pending) || found != ok {
			t.Errorf("LastAt() of row %d = %v, %v and Last() = %v, %v; want %v", k, status, ok, again, found, want)
		}
	}
	if _, err := l.LastEntry(l.Key(12)); err == nil {
		t.Error("LastEntry() gives an entry of a row that was only surveyed")
	}
	appendAll(t, l, entry(3, 13, row.Failed))
	counts := finish(t, l, 11, 12, 13)
	if diff := cmp.Diff(map[row.Status]int{row.Created: 1, row.Pending: 1, row.Failed: 1}, counts); diff != "" {
		t.Errorf("counts of the finished file (-want +got):\n%s", diff)
	}
	if got := len(read(t, path)); got != 3 {
		t.Errorf("the finished file has %d lines, want the header and 2 rows", got)
	}
}

// Keys of a rehearsal stand beside the same rows' own, whoever reads the file.
func TestRowsAreToldFromTheirRehearsal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	l := open(t, path)
	real, rehearsed := entry(1, 11, row.Created), entry(1, 11, row.Failed)
	rehearsed.Key.Rehearsal = true
	appendAll(t, l, real, rehearsed)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, rehearsal := range []bool{false, true} {
		l, err := Open(t.Context(), Options{Path: path, Rehearsal: rehearsal, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []Entry{real, rehearsed} {
			status, _, _ := l.Last(want.Key)
			got, err := l.LastEntry(want.Key)
			if status != want.Status || err != nil || got.Key != want.Key || got.Status != want.Status {
				t.Errorf("with rehearsal %v, the last of %v is %v, and its entry %v of %v, %v; want %v", rehearsal, want.Key, status, got.Status, got.Key, err, want.Status)
			}
		}
		if status, _, ok := l.LastAt(l.Keys().Add(11)); !ok || (status == row.Failed) != rehearsal {
			t.Errorf("with rehearsal %v, the row of the survey is %v", rehearsal, status)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A million rows may take 64 MiB, of which the program itself is some 24.
func TestAnIndexKeepsAFewBytesOfARow(t *testing.T) {
	const n, most = 100_000, 24
	path := filepath.Join(t.TempDir(), "results.csv")
	l := open(t, path)
	key := func(i int) row.Fingerprint { return row.FingerprintOf(strconv.Itoa(i)) }
	var entries []Entry
	for i := range n {
		entries = append(entries, entry(i+1, key(i), row.Created))
	}
	appendAll(t, l, entries...)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l, entries = nil, nil
	live := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := live()
	l = open(t, path)
	if kept := (live() - before) / n; kept > most {
		t.Errorf("a file of %d rows keeps %d bytes of each, want %d at most", n, kept, most)
	}
	for i := range n {
		if status, _, _ := l.Last(l.Key(key(i))); status != row.Created {
			t.Fatalf("row %d is %v, want created", i+1, status)
		}
	}
}
