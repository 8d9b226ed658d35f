package fields

import (
	"strings"
	"testing"
)

func TestTextDropsWhatNobodyTyped(t *testing.T) {
	for cell, want := range map[string]string{
		"  Jane ":                      "Jane",
		"Jane\u00a0Doe\u3000":          "Jane Doe",
		"\ufeff\u200bjane\u00ad\u200e": "jane",
		"\x1f00123\u200b":              "00123",
		`="00123"`:                     "00123",
		`="say ""hi"""`:                `say "hi"`,
		`="a"&"b"`:                     `="a"&"b"`,
		`=SUM(A1)`:                     `=SUM(A1)`,
		"'49100":                       "49100",
		"'+44 123":                     "+44 123",
		"''=1":                         "=1",
		`="'123"`:                      "123",
		"'t Hooft":                     "'t Hooft",
		"'90s'":                        "'90s'",
		"'":                            "'",
		"Ren\u00e9e":                   "Renée",
		"Rene\u0301e":                  "Renée",
		"a\r\nb\rc\nd":                 "a\nb\nc\nd",
		"a\u2028b\vc":                  "a b c",
		"O'Brien, Smith, Jr.":          "O'Brien, Smith, Jr.",
		"👩\u200d💻 ❤\ufe0f\u200d🔥":      "👩\u200d💻 ❤\ufe0f\u200d🔥",
		"می\u200cخواهم":                "می\u200cخواهم",
		"\u200dab\u200cc\u200d":        "abc",
		"<p>&amp;</p>":                 "<p>&amp;</p>",
		"a\xffb":                       "a\ufffdb",
		"":                             "",
	} {
		if got := Text(cell); got != want {
			t.Errorf("Text(%q) = %q, want %q", cell, got, want)
		}
	}
}

func TestWordsForNothingAreNothing(t *testing.T) {
	for _, cell := range []string{"", " ", "NULL", "null", "N/A", "na", "-", " – ", "None", "nil", "(blank)", `\N`, "0000-00-00", "0/0/00", "0000-00-00 00:00:00", "(Leer)"} {
		if got := Word(cell); got != "" {
			t.Errorf("Word(%q) = %q, want nothing", cell, got)
		}
	}
	for _, cell := range []string{"Nullen", "0", "0.0.0.1", "n", "00000000", "#N/A", "10/0/00", "0-0"} {
		if got := Word(cell); got != cell {
			t.Errorf("Word(%q) = %q, want it kept", cell, got)
		}
	}
}

func TestNamesAreKeptAsPeopleWriteThem(t *testing.T) {
	for cell, want := range map[string]string{
		"Null": "Null", "null": "null", "NULL": "", "N/A": "", "#N/A": "", "#NAME?": "", "########": "", "-": "", ".": "", "(blank)": "(blank)",
		" Mary \u00a0 Ann ": "Mary Ann", "MÜLLER": "MÜLLER", "'t Hooft": "'t Hooft", "🦄": "🦄", "小明": "小明", "Χ": "Χ",
		"jane@example.com": "", "Jane <jane@example.com>": "Jane", "Jane Doe (jane@example.com)": "Jane Doe", `"Doe, Jane" <jane@example.com>`: "Doe, Jane",
		"@jane": "@jane", "a@example.com; b@example.com": "", "Jane (HR)": "Jane (HR)",
	} {
		if got := Name(cell); got != want {
			t.Errorf("Name(%q) = %q, want %q", cell, got, want)
		}
	}
}

func TestTheFirstNameInAFullOne(t *testing.T) {
	for full, want := range map[string]string{
		"Jane Doe": "Jane", "Doe, Jane": "Jane", "Doe, Jane Ann": "Jane", "Jane": "Jane", "": "", "Dr. Jane Doe": "Jane", "Frau Dr. Eva Moser": "Eva",
		"John Smith, Jr.": "John", "Smith, John, Jr.": "John", "Jane Doe, PhD, MBA": "Jane", "Doe,": "Doe", "Dr.": "Dr.", "jane@example.com": "", "NULL": "", "王小明": "王小明",
		"Mr & Mrs Smith": "", "👩": "", "👩 Doe": "", "007": "", "Smith, & Co": "", "Smith, J.": "J.", "Ольга Ким": "Ольга", "김 민준": "김", "สมชาย ใจดี": "สมชาย", "علي حسن": "علي",
		"नीतू सिंह": "नीतू", "A1 Doe": "A1", "Éva Moser": "Éva",
	} {
		if got := FirstOf(full); got != want {
			t.Errorf("FirstOf(%q) = %q, want %q", full, got, want)
		}
	}
}

func TestTheNameBesideAnAddress(t *testing.T) {
	for cell, want := range map[string]string{
		"Jane Doe <jane@example.com>": "Jane Doe", `"Doe, Jane" <jane@example.com>`: "Doe, Jane", "jane@example.com": "", "<jane@example.com>": "",
		"jane@example.com <jane@example.com>": "", "Jane": "", "": "", "Jane <jane@>": "",
	} {
		if got := NameBeside(cell); got != want {
			t.Errorf("NameBeside(%q) = %q, want %q", cell, got, want)
		}
	}
}

func TestIDsAreReadOrRefusedWithAdvice(t *testing.T) {
	for cell, want := range map[string]int64{"17": 17, " 17 ": 17, "00017": 17, "17.0": 17, "17.00": 17, "'17": 17, `="0017"`: 17, "１７": 17, "\u200b17": 17, "": 0, "NULL": 0, "-": 0} {
		if got, p := ID("id", cell); got != want || p != nil {
			t.Errorf("ID(%q) = %d, %v; want %d", cell, got, p, want)
		}
	}
	for cell, want := range map[string]string{
		"1.23E+05": "rounded; its digits are lost", "1,23E+05": "rounded; its digits are lost", "9.18E11": "rounded; its digits are lost", "1E+15": "rounded",
		"1234567890123450000": "may have rounded", "1,234": "without marks", "1 234": "without marks", "-5": "is not an id", "+5": "is not an id", "0": "above 0",
		"17.5": "without marks", "17.000": "without marks", "cus_123": "is not an id", "#REF!": "error of the spreadsheet", "########": "too narrow", "99999999999999999999": "not an id",
		"2024-01-05": "is not an id",
	} {
		got, p := ID("Record ID", cell)
		if got != 0 || p == nil || !strings.Contains(p.String(), want) {
			t.Errorf("ID(%q) = %d, %v; want a problem that says %q", cell, got, p, want)
		}
	}
	if _, p := ID("Record ID", "x"); !strings.Contains(p.Advice, "--map 'Record ID=-'") {
		t.Errorf("advice of an id that is none: %q, want the --map that ignores the column", p.Advice)
	}
}

func TestCodesAreWords(t *testing.T) {
	for cell, want := range map[string]string{"ueON": "ueON", " ueON\u00a0": "ueON", "12E4": "12E4", "N/A": "", "": ""} {
		if got, p := Code("code", cell); got != want || p != nil {
			t.Errorf("Code(%q) = %q, %v; want %q", cell, got, p, want)
		}
	}
	for _, cell := range []string{"#N/A", "####", "1.2E+10", "https://example.com/ueON", "two words"} {
		if got, p := Code("code", cell); got != "" || p == nil {
			t.Errorf("Code(%q) = %q, %v; want a problem", cell, got, p)
		}
	}
}

func TestValuesThatASpreadsheetSpoiltAreProblems(t *testing.T) {
	for cell, want := range map[string]string{"Berlin": "Berlin", "-": "-", "NULL": "NULL", "0000-00-00": "", "#1 fan!": "#1 fan!", "#": "#", "#WOW": "#WOW", `{"age": 29}`: `{"age": 29}`, "1.5e5 x": "1.5e5 x"} {
		if got, p := Value("City", cell); got != want || p != nil {
			t.Errorf("Value(%q) = %q, %v; want %q", cell, got, p, want)
		}
	}
	for _, cell := range []string{"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#NV", "#BEZUG!", "#ÜBERLAUF!", "#¿NOMBRE?", "#¡REF!", "#N/D", "########", "4.47712E+11", "4,47712E+11"} {
		if got, p := Value("City", cell); got != "" || p == nil || p.Advice == "" {
			t.Errorf("Value(%q) = %q, %v; want a problem with advice", cell, got, p)
		}
	}
}

func TestYesAndNoInManyLanguages(t *testing.T) {
	for _, cell := range []string{"TRUE", "true", "FaLSe", "Yes", "no", "1", "0", "1.0", "VRAI", "FAUX", "WAHR", "FALSCH", "x", "✓", "✔\ufe0f", "Sí", "não", "PRAWDA", "EPÄTOSI", " ja ", "'1"} {
		if _, known, p := Yes("notify", cell); !known || p != nil {
			t.Errorf("Yes(%q) = known %v, %v; want it understood", cell, known, p)
		}
	}
	for cell, want := range map[string]bool{"yes": true, "oui": true, "FALSE": false, "nein": false, "☐": false, "X": true} {
		if got, _, _ := Yes("notify", cell); got != want {
			t.Errorf("Yes(%q) = %v, want %v", cell, got, want)
		}
	}
	for _, cell := range []string{"", " ", "NULL", "(blank)"} {
		if _, known, p := Yes("notify", cell); known || p != nil {
			t.Errorf("Yes(%q) = known %v, %v; want neither", cell, known, p)
		}
	}
	for _, cell := range []string{"-", "maybe", "2", "#N/A"} {
		if _, known, p := Yes("notify", cell); known || p == nil {
			t.Errorf("Yes(%q) = known %v, %v; want a problem", cell, known, p)
		}
	}
	for _, w := range yesWords {
		for _, n := range noWords {
			if w == n {
				t.Errorf("%q is both yes and no", w)
			}
		}
	}
}
