package sheet

import (
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestANumberKeepsWhatItsCellShowsBesideIt reads 25 in formats that make
// something else of it than 25: a reader of money, for whom a bare number is
// cents, has to see as much as one of the sheet.
func TestANumberKeepsWhatItsCellShowsBesideIt(t *testing.T) {
	for _, tc := range []struct{ format, want string }{
		{"General", "25"}, {"0", "25"}, {"#,##0", "25"}, {"#,##0_€", "25"}, {`0 "kg"`, "25"}, {"# ?/?", "25"}, {"0000", "0025"}, {`"TEL"0`, "25"}, {`"REF"000`, "025"},
		{"0.00", "25.00"}, {"#,##0.00_-", "25.00"}, {"0.0", "25.0"}, {"0.000", "25.00"}, {"0.##", "25"}, {"0.00E+00", "25"}, {"0.0,", "25"},
		{`_-* #,##0.00\ _€_-`, "25.00"},
		{`#,##0.00\ "€"`, "25.00 €"}, {`#,##0.00 €`, "25.00 €"}, {`[$€-407] #,##0.00;[Red]-#,##0.00 [$€-407]`, "25.00 €"}, {`0\€`, "25 €"},
		{`[$£-809]#,##0`, "25 £"}, {`"CHF "0.00`, "25.00 CHF"}, {`#,##0.00 [$kr-41D]`, "25.00 kr"}, {`[$CA$]0`, "25 CA$"}, {`General" €"`, "25 €"},
		{`"USD" 0`, "$25.00"}, {`[$USD] #,##0`, "$25.00"}, {`0" $"`, "$25.00"}, {`\$0`, "$25.00"}, {`[$US$-409]0`, "$25.00"},
		{`0"%"`, "25 %"}, {`0\%`, "25 %"}, {"0%", "2500%"},
	} {
		got := readCell(t, excelize.Style{CustomNumFmt: &tc.format}, 25)
		if got != tc.want {
			t.Errorf("25 in the format %s is read as %q, want %q", tc.format, got, tc.want)
		}
	}
	for id, want := range map[int]string{1: "25", 2: "25.00", 3: "25", 4: "25.00", 11: "25", 37: "25", 39: "25.00", 43: "25.00", 44: "$25.00"} {
		if got := readCell(t, excelize.Style{NumFmt: id}, 25); got != want {
			t.Errorf("25 in the format with the number %d is read as %q, want %q", id, got, want)
		}
	}
}

// readCell writes a workbook with a value in a style, and reads it.
func readCell(t *testing.T, style excelize.Style, value any) string {
	data := book(t, func(x *excelize.File) {
		setRow(t, x, "A1", "email", "value")
		setRow(t, x, "A2", "ann@example.com", value)
		id, err := x.NewStyle(&style)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.SetCellStyle("Sheet1", "B2", "B2", id); err != nil {
			t.Fatal(err)
		}
	})
	return onlyCell(t, string(data))
}

// onlyCell is the second cell of the first row of a workbook.
func onlyCell(t *testing.T, workbook string) string {
	f, err := Open(writeFile(t, "a.xlsx", workbook), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all, err := rows.CSV().ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1][1]
}

// TestADayStoredAsTextIsADay has the ways in which programs write t="d".
func TestADayStoredAsTextIsADay(t *testing.T) {
	for stored, want := range map[string]string{
		"2026-02-03": "2026-02-03", "2026-02-03T00:00:00": "2026-02-03", "2026-02-03T00:00:00.000Z": "2026-02-03",
		"2026-02-03T00:00:00Z": "2026-02-03", "2026-02-03T04:00:00.000Z": "2026-02-03T04:00:00.000Z",
	} {
		got := onlyCell(t, string(rawWorkbook(t, `<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>`+
			`<row><c t="str"><v>ann@example.com</v></c><c t="d"><v>`+stored+`</v></c></row></sheetData></worksheet>`)))
		if got != want {
			t.Errorf("%s is read as %q, want %q", stored, got, want)
		}
	}
}

// TestCellsInOddQuotesAreRefused has files whose quotes would become part of
// names, and some that only look alike.
func TestCellsInOddQuotesAreRefused(t *testing.T) {
	const refused = "in single or typographic quotes"
	for text, want := range map[string]string{
		"'email','first_name'\n'ann@example.com','Lee, Ann'\n":      refused,
		"'email';'first_name'\n'ann@example.com';7\n":               refused,
		"'email' ,'first_name',\n'ann@example.com','Ann',\n":        refused,
		"“email”,“first_name”\n“ann@example.com”,“Ann”\n":           refused,
		"email,first_name\n'ann@example.com','Ann'\n":               "",
		"'email','first_name'\nann@example.com,Ann\n":               "",
		"'email'\n'ann@example.com'\n":                              "",
		"email,'first_name'\nann@example.com,'t Hooft\nb@x,'Ann'\n": "",
	} {
		f, err := Open(writeFile(t, "a.csv", text), Options{Known: knownField})
		switch {
		case err != nil && (want == "" || !strings.Contains(err.Error(), want)):
			t.Errorf("Open(%q): %v, want %q", text, err, want)
		case err == nil && want != "":
			t.Errorf("Open(%q) reads %q, want a refusal", text, f.Header())
		}
		if err == nil {
			f.Close()
		}
	}
}

// TestOtherListsOfAWorkbookAreTold has a month to a sheet, and sheets of which
// there is nothing to tell.
func TestOtherListsOfAWorkbookAreTold(t *testing.T) {
	data := string(book(t, func(x *excelize.File) {
		setRow(t, x, "A1", "email", "first_name")
		setRow(t, x, "A2", "ann@example.com", "Ann")
		for name, rows := range map[string][][]any{
			"February": {{"Visitors"}, {"email", "first_name"}, {"bob@example.com", "Bob"}},
			"Choices":  {{"email"}, {"cat@example.com"}}, // hidden
			"Template": {{"email", "first_name"}},
			"Colours":  {{"red"}, {"blue"}},
			"Empty":    nil,
		} {
			if _, err := x.NewSheet(name); err != nil {
				t.Fatal(err)
			}
			for i, cells := range rows {
				if err := x.SetSheetRow(name, "A"+string(rune('1'+i)), &cells); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := x.SetSheetVisible("Choices", false); err != nil {
			t.Fatal(err)
		}
	}))
	path := writeFile(t, "a.xlsx", data)
	got := describe(t, path, Options{Known: knownField})
	if want := "note: not read, although rows are there below a header: sheet \"February\"; name one with --sheet to read that\n"; strings.Count(got, "note:") != 1 || !strings.Contains(got, want) {
		t.Errorf("reading the first sheet:\n%s\nwant the note alone\n%s", got, want)
	}
	if got := describe(t, path, Options{Known: knownField, Sheet: "Sheet1"}); strings.Contains(got, "note:") {
		t.Errorf("reading the sheet that was asked for:\n%s\nwant no note", got)
	}
}
