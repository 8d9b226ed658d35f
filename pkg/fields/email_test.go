package fields

import (
	"strings"
	"testing"
)

func TestAnAddressIsTakenOutOfItsWrapping(t *testing.T) {
	for cell, want := range map[string]string{
		"jane@example.com":                                            "jane@example.com",
		" Jane@EXAMPLE.com\u00a0":                                     "Jane@EXAMPLE.com",
		"\ufeff\u200bjane\u200c@exam\u00adple.com\x1f":                "jane@example.com",
		"jane+tag@example.com":                                        "jane+tag@example.com",
		"o'brien@example.com":                                         "o'brien@example.com",
		"Jane Doe <jane@example.com>":                                 "jane@example.com",
		`"Doe, Jane" <jane@example.com>`:                              "jane@example.com",
		"<jane@example.com>":                                          "jane@example.com",
		"Jane Doe (jane@example.com)":                                 "jane@example.com",
		"jane@example.com <jane@example.com>":                         "jane@example.com",
		`"Jane@example.com" <jane@example.com>;`:                      "jane@example.com",
		"mailto:jane@example.com":                                     "jane@example.com",
		"MAILTO:jane@example.com?subject=Hi, you":                     "jane@example.com",
		"mailto:jane%2Btag@example.com":                               "jane+tag@example.com",
		"<mailto:jane@example.com>":                                   "jane@example.com",
		"'jane@example.com":                                           "jane@example.com",
		"“jane@example.com”":                                          "jane@example.com",
		"(jane@example.com)":                                          "jane@example.com",
		"jane@example.com.":                                           "jane@example.com",
		"jane@example.com,":                                           "jane@example.com",
		`="jane@example.com"`:                                         "jane@example.com",
		"foo＠ｅｘａｍｐｌｅ.com":                                             "foo@example.com",
		"josé@bücher.example":                                         "josé@bücher.example",
		"jose\u0301@bücher.example":                                   "josé@bücher.example",
		"jane@xn--bcher-kva.example":                                  "jane@xn--bcher-kva.example",
		`=HYPERLINK("mailto:jane@example.com","x")`:                   "jane@example.com",
		`=HYPERLINK("mailto:jane@example.com";"jane@example.com")`:    "jane@example.com",
		`=LIEN_HYPERTEXTE("https://example.com/";"jane@example.com")`: "jane@example.com",
		`=HYPERLINK("mailto:jane@example.com")`:                       "jane@example.com",
		"":                                                            "",
		"N/A":                                                         "",
		" null ":                                                      "",
		"-":                                                           "",
	} {
		if got, p := Email("Email", cell); got != want || p != nil {
			t.Errorf("Email(%q) = %q, %v; want %q", cell, got, p, want)
		}
	}
}

func TestWhatIsNotExactlyOneAddressIsAProblem(t *testing.T) {
	for cell, want := range map[string]string{
		"a@example.com; b@example.com":             "holds several",
		"a@example.com,b@example.com":              "holds several",
		"a@example.com / b@example.com":            "holds several",
		"a@example.com ::: b@example.com":          "holds several",
		"a@example.com\nb@example.com":             "holds several",
		"A <a@example.com>, B <b@example.com>":     "holds several",
		"a@example.com <b@example.com>":            "holds several",
		"mailto:a@example.com,b@example.com":       "holds several",
		"/O=EXAMPLE/OU=SITE/CN=RECIPIENTS/CN=JANE": "internal Exchange",
		"EX:/o=example/cn=jane":                    "internal Exchange",
		"pas-un-email":                             "is not an e-mail address",
		"no email":                                 "is not an e-mail address",
		"+1 312 555 0142":                          "is not an e-mail address",
		"https://example.com/jane":                 "is a link",
		"#REF!":                                    "error of the spreadsheet",
		"#N/A":                                     "error of the spreadsheet",
		"########":                                 "too narrow",
		`"a b"@example.com`:                        "is not an e-mail address",
		"jane doe@example.com":                     "holds a space",
		"@example.com":                             "nothing stands before",
		"jane@":                                    "nothing stands after",
		"jane@localhost":                           "no domain",
		"jane@10.0.0.1":                            "no domain",
		"jane@-example.com":                        "no domain",
		"jane@example_site.com":                    "no domain",
		".jane@example.com":                        "before the @",
		"ja..ne@example.com":                       "before the @",
		"ja\ufffdne@example.com":                   "before the @",
		"=A2&\"@example.com\"":                     "is a formula",
		`=HYPERLINK("mailto:a@example.com","b@example.com")`: "shows one address and links to another",
		`=HYPERLINK("https://example.com/","mail")`:          "is a formula",
		`"=x@example.com"`:                               "before the @",
		strings.Repeat("a", 65) + "@example.com":         "longer than",
		"a@" + strings.Repeat("a.", 130) + "example.com": "longer than",
		"1.23E+05": "rounded",
	} {
		got, p := Email("Email", cell)
		if got != "" || p == nil || p.Advice == "" || !strings.Contains(p.String(), want) {
			t.Errorf("Email(%q) = %q, %v; want a problem that says %q", cell, got, p, want)
		}
	}
}

func TestASlipIsSuggestedAndNeverMended(t *testing.T) {
	for cell, meant := range map[string]string{
		"jane@gmail.con": "jane@gmail.com", "Jane@GMAIL,com": "Jane@GMAIL.com", "jane @example.com": "jane@example.com", "jane@ example.com": "jane@example.com",
		"jane@@example.com": "jane@example.com", "jane@example..com": "jane@example.com", "jane@gmial.com": "jane@gmail.com", "jane@shop.example.cmo": "jane@shop.example.com",
		"jane@hotmial.com": "jane@hotmail.com",
	} {
		got, p := Email("Email", cell)
		if got != "" || p == nil || !strings.Contains(p.Advice, "if "+meant+" is meant") {
			t.Errorf("Email(%q) = %q, %v; want a problem that suggests %s", cell, got, p, meant)
		}
	}
	for _, cell := range []string{"jane@mygmai.com", "jane@example.co", "jane@example.cm", "jane@con.example"} {
		if got, p := Email("Email", cell); got != cell || p != nil {
			t.Errorf("Email(%q) = %q, %v; want it as it is", cell, got, p)
		}
	}
}

func TestAReferrerThatIsANameSaysHowToIgnoreTheColumn(t *testing.T) {
	for _, cell := range []string{"Joe Bloggs", "https://example.com/?ref=joe", "newsletter"} {
		got, p := ReferrerEmail("Referred By", cell)
		if got != "" || p == nil || !strings.Contains(p.Advice, "--map 'Referred By=-'") {
			t.Errorf("ReferrerEmail(%q) = %q, %v; want advice to ignore the column", cell, got, p)
		}
	}
	if _, p := ReferrerEmail("Referred By", "joe@gmail.con"); p == nil || strings.Contains(p.Advice, "--map") {
		t.Errorf("ReferrerEmail of a slip: %v, want its own advice", p)
	}
	if got, p := ReferrerEmail("Referred By", "Joe <joe@example.com>"); got != "joe@example.com" || p != nil {
		t.Errorf("ReferrerEmail of an address = %q, %v", got, p)
	}
	if _, p := Email("Email", "Joe"); p == nil || strings.Contains(p.Advice, "--map") {
		t.Errorf("Email of a name: %v, want no advice to ignore the column", p)
	}
}

func TestAddressesOfOnePersonAreTheSame(t *testing.T) {
	for _, same := range [][]string{
		{"jane@example.com", "JANE@example.com", " Jane@EXAMPLE.COM "},
		{"josé@bücher.example", "JOSÉ@BÜCHER.example", "jose\u0301@xn--bcher-kva.example", "josé@XN--BCHER-KVA.example"},
		{"not an address", "Not an ADDRESS"},
	} {
		for _, address := range same {
			if got, want := SameEmail(address), SameEmail(same[0]); got != want {
				t.Errorf("SameEmail(%q) = %q, want %q", address, got, want)
			}
		}
	}
	if SameEmail("jane+a@example.com") == SameEmail("jane@example.com") {
		t.Error("SameEmail takes jane+a and jane for one")
	}
}
