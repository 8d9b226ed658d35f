package sheet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gocarina/gocsv"
	"github.com/xuri/excelize/v2"
)

func writeFile(t testing.TB, name, content string) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOptionsOverrule(t *testing.T) {
	sheets := string(book(t, func(x *excelize.File) {
		setRow(t, x, "A1", "email")
		setRow(t, x, "A2", "ann@example.com")
		if _, err := x.NewSheet("Second"); err != nil {
			t.Fatal(err)
		}
		if err := x.SetSheetRow("Second", "A2", &[]any{"colour", "email"}); err != nil {
			t.Fatal(err)
		}
	}))
	for _, tc := range []struct {
		name, file, content string
		o                   Options
		want                string // the beginning
	}{
		{"sheet", "a.xlsx", sheets, Options{Sheet: " second "},
			"XLSX, sheet \"Second\" of 2, header in 2\nheader: [\"colour\" \"email\"]\n"},
		{"no such sheet", "a.xlsx", sheets, Options{Sheet: "Third"},
			`refused: "a.xlsx": it has no sheet "Third": its sheets are "Sheet1", "Second"`},
		{"header row of a sheet", "a.xlsx", sheets, Options{HeaderRow: 2, Known: knownField},
			"XLSX, sheet \"Sheet1\" of 2, header in 2\nheader: [\"ann@example.com\"]\n"},
		{"header row behind the end", "a.xlsx", sheets, Options{Sheet: "Second", HeaderRow: 3},
			`refused: "a.xlsx": it has no row 3 to be the header: the file ends before`},
		{"header line", "a.csv", "email,x\n\"a\nb\",y\nred,blue\n1,2\n", Options{HeaderRow: 4, Known: knownField},
			"CSV in utf-8, delimiter ',', header in 4\nheader: [\"red\" \"blue\"]\n1 at 5: [\"1\" \"2\"]\n"},
		{"header line behind the end", "a.csv", "email\nx\n", Options{HeaderRow: 4},
			`refused: "a.csv": it has no row 4 to be the header: the file ends before`},
		{"delimiter", "a.csv", "email,a^b\nx,y^z\n", Options{Delimiter: '^'},
			"CSV in utf-8, delimiter '^', header in 1\nheader: [\"email,a\" \"b\"]\n"},
		{"delimiter over sep=", "a.csv", "sep=,\na;b\n1;2\n", Options{Delimiter: ';'},
			"CSV in utf-8, delimiter ';', header in 2\n"},
		{"no delimiter", "a.csv", "a\n", Options{Delimiter: '"'},
			`refused: "a.csv": it cannot be split at '"': the delimiter has to be one ASCII character`},
		{"encoding", "a.csv", "email,n\nx,\xe6\n", Options{Encoding: "CP1250"},
			"CSV in windows-1250, delimiter ',', header in 1\nnote: not UTF-8, read as windows-1250\nheader: [\"email\" \"n\"]\n1 at 2: [\"x\" \"ć\"]\n"},
		{"encoding utf-8", "a.csv", "email,n\nx,\xe6\ny,z\n", Options{Encoding: "UTF-8"},
			"CSV in utf-8, delimiter ',', header in 1\nnote: 1 byte not UTF-8, although the rest of the file is: rows with them cannot be used\nheader: [\"email\" \"n\"]\n1 at 2: [\"x\" \"\ufffd\"]\n    fault: "},
		{"no such encoding", "a.csv", "a\n", Options{Encoding: "klingon"},
			`refused: "a.csv": encoding "klingon" is not known: use one of utf-8,`},
		{"columns", "a.csv", "a,b,c\n", Options{MaxColumns: 2},
			`refused: "a.csv": it has more than 2 columns in line 1`},
		{"cell", "a.csv", "a,b\n1234,12345\n", Options{MaxCell: 4},
			"CSV in utf-8, delimiter ',', header in 1\nheader: [\"a\" \"b\"]\n1 at 2: [\"1234\" \"1234\"]\n    fault: the cell in column \"b\" is longer than 4 bytes\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := describe(t, writeFile(t, tc.file, tc.content), tc.o)
			if !strings.HasPrefix(got, tc.want) {
				t.Errorf("Open(%+v) gives\n%s\nwant\n%s", tc.o, got, tc.want)
			}
		})
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	if _, err := Open(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("Open(folder) = %v, want an error that says so", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.csv"), Options{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none.csv\" cannot be opened: ") {
		t.Errorf("Open(none) = %v, want a sentence that is fs.ErrNotExist", err)
	}
}

// TestStrayQuoteCostsOneRow has a quote that never closes before more rows than
// a quoted cell may hold, with and without quotes further on.
func TestStrayQuoteCostsOneRow(t *testing.T) {
	for _, row := range []string{"p%d@example.com,Pat,x\n", "p%d@example.com,\"Pat, P\",x\n", "\"p%d@example.com\",\"Pat\",\"x\"\n"} {
		var b strings.Builder
		b.WriteString("email,first_name,note\n")
		const rows = 20_000
		for i := range rows {
			if i == 7 {
				b.WriteString("stray@example.com,\"Stray,x\n")
				continue
			}
			fmt.Fprintf(&b, row, i)
		}
		f, err := Open(writeFile(t, "a.csv", b.String()), Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Rows()
		if err != nil {
			t.Fatal(err)
		}
		var faults []Position
		err = drain(r.CSV(), func() {
			if p := r.Position(); p.Fault != "" {
				faults = append(faults, p)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if p := r.Position(); p.Row != rows || len(faults) != 1 || faults[0].Row != 8 || faults[0].Line != 9 {
			t.Errorf("rows like %q: last at %+v, faults %+v; want %d rows and one fault, in row 8", row, p, faults, rows)
		}
		r.Close()
		f.Close()
	}
}

// TestEndlessLine has a line longer than is ever held in memory.
func TestEndlessLine(t *testing.T) {
	got := describe(t, writeFile(t, "a.csv", "email,note\na@example.com,"+strings.Repeat("x", 3*maxRecord)+"\nb@example.com,ok\n"), Options{})
	for _, want := range []string{"fault: the line is longer than 8 MiB", "2 at 3: [\"b@example.com\" \"ok\"]\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
}

// TestRowsSuitGocsv reads through gocsv as the next package does: it panics
// when a record is longer than the header.
func TestRowsSuitGocsv(t *testing.T) {
	f, err := Open(writeFile(t, "a.csv", "email;n;other\nann@example.com;Ann;x;y;z\nbob@example.com\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	type person struct {
		Email string `csv:"email"`
	}
	um, err := gocsv.NewUnmarshaller(r.CSV(), person{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		email, other string
		line         int
	}{{"ann@example.com", "x", 2}, {"bob@example.com", "", 3}} {
		got, rest, err := um.ReadUnmatched()
		if err != nil {
			t.Fatal(err)
		}
		if p := got.(person); p.Email != want.email || rest["other"] != want.other || r.Position().Line != want.line {
			t.Errorf("got %+v, %v at %+v, want %+v", p, rest, r.Position(), want)
		}
	}
	if _, _, err := um.ReadUnmatched(); err != io.EOF {
		t.Errorf("at the end: %v, want io.EOF", err)
	}
}

func TestRowsNoticesAChangedFile(t *testing.T) {
	path := writeFile(t, "a.csv", "email\nann@example.com\n")
	f, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("email\nann@example.com\nbob@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Rows(); err == nil || !strings.Contains(err.Error(), "has changed since it was opened") {
		t.Errorf("Rows() = %v, want an error that the file has changed", err)
	}
}

// Of a file into which somebody writes in the middle of a pass, no row is
// taken that the passes before did not see.
func TestAPassEndsWhereTheFileHasChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list.csv")
	const rows = 20000
	lines := func(name string) []byte {
		return []byte("email,first_name\n" + strings.Repeat(name+"@example.com,Ann\n", rows))
	}
	if err := os.WriteFile(path, lines("ann"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pass, err := f.Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer pass.Close()
	if err := os.WriteFile(path, lines("bob"), 0o600); err != nil { // of the same size
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	read := 0
	for {
		var record []string
		if record, err = pass.CSV().Read(); err != nil {
			break
		}
		if read++; strings.HasPrefix(record[0], "bob") {
			t.Fatalf("row %d is one of the other file", read)
		}
	}
	if read == rows || !strings.Contains(err.Error(), "has changed since it was opened") {
		t.Errorf("%d rows were read, and then %v; want an error that the file has changed", read, err)
	}
}

func TestWorkbookBombs(t *testing.T) {
	empty := `<worksheet><sheetData>` + strings.Repeat("<row/>", 3<<20) + `</sheetData></worksheet>`
	long := `<worksheet><sheetData><row><c t="str"><v>` + strings.Repeat("0123456789abcdef", maxRecord/16+1<<12) + `</v></c></row></sheetData></worksheet>`
	for _, tc := range []struct {
		name, sheet, want string
		limit             int64
	}{
		{"ratio", empty, "times its size, as a zip bomb does", 0},
		{"size", empty, "it unpacks to 18 MiB, more than the 8 MiB allowed", 8 << 20},
		{"one long text", long, "too long to be a cell", 0},
	} {
		path := writeFile(t, "a.xlsx", string(rawWorkbook(t, tc.sheet)))
		if _, err := Open(path, Options{MaxUnzipped: tc.limit}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

// TestWorkbookOfEmptyRows has a sheet that was formatted far beyond its rows.
func TestWorkbookOfEmptyRows(t *testing.T) {
	var b strings.Builder
	b.WriteString(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row>`)
	for i := 2; i <= 20_000; i++ {
		fmt.Fprintf(&b, `<row r="%d" s="3" customFormat="1"><c r="A%[1]d" s="3"/><c r="XFD%[1]d" s="3"/></row>`, i)
	}
	b.WriteString(`<row r="1048576"><c r="A1048576" t="str"><v>ann@example.com</v></c></row></sheetData></worksheet>`)
	got := describe(t, writeFile(t, "a.xlsx", string(rawWorkbook(t, b.String()))), Options{})
	want := "XLSX, sheet \"Data\" of 1, header in 1\nheader: [\"email\"]\n1 at 1048576: [\"ann@example.com\"]\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
