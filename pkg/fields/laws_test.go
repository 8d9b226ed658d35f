package fields

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// cells draws what may stand in a cell: any text, and text made of the pieces
// that the functions on cells look for.
func cells() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{"jane", "@", "@", "example.com", ".", "..", ",", ";", " ", "<", ">", "(", ")", `"`, `""`, "'", `="`, "=", "mailto:", "MAILTO:", "?x",
		"\u00a0", "\u200b", "\u200d", "\u200c", "\ufeff", "\u0301", "e\u0301", "é", "ü", "＠", "．", "日本", "👩", "\r", "\n", "\t", "\xff", "\x1f", "0", "7", "E+", "-", "+", "#", "!",
		"N/A", "NULL", "gmail.con", "xn--", "/o=", "K", "ﬁ", "ß", "İ", "\u1e9e", "(required)", "*", ":", `=HYPERLINK("mailto:`})
	return rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOfN(piece, 0, 8), func(p []string) string { return strings.Join(p, "") }),
		rapid.StringMatching(`[A-Za-z0-9.+_-]{1,8}@[a-z0-9.-]{1,8}\.[a-z]{2,3}`),
	)
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "jane", `="00123"`, "''=1", "a\u200d\u200c\u0301", "\r\n\xff", "'\u00a0'1", `="="1""`, "\u212a\u200de"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) { textLaws(t, cell) })
}

func FuzzEmail(f *testing.F) {
	for _, seed := range []string{"jane@example.com", "Jane <jane@example.com>", "mailto:jane@example.com?x", "a@b.cd;e@f.gh", `=HYPERLINK("mailto:a@b.cd";"x")`,
		"josé@bücher.example", "jane@gmail.con", "<<a@b.cd>>", "'=x@b.cd", "a@@b..cd", "ＪＡＮＥ＠example.com", "(a@b.cd <a@b.cd>)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) { emailLaws(t, cell) })
}

func FuzzMatch(f *testing.F) {
	f.Add("Email,First Name,Referred By", "City", "City=-")
	f.Add("email,email,,meta:City", "city", "email (2)=first_name")
	f.Add("Name,Vorname,x (metadata)", "Name", "Column C=meta:x")
	f.Add("ID,Delinquent,email,error,row_key", "", "")
	f.Fuzz(func(t *testing.T, header, label, mapping string) { matchLaws(t, header, label, mapping) })
}

// tester is what testing and rapid have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

func TestLawsOfCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := cells().Draw(t, "cell")
		textLaws(t, cell)
		emailLaws(t, cell)
	})
}

func TestLawsOfHeaders(t *testing.T) {
	heading := rapid.OneOf(cells(), rapid.SampledFrom(slices.Concat(EmailAliases, bareNames, FirstNameAliases, LastNameAliases, []string{"id", "email", "meta:City", "", "row_key"})))
	rapid.Check(t, func(t *rapid.T) {
		header := rapid.SliceOfN(heading, 1, 6).Draw(t, "header")
		matchLaws(t, strings.Join(header, ","), heading.Draw(t, "label"), heading.Draw(t, "mapping")+"=email")
	})
}

// textLaws: what was cleaned is clean, whatever cleans it.
func textLaws(t tester, cell string) {
	t.Helper()
	for _, f := range []struct {
		name string
		of   func(string) string
	}{{"Text", Text}, {"Word", Word}, {"Name", Name}, {"Normalize", Normalize}, {"keyText", keyText}, {"SameEmail", SameEmail}} {
		once := f.of(cell)
		if twice := f.of(once); twice != once {
			t.Fatalf("%s(%q) = %q, and of that %q", f.name, cell, once, twice)
		}
	}
	if text := Text(cell); !utf8.ValidString(text) || strings.TrimSpace(text) != text {
		t.Fatalf("Text(%q) = %q: not valid UTF-8, or with space round it", cell, text)
	}
	if strings.ContainsAny(FirstOf(cell), " \n\t") {
		t.Fatalf("FirstOf(%q) = %q, more than a word", cell, FirstOf(cell))
	}
	for _, v := range []func(string, string) error{
		func(c, s string) error { _, p := ID(c, s); return problem(p) },
		func(c, s string) error { _, p := Code(c, s); return problem(p) },
		func(c, s string) error { _, p := Value(c, s); return problem(p) },
		func(c, s string) error { _, _, p := Yes(c, s); return problem(p) },
	} {
		if err := v("Column", cell); err != nil {
			t.Fatalf("%q: %v", cell, err)
		}
	}
}

// emailLaws: an address that was read reads as itself, and the quick way and
// the thorough one agree.
func emailLaws(t tester, cell string) {
	t.Helper()
	address, p := Email("Email", cell)
	if slow, p2 := readEmail("Email", cell, false); slow != address || (p == nil) != (p2 == nil) {
		t.Fatalf("Email(%q) = %q, %v; the thorough way %q, %v", cell, address, p, slow, p2)
	}
	if err := problem(p); err != nil {
		t.Fatalf("Email(%q): %v", cell, err)
	}
	if p != nil || address == "" {
		return
	}
	if again, p := Email("Email", address); again != address || p != nil {
		t.Fatalf("Email(%q) = %q, and of that %q, %v", cell, address, again, p)
	}
	if strings.Count(address, "@") != 1 || strings.ContainsAny(address, " <>\"\n,;") {
		t.Fatalf("Email(%q) = %q, which is no address", cell, address)
	}
	same := SameEmail(address)
	if SameEmail(same) != same || SameEmail(strings.ToUpper(address)) != same && plainASCII(address) {
		t.Fatalf("SameEmail(%q) = %q, of that %q, in upper case %q", address, same, SameEmail(same), SameEmail(strings.ToUpper(address)))
	}
}

// matchLaws: every column has at most one field, no field has two columns, and
// each is filled, ignored or refbulk's own.
func matchLaws(t tester, header, label, mapping string) {
	t.Helper()
	headers := strings.Split(header, ",")
	if len(headers) > 50 {
		return
	}
	var mappings []Mapping
	if m, err := ParseMapping(mapping); err == nil {
		mappings = append(mappings, m)
	}
	c, err := Match(headers, people, []string{label}, mappings)
	if err != nil {
		if !strings.Contains(err.Error(), "\n  ") {
			t.Fatalf("Match(%q): %v, which says nothing", headers, err)
		}
		return
	}
	filled, own := 0, 0
	for i, name := range c.Names {
		if name == "" {
			if ownHeadings(headers)[headers[i]] {
				own++
			}
			continue
		}
		filled++
		if j := slices.Index(c.Names, name); j != i {
			t.Fatalf("Match(%q): columns %d and %d both fill %q without an error", headers, j, i, name)
		}
		if got := c.Header(name); got != called(headers, i) {
			t.Fatalf("Match(%q): Header(%q) = %q, want %q", headers, name, got, called(headers, i))
		}
	}
	if got := filled + own + len(c.Ignored()); got != len(headers) {
		t.Fatalf("Match(%q): %d filled, %d own, %q ignored; want %d in all", headers, filled, own, c.Ignored(), len(headers))
	}
}
