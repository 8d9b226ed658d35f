package sheet

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkRead compares a pass with a bare encoding/csv loop over the same
// file. Opening, which looks at every byte once more, is timed by itself.
func BenchmarkRead(b *testing.B) {
	for _, kind := range []struct{ name, row string }{
		{"plain", "%d,user%[1]d@example.com,Anna Maria,Example & Sons,2026-01-02,true\n"},
		{"quoted", "\"%d\",\"user%[1]d@example.com\",\"Anna Maria\",\"Example, Inc.\",\"2026-01-02\",\"true\"\n"},
	} {
		const rows = 200_000
		path := benchFile(b, kind.row, rows)
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		run := func(name string, pass func() error) {
			b.Run(kind.name+"/"+name, func(b *testing.B) {
				b.SetBytes(info.Size())
				b.ReportAllocs()
				for b.Loop() {
					if err := pass(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
		f, err := Open(path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		run("encodingcsv", func() error { return bareCSV(path) })
		run("sheet", func() error { return readAll(f) })
		run("open", func() error { return openAndClose(path) })
	}
}

func openAndClose(path string) error {
	f, err := Open(path, Options{})
	if err != nil {
		return err
	}
	return f.Close()
}

func benchFile(b *testing.B, row string, rows int) string {
	path := filepath.Join(b.TempDir(), "bench.csv")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "id,email,first_name,company,created,notify")
	for i := range rows {
		fmt.Fprintf(w, row, i+1)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

func bareCSV(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return drain(csv.NewReader(f), func() {})
}

func readAll(f *File) error {
	r, err := f.Rows()
	if err != nil {
		return err
	}
	defer r.Close()
	return drain(r.CSV(), func() { _ = r.Position() })
}

func drain(r *csv.Reader, each func()) error {
	for {
		if _, err := r.Read(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		each()
	}
}

// BenchmarkWorkbook opens a workbook of shared strings, which unpacks it, and
// then makes passes over it.
func BenchmarkWorkbook(b *testing.B) {
	const rows = 50_000
	path := filepath.Join(b.TempDir(), "bench.xlsx")
	var strs, sheet strings.Builder
	strs.WriteString(`<sst><si><t>email</t></si><si><t>first_name</t></si>`)
	sheet.WriteString(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>`)
	for i := range rows {
		fmt.Fprintf(&strs, "<si><t>user%d@example.com</t></si><si><t>Ann %[1]d</t></si>", i)
		fmt.Fprintf(&sheet, `<row r="%d"><c r="A%[1]d" t="s"><v>%d</v></c><c r="B%[1]d" t="s"><v>%d</v></c></row>`, i+2, 2*i+2, 2*i+3)
	}
	strs.WriteString("</sst>")
	sheet.WriteString("</sheetData></worksheet>")
	data := rawWorkbook(b, sheet.String(), "xl/strings.xml", strs.String()) // the later part of a name counts
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := Open(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	run := func(name string, pass func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := pass(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	run("open", func() error { return openAndClose(path) })
	run("pass", func() error { return readAll(f) })
}
