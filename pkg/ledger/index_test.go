package ledger

import (
	"os"
	"path/filepath"
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
