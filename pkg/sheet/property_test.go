package sheet

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// table draws a header and rows as wide. Cells are such as a file can give
// back: encoding/csv turns CR LF into LF, and NUL and Ctrl-Z are dropped.
func table() *rapid.Generator[[][]string] {
	return rapid.Custom(func(t *rapid.T) [][]string {
		width := rapid.IntRange(1, 6).Draw(t, "width")
		text := rapid.OneOf(
			rapid.StringMatching(`[ a-zé@"',;|=+\n\t.0-9-]{0,12}`),
			rapid.SampledFrom([]string{"", `"`, `""`, "a\r", "\r\rb", "x,\"y", `6'2"`, "-5", "日本"}),
		)
		rows := [][]string{make([]string, width)}
		for i := range width {
			rows[0][i] = "column" + string(rune('a'+i))
		}
		for range rapid.IntRange(0, 30).Draw(t, "rows") {
			row := make([]string, width)
			for i := range row {
				row[i] = text.Draw(t, "cell")
			}
			if blank([]byte(strings.Join(row, ""))) {
				row[0] = "filled"
			}
			rows = append(rows, row)
		}
		return rows
	})
}

// placed is a row and where it was found.
type placed struct {
	Row, Line int
	Cells     []string
}

func readPlaced(t *rapid.T, f *File) []placed {
	r, err := f.Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var got []placed
	recs, err := r.CSV(), error(nil)
	if _, err = recs.Read(); err != nil {
		t.Fatal(err)
	}
	for {
		cells, err := recs.Read()
		if err != nil {
			return got
		}
		p := r.Position()
		if p.Fault != "" {
			t.Fatalf("row %d: fault %q", p.Row, p.Fault)
		}
		got = append(got, placed{p.Row, p.Line, cells})
	}
}

// TestReadsWhatCSVWrote: any table that encoding/csv writes reads back the
// same, row by row on the line where it was written.
func TestReadsWhatCSVWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	rapid.Check(t, func(t *rapid.T) {
		rows := table().Draw(t, "table")
		crlf := rapid.Bool().Draw(t, "crlf")
		delim := rapid.SampledFrom([]rune{',', ';', '\t', '|'}).Draw(t, "delimiter")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma, w.UseCRLF = delim, crlf
		var want []placed
		for i, cells := range rows {
			line := 1 + countLines(b.Bytes())
			if err := w.Write(cells); err != nil {
				t.Fatal(err)
			}
			w.Flush()
			if i > 0 {
				want = append(want, placed{i, line, readBack(t, cells, delim, crlf)})
			}
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path, Options{Delimiter: delim})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, readPlaced(t, f)); diff != "" {
			t.Fatalf("%q reads as (-want +got):\n%s", b.String(), diff)
		}
	})
}

// readBack returns what encoding/csv itself reads of what it has written.
func readBack(t *rapid.T, cells []string, delim rune, crlf bool) []string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = delim, crlf
	if err := w.Write(cells); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	r := csv.NewReader(&b)
	r.Comma = delim
	back, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// TestReadsWhatExcelizeWrote: the same for a workbook, with gaps of rows.
func TestReadsWhatExcelizeWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.xlsx")
	rapid.Check(t, func(t *rapid.T) {
		rows := table().Draw(t, "table")
		x := excelize.NewFile()
		defer x.Close()
		var want []placed
		at := 0
		for i, cells := range rows {
			at += rapid.IntRange(1, 3).Draw(t, "gap")
			for j, c := range cells {
				cell, err := excelize.CoordinatesToCellName(j+1, at)
				if err != nil {
					t.Fatal(err)
				}
				if err := x.SetCellStr("Sheet1", cell, c); err != nil {
					t.Fatal(err)
				}
			}
			if i > 0 {
				want = append(want, placed{i, at, throughXML(cells)})
			}
		}
		if err := x.SaveAs(path); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if diff := cmp.Diff(want, readPlaced(t, f)); diff != "" {
			t.Fatalf("reads as (-want +got):\n%s", diff)
		}
	})
}

// throughXML does to cells what XML and then encoding/csv do to line ends.
func throughXML(cells []string) []string {
	var out []string
	for _, c := range cells {
		out = append(out, strings.ReplaceAll(c, "\r\n", "\n"))
	}
	return out
}
