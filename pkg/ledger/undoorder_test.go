package ledger

import (
	"cmp"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/row"
)

// Whatever is in the file — what runs left, or lines that a person has moved,
// doubled or numbered otherwise — finishing it sorts it, and loses no line.
func TestFinishingAnUndoFileSortsItHoweverItLies(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, "undo.csv")
		var numbers []int
		for range rapid.IntRange(0, 6).Draw(t, "pieces") {
			from, n := rapid.IntRange(1, 3000).Draw(t, "from"), rapid.IntRange(1, 700).Draw(t, "lines")
			step := rapid.SampledFrom([]int{1, -1, 0, 2, -3, 800}).Draw(t, "step")
			for range n {
				numbers = append(numbers, max(1, from))
				from += step
			}
		}
		numbers = append(numbers, 1, 2) // the file is not in order already
		var file strings.Builder
		file.WriteString("operation,id,change,row_key\n")
		type line struct {
			change int
			id     string
		}
		var want []line
		for i, n := range numbers {
			id := strconv.Itoa(i)
			file.WriteString("delete,\"" + id + "\nof a line\"," + strconv.Itoa(n) + ",0123456789abcdef\n")
			want = append(want, line{n, id + "\nof a line"})
		}
		slices.SortStableFunc(want, func(a, b line) int { return cmp.Compare(b.change, a.change) })
		if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		u, err := OpenUndo(t.Context(), UndoOptions{Path: path, Columns: []string{"operation", "id"}, Begun: time.Unix(1, 0)})
		if err != nil {
			t.Fatal(err)
		}
		defer u.Close()
		if err := u.Finish(settledAs(nil)); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var got []line
		for _, r := range records[1:] {
			n, _ := strconv.Atoi(r[2])
			got = append(got, line{n, r[1]})
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d lines numbered %v are finished as %v, want %v", len(want), numbers, got, want)
		}
	})
}

// What a run has appended, to what the one before has finished, takes some
// bytes for hundreds of lines.
func TestAnUndoFileOfManyLinesIsPutInOrderInLittleMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo.csv")
	const each = 20_000
	for pass := range 2 {
		u := openUndo(t, path, "operation", "id")
		var changes []Change
		for i := range each {
			changes = append(changes, change(row.Fingerprint(i), "delete", strconv.Itoa(i), pass == 0 && i%3 == 0))
		}
		appendChanges(t, u, changes...)
		if pass == 0 {
			refused := func(Key) (row.Status, bool) { return row.Rejected, false }
			if err := u.Finish(refused); err != nil { // drops every third
				t.Fatal(err)
			}
		}
		_ = u.Close()
	}
	var lines stretches
	if _, err := readUndo(path, func(_ undone, at place, _ []string) error { lines.add(at); return nil }); err != nil {
		t.Fatal(err)
	}
	if most := 2*each/mostLines + 4; len(lines) > most {
		t.Errorf("%d lines are %d stretches, want at most %d", 2*each, len(lines), most)
	}
	slices.SortFunc(lines, func(a, b stretch) int { return cmp.Compare(b.high, a.high) })
	for i := range lines[1:] {
		if lines[i+1].high >= lines[i].low {
			t.Errorf("the stretches %+v and %+v have to be in memory together, want none", lines[i], lines[i+1])
		}
	}
}
