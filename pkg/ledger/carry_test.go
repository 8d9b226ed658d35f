package ledger

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/refbulk/refbulk/pkg/row"
)

func TestCarriedCellsFollowTheContractsColumns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	l := open(t, path)
	appendAll(t, l, entry(1, 1, row.Created))
	carried := []string{"Jane", "=1+1"}
	err := l.Finish([]string{"Name", "Note"}, func(yield func(Row) error) error {
		return yield(Row{Position: row.Position{Row: 1, Line: 2}, Key: l.Key(1), Carry: carried})
	}, func(Row, row.Status, string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	records := read(t, path)
	if diff := cmp.Diff([]string{"Name", "Note"}, records[0][columnCount:]); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Jane", "'=1+1"}, records[1][columnCount:]); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	_ = l.Close()
	l = open(t, path) // with carried columns it is still a results file
	if s, _, _ := l.Last(l.Key(1)); s != row.Created {
		t.Errorf("Last(1) = %v after carrying, want created", s)
	}
}

// A row that the file no longer has keeps its cells, under their headings.
func TestCarriedCellsStayUnderTheirHeadings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	finishWith := func(key row.Fingerprint, headings, cells []string) {
		l := open(t, path)
		appendAll(t, l, entry(1, key, row.Created))
		err := l.Finish(headings, func(yield func(Row) error) error {
			return yield(Row{Position: row.Position{Row: 1, Line: 2}, Key: l.Key(key), Carry: cells})
		}, func(Row, row.Status, string) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	finishWith(1, []string{"City", "Phone"}, []string{"Oslo", "222"})
	finishWith(2, []string{"Phone", "Street", "City"}, []string{"333", "Main", "Rome"})
	var got [][]string
	for _, record := range read(t, path) {
		got = append(got, record[columnCount:])
	}
	want := [][]string{{"Phone", "Street", "City"}, {"333", "Main", "Rome"}, {"222", "", "Oslo"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("carried columns (-want +got):\n%s", diff)
	}
}

// Columns may have the same heading, or none.
func TestCarriedCellsOfColumnsOfOneHeadingAreKeptApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	for n, cells := range [][]string{{"a", "b"}, {"c", "d"}} { // the second file has the first row no longer
		l, key := open(t, path), row.Fingerprint(n+1)
		appendAll(t, l, entry(1, key, row.Created))
		err := l.Finish([]string{"Note", "Note"}, func(yield func(Row) error) error {
			return yield(Row{Position: row.Position{Row: 1, Line: 2}, Key: l.Key(key), Carry: cells})
		}, func(Row, row.Status, string) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	records := read(t, path)
	if got, want := records[len(records)-1][columnCount:], []string{"a", "b"}; !slices.Equal(got, want) {
		t.Errorf("the row that has gone kept %q, want %q", got, want)
	}
}
