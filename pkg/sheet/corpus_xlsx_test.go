package sheet

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/unicode"
)

// zipFile makes a zip file of names and contents in turn.
func zipFile(t testing.TB, parts ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(parts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rawWorkbook makes a workbook of one sheet of the given XML, as other programs
// than Excel might write it.
func rawWorkbook(t testing.TB, sheet string, more ...string) []byte {
	const rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	return zipFile(t, append([]string{
		"[Content_Types].xml", `<Types/>`,
		"_rels/.rels", `<Relationships><Relationship Id="r1" Type="` + rel + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml", `<workbook xmlns:r="` + rel + `"><sheets><sheet name="Data" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="r1" Type="` + rel + `/worksheet" Target="/xl/worksheets/data.xml"/>` +
			`<Relationship Id="r2" Type="` + rel + `/sharedStrings" Target="strings.xml"/></Relationships>`,
		"xl/strings.xml", `<sst><si><t>email</t></si><si><t>first_name</t></si>` +
			`<si><r><t>An</t></r><r><rPr><b/></rPr><t xml:space="preserve">n </t></r><rPh sb="0" eb="1"><t>not read</t></rPh></si>` +
			`<si><t>a_x000D_
b_x005F_x0041_</t></si></sst>`,
		"xl/worksheets/data.xml", sheet,
	}, more...)...)
}

// book makes a workbook with excelize.
func book(t testing.TB, fill func(x *excelize.File)) []byte {
	x := excelize.NewFile()
	defer x.Close()
	fill(x)
	var b bytes.Buffer
	if err := x.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func setRow(t testing.TB, x *excelize.File, at string, cells ...any) {
	if err := x.SetSheetRow("Sheet1", at, &cells); err != nil {
		t.Fatal(err)
	}
}

func corpusWorkbooks(t *testing.T) map[string][]byte {
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string][]byte{
		"xlsx-types.xlsx": book(t, func(x *excelize.File) { fillTypes(t, x) }),
		"xlsx-named.csv":  book(t, func(x *excelize.File) { setRow(t, x, "A1", "email"); setRow(t, x, "A2", "ann@example.com") }),
		"xlsx-dates-1904.xlsx": book(t, func(x *excelize.File) {
			yes := true
			must(x.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}))
			setRow(t, x, "A1", "email", "since")
			setRow(t, x, "A2", "ann@example.com", 43862)
			style, err := x.NewStyle(&excelize.Style{NumFmt: 14})
			must(err)
			must(x.SetCellStyle("Sheet1", "B2", "B2", style))
		}),
		"xlsx-sheets.xlsx": book(t, func(x *excelize.File) {
			setRow(t, x, "A1", "email")
			for _, name := range []string{"Summary", "People"} {
				_, err := x.NewSheet(name)
				must(err)
			}
			must(x.SetCellStr("Summary", "A1", "12 people"))
			must(x.SetSheetRow("People", "C5", &[]any{"email", "first_name"}))
			must(x.SetSheetRow("People", "C6", &[]any{"ann@example.com", "Ann"}))
			x.SetActiveSheet(1) // the active sheet cannot be hidden
			must(x.SetSheetVisible("Sheet1", false))
		}),
		"xlsx-hidden-merged.xlsx": book(t, func(x *excelize.File) {
			setRow(t, x, "A1", "Our customers")
			must(x.MergeCell("Sheet1", "A1", "C1"))
			setRow(t, x, "A3", "email", "first_name", "company")
			setRow(t, x, "A4", "ann@example.com", "Ann", "Lee Ltd")
			setRow(t, x, "A5", "bob@example.com", "Bob", nil, nil, "call him")
			must(x.MergeCell("Sheet1", "C4", "C5"))
			must(x.SetRowVisible("Sheet1", 5, false))
			setRow(t, x, "A7", "email", "first_name", "company")
			setRow(t, x, "A8", "Grand Totals (2 records)")
		}),
		"xlsx-formulas.xlsx": book(t, func(x *excelize.File) {
			setRow(t, x, "A1", "email", "first_name")
			setRow(t, x, "A2", "ann@example.com")
			must(x.SetCellFormula("Sheet1", "B2", "UPPER(A2)"))
		}),
	}
}

// corpusRawWorkbooks are workbooks as other programs than Excel write them.
func corpusRawWorkbooks(t *testing.T) map[string][]byte {
	head := `<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>`
	noRefs := `<worksheet><sheetData>` + head + `<row><c t="inlineStr"><is><t>ann@example.com</t></is></c><c t="s"><v>2</v></c></row></sheetData></worksheet>`
	prefixed := `<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:dimension ref="A1"/><x:sheetData>` +
		`<x:row r="2"><x:c r="B2" t="s"><x:v>0</x:v></x:c><x:c r="D2" t="s"><x:v>1</x:v></x:c></x:row>` +
		`<x:row r="9"><x:c r="B9" t="str"><x:f>A1</x:f><x:v>ann@example.com</x:v></x:c><x:c r="D9" t="s"><x:v>3</x:v></x:c></x:row>` +
		`</x:sheetData></x:worksheet>`
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(`<?xml version="1.0" encoding="UTF-16"?>` + noRefs)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"xlsx-no-references.xlsx": rawWorkbook(t, noRefs),
		"xlsx-prefixed.xlsx":      rawWorkbook(t, prefixed),
		"xlsx-utf16.xlsx":         rawWorkbook(t, wide),
		"xlsx-backslashes.xlsx":   bytes.ReplaceAll(rawWorkbook(t, noRefs), []byte("xl/worksheets/data.xml"), []byte(`xl\worksheets\data.xml`)),
		"xlsx-broken-off.xlsx":    rawWorkbook(t, noRefs[:strings.Index(noRefs, "</sheetData>")]),
		"xlsx-bad-string.xlsx":    rawWorkbook(t, strings.Replace(noRefs, "<v>2</v>", "<v>77</v>", 1)),
		"xlsx-empty.xlsx":         book(t, func(*excelize.File) {}),
		"xlsx-entities.xlsx": rawWorkbook(t, `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet><sheetData>`+head+
			`<row><c t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>`),
	}
}

// fillTypes fills a sheet with every type of cell.
func fillTypes(t *testing.T, x *excelize.File) {
	setRow(t, x, "A1", "email", "what", "value")
	day := time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)
	for i, c := range []struct {
		what   string
		value  any
		format string
	}{
		{"text with zeros", "007", ""},
		{"integer", 447712345678, ""},
		{"15 digits", 123456789012345, "0.00E+00"},
		{"thousands", 1234567.5, "#,##0.00"},
		{"noise", 0.1 + 0.2, ""},
		{"zip", 2138, "00000"},
		{"percent", 0.125, "0.0%"},
		{"true", true, ""},
		{"date", day, "d/m/yy"},
		{"date, local", day, "[$-407]dddd, d. mmmm yyyy;@"},
		{"month", day, "mmm"},
		{"date and time", day.Add(4*time.Hour + 5*time.Minute + 6*time.Second), `yyyy\-mm\-dd hh:mm`},
		{"time", 0.75, "h:mm AM/PM"},
		{"hours", 1.5, "[h]:mm"},
		{"day 1", 1, "yyyy-mm-dd"},
		{"red, not a day", -5, `[Red]0.0;"days"0`},
		{"error", "#N/A", ""},
		{"escape", "_x0041_", ""},
		{"formula to be", "=1+1", ""},
		{"lines", "one\ntwo", ""},
		{"dollars", 25, `"$"#,##0.00`},
		{"dollars, accounted", -1234.5, `_($* #,##0.00_);_($* (#,##0.00)`},
		{"dollars, local", 12.5, `[$$-409]#,##0.00`},
		{"euros", 25, `[$€-407] #,##0.00`},
	} {
		at := "A" + string(rune('2'+i))
		if i > 7 {
			at = "A" + string([]byte{'0' + byte((i+2)/10), '0' + byte((i+2)%10)})
		}
		setRow(t, x, at, "ann@example.com", c.what, c.value)
		if c.format == "" {
			continue
		}
		style, err := x.NewStyle(&excelize.Style{CustomNumFmt: &c.format})
		if err != nil {
			t.Fatal(err)
		}
		cell := strings.Replace(at, "A", "C", 1)
		if err := x.SetCellStyle("Sheet1", cell, cell, style); err != nil {
			t.Fatal(err)
		}
	}
}
