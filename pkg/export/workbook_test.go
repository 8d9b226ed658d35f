package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/refbulk/refbulk/pkg/export"
)

// written is a workbook as another program reads it.
func written(t *testing.T, columns []export.Column, rows ...[]string) *excelize.File {
	t.Helper()
	var b bytes.Buffer
	w, err := export.NewWriter(&b, export.XLSX, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	return book
}

// Numbers are numbers, and text is formatted as text, in its cells and in the
// rest of its columns.
func TestASpreadsheetMakesNothingElseOfAWorkbook(t *testing.T) {
	book := written(t, mixed, []string{"17", "1.50", "00123", "_x0041_x0042_ <&>\n\t ", "yes"}, []string{"", "", "", "", ""}, []string{"1234567890123456", "-3", "=1", "", ""})
	rows, err := book.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"id", "total", "name", "meta:<City>", "qualified"}, {"17", "1.50", "00123", "_x0041_x0042_ <&>\n\t ", "yes"}, nil, {"1234567890123456", "-3", "=1"}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("the rows (-want +got):\n%s", diff)
	}
	kinds := map[string]excelize.CellType{"A2": excelize.CellTypeUnset, "B2": excelize.CellTypeInlineString, "C2": excelize.CellTypeInlineString, "A4": excelize.CellTypeInlineString, "B4": excelize.CellTypeUnset}
	for cell, want := range kinds {
		if got, err := book.GetCellType("Sheet1", cell); got != want || err != nil {
			t.Errorf("%s is of type %v, %v; want %v", cell, got, err, want)
		}
	}
	for cell, want := range map[string]string{"A1": "49 bold", "C1": "49 bold", "A2": "0", "C2": "49", "C3": "49", "E2": "0", "D1000": "49"} {
		n, err := book.GetCellStyle("Sheet1", cell)
		if err != nil {
			t.Fatal(err)
		}
		style, err := book.GetStyle(n)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(style.NumFmt)
		if style.Font != nil && style.Font.Bold {
			got += " bold"
		}
		if got != want {
			t.Errorf("%s has the format %s, want %s", cell, got, want)
		}
	}
	if panes, err := book.GetPanes("Sheet1"); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("GetPanes: %+v, %v; want the header to stay", panes, err)
	}
}

func TestAWorkbookCanBeWide(t *testing.T) {
	var names []string
	for n := range 800 {
		names = append(names, fmt.Sprint("column ", n))
	}
	book := written(t, export.Texts(names...))
	for n, want := range names {
		at, err := excelize.CoordinatesToCellName(n+1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := book.GetCellValue("Sheet1", at); got != want || err != nil {
			t.Fatalf("%s holds %q, %v; want %q", at, got, err, want)
		}
	}
}

// full is a disk that takes so many bytes.
type full int

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if *f -= full(len(p)); *f < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAFullDiskIsAnError(t *testing.T) {
	for room := range 30 {
		disk := full(room * 200)
		w, err := export.NewWriter(&disk, export.XLSX, (&many{}).Columns())
		if err == nil {
			_, err = export.Copy(w, &many{rows: 500}, nil)
		}
		if !errors.Is(err, errFull) {
			t.Errorf("with room for %d bytes: error %v, want %v", room*200, err, errFull)
		}
	}
}
