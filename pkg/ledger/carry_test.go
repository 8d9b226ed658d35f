package ledger

import (
	"path/filepath"
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

// finishCarried adds a row to the results at path, and finishes them with the
// columns and cells that a run over that row alone carries.
func finishCarried(t *testing.T, path string, key row.Fingerprint, headings, cells []string) {
	t.Helper()
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

// A row that the file no longer has keeps its cells, under their headings, of
// which some may be alike.
func TestCarriedCellsStayUnderTheirHeadings(t *testing.T) {
	for _, test := range []struct{ before, now, want []string }{
		{[]string{"City", "Phone"}, []string{"Phone", "Street", "City"}, []string{"222", "", "Oslo"}},
		{[]string{"Note", "Note"}, []string{"Note", "Note"}, []string{"Oslo", "222"}},
		{[]string{"", ""}, []string{"", "", ""}, []string{"Oslo", "222", ""}},
	} {
		path := filepath.Join(t.TempDir(), "results.csv")
		finishCarried(t, path, 1, test.before, []string{"Oslo", "222"})
		today := []string{"333", "Main", "Rome"}[:len(test.now)]
		finishCarried(t, path, 2, test.now, today)
		var got [][]string
		for _, record := range read(t, path) {
			got = append(got, record[columnCount:])
		}
		if diff := cmp.Diff([][]string{test.now, today, test.want}, got); diff != "" {
			t.Errorf("carried columns (-want +got):\n%s", diff)
		}
	}
}
