package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/refbulk/refbulk/pkg/export"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheEndingTellsTheFormat(t *testing.T) {
	for path, want := range map[string]export.Format{"a.csv": export.CSV, "b/users.XLSX": export.XLSX, "x.y.jsonl": export.JSONLines} {
		if got, err := export.FormatOf(path); got != want || err != nil {
			t.Errorf("FormatOf(%q) = %q, %v; want %q", path, got, err, want)
		}
	}
	for _, path := range []string{"users", "users.xls", "users.json", ""} {
		if got, err := export.FormatOf(path); err == nil || !strings.Contains(err.Error(), ".xlsx") {
			t.Errorf("FormatOf(%q) = %q, %v; want an error that names the endings", path, got, err)
		}
	}
}

// pages is a source of given pages.
type pages struct {
	columns []export.Column
	left    []export.Page
	end     error // instead of io.EOF
}

func (p *pages) Columns() []export.Column { return p.columns }

func (p *pages) Next() (export.Page, error) {
	if len(p.left) == 0 && p.end != nil {
		return export.Page{}, p.end
	}
	if len(p.left) == 0 {
		return export.Page{}, io.EOF
	}
	page := p.left[0]
	p.left = p.left[1:]
	return page, nil
}

var mixed = append(append(export.Numbers("id", "total"), export.Texts("name", "meta:<City>")...), export.Column{Name: "qualified", Kind: export.Flag})

func TestEachFormatWritesWhatItsReadersExpect(t *testing.T) {
	rows := [][]string{
		{"17", "1.50", "=Jane \"J\"", "Zoë & <co>", "yes"}, {"", "-3", "", "|", ""}, {"007", "one", "", "", ""},
	}
	for format, want := range map[export.Format]string{
		export.CSV: "id,total,name,meta:<City>,qualified\n17,1.50,\"'=Jane \"\"J\"\"\",Zoë & <co>,yes\n,-3,,|,\n007,one,,,\n",
		export.JSONLines: `{"id":17,"total":1.50,"name":"=Jane \"J\"","meta:<City>":"Zoë & <co>","qualified":true}` + "\n" +
			`{"total":-3,"meta:<City>":"|","qualified":false}` + "\n" + `{"id":"007","total":"one","qualified":false}` + "\n",
	} {
		var b bytes.Buffer
		w, err := export.NewWriter(&b, format, mixed)
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		n, err := export.Copy(w, &pages{columns: mixed, left: []export.Page{{Rows: rows[:2], Read: 5}, {Read: 4}, {Rows: rows[2:], Read: 1}}},
			func(p export.Page) { read += p.Read })
		if n != 3 || read != 10 || err != nil {
			t.Errorf("%s: Copy = %d, %v with %d read; want 3 rows of 10", format, n, err, read)
		}
		if b.String() != want {
			t.Errorf("%s:\n%swant\n%s", format, b.String(), want)
		}
	}
}

func TestAnErrorEndsTheCopy(t *testing.T) {
	broken := errors.New("the API is down")
	w, _ := export.NewWriter(io.Discard, export.CSV, mixed)
	n, err := export.Copy(w, &pages{columns: mixed, left: []export.Page{{Rows: [][]string{{"1", "", "", "", ""}}}}, end: broken}, nil)
	if n != 1 || !errors.Is(err, broken) {
		t.Errorf("Copy = %d, %v; want 1 and %v", n, err, broken)
	}
}

// What a workbook would hold otherwise than it was written is refused, with a
// way out.
func TestAWorkbookRefusesWhatItCannotHold(t *testing.T) {
	for _, cell := range []string{strings.Repeat("x", 32768), strings.Repeat("😀", 16384), "a\uffffb"} {
		w, err := export.NewWriter(io.Discard, export.XLSX, export.Texts("note"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write([]string{cell}); err == nil || !strings.Contains(err.Error(), `column "note"`) || !strings.Contains(err.Error(), ".csv") {
			t.Errorf("Write of %d bytes: %v; want an error that names the column and a way out", len(cell), err)
		}
		if err := w.Write([]string{strings.Repeat("x", 32767)}); err != nil {
			t.Errorf("Write of the longest cell: %v", err)
		}
	}
}

// many is a source of so many rows, a page of 250 at a time.
type many struct {
	rows int
	page [][]string
}

func (m *many) Columns() []export.Column {
	return append(export.Numbers("id"), export.Texts("code", "email", "first_name", "url", "meta:City")...)
}

func (m *many) Next() (export.Page, error) {
	if m.rows == 0 {
		return export.Page{}, io.EOF
	}
	m.page = m.page[:0]
	for range min(m.rows, 250) {
		n := fmt.Sprint(m.rows)
		m.page = append(m.page, []string{n, "code" + n, "person" + n + "@example.com", "Person", "https://example.com/code" + n, "Utrecht"})
		m.rows--
	}
	return export.Page{Rows: m.page, Read: len(m.page)}, nil
}

// Memory does not grow with the rows, whatever the format.
func TestAnExportHoldsNoRows(t *testing.T) {
	for _, format := range []export.Format{export.CSV, export.XLSX, export.JSONLines} {
		w, err := export.NewWriter(io.Discard, format, (&many{}).Columns())
		if err != nil {
			t.Fatal(err)
		}
		source, most := &many{rows: 60_000}, uint64(0)
		_, err = export.Copy(w, source, func(export.Page) {
			if source.rows%20_000 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if most > 40<<20 {
			t.Errorf("%s: %d MiB are held for 60,000 rows", format, most>>20)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	const rows = 20_000
	for _, format := range []export.Format{export.CSV, export.XLSX, export.JSONLines} {
		b.Run(string(format[1:]), func(b *testing.B) {
			for b.Loop() {
				w, err := export.NewWriter(io.Discard, format, (&many{}).Columns())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := export.Copy(w, &many{rows: rows}, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
