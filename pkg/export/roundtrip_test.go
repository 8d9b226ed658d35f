package export_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/export"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// readBack gives the header and the rows of a file, every cell cleaned as an
// import cleans it.
func readBack(t interface{ Fatal(...any) }, path string) (all [][]string) {
	file, err := sheet.Open(path, sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := file.Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for {
		record, err := rows.CSV().Read()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if fault := rows.Position().Fault; fault != "" {
			t.Fatal("line ", rows.Position().Line, ": ", fault)
		}
		all = append(all, cleaned(record))
	}
}

func cleaned(cells []string) []string {
	clean := make([]string, len(cells))
	for i, c := range cells {
		clean[i] = fields.Text(c)
	}
	return clean
}

// The law of the formats: a reader that cleans cells finds what cleaning makes
// of what was written, in CSV and in a workbook.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	base := t.TempDir()
	columns := append(export.Numbers("id"), export.Texts("=name", "meta:Größe", "note")...)
	// A joiner holds emoji together, and nothing else: beside a character that
	// shows nothing it is kept or not, as the reader drops that first or last.
	apart := strings.NewReplacer("\u200c", "", "\u200d", "")
	text := rapid.Map(rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("'=+-@\t\r\n\v\f\x00\x1f\x7f\u0085\u00a0 \"a0,;|_x41\u200b\u2028\ufeff\ufffdé\u0301😀")))), apart.Replace)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []string {
			return []string{rapid.SampledFrom([]string{"1", "17", "-3", "1.5", "12345678901234567890", "007"}).Draw(t, "number"),
				text.Draw(t, "a"), text.Draw(t, "b"), text.Draw(t, "c")}
		}), 1, 5).Draw(t, "rows")
		for _, format := range []export.Format{export.CSV, export.XLSX} {
			var b bytes.Buffer
			w, err := export.NewWriter(&b, format, columns)
			if err != nil {
				t.Fatal(err)
			}
			want := [][]string{{"id", "=name", "meta:Größe", "note"}}
			for _, row := range rows {
				if err := w.Write(row); err != nil {
					t.Fatalf("%s: %v", format, err)
				}
				want = append(want, cleaned(row))
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(base, "file"+string(format))
			if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, readBack(t, path)); diff != "" {
				t.Fatalf("%s (-written +read):\n%s\nwritten: %q", format, diff, rows)
			}
		}
	})
}
