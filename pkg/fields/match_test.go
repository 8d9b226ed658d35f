package fields

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// matched matches a header written with commas.
func matched(t *testing.T, header string, labels []string, maps ...string) ([]string, error) {
	t.Helper()
	var mappings []Mapping
	for _, s := range maps {
		m, err := ParseMapping(s)
		if err != nil {
			t.Fatal(err)
		}
		mappings = append(mappings, m)
	}
	c, err := Match(strings.Split(header, ","), people, labels, mappings)
	return c.Names, err
}

func TestTheBestHeadingFillsAField(t *testing.T) {
	for name, tc := range map[string]struct {
		header string
		labels []string
		maps   []string
		want   string
	}{
		"the name beats an alias that is a label": {"E-mail Address,Email", []string{"E-mail address"}, nil, "meta:E-mail address,email"},
		"an alias beats a fallback":               {"Work Email,Secondary Email,E-mail Address", nil, nil, ",,email"},
		"work beats home and a second address":    {"Secondary Email,Home Email,Work Email", nil, nil, ",,email"},
		"a lone fallback will do":                 {"E-mail 2 Address,Name", nil, nil, "email,full_name"},
		"a mapping beats the name":                {"Email,Kunden-Mail", nil, []string{"Kunden-Mail=email"}, ",email"},
		"a mapping names fields by alias too":     {"Who,x", nil, []string{"Who=E-mail"}, "email,"},
		"both sides, once a mapping says so":      {"Email,Friend Email", nil, []string{"Email=referrer_email"}, "referrer_email,email"},
		"a mapping ignores a column":              {"Email,Referred By", nil, []string{"referred-by=-"}, "email,"},
		"a mapping may hold an equals sign":       {"a=b,Email", nil, []string{"a=b=first_name"}, "first_name,email"},
		"the second of two headings has a number": {"email,name,email", nil, []string{"email (2)=-"}, "email,full_name,"},
		"the first of two is the plain heading":   {"email,name,email", nil, []string{"email=-"}, ",full_name,email"},
		"an empty heading is named by its letter": {"email,,x", nil, []string{"Column B=first_name"}, "email,first_name,"},
		"a label of the campaign":                 {"Email,shoe_size", []string{"Shoe size"}, nil, "email,meta:Shoe size"},
		"meta: says it outright":                  {"email,META: shoe size,Shoe size", []string{"Shoe Size"}, nil, "email,meta:Shoe Size,"},
		"meta: of an unknown label":               {"email,meta:Pet", nil, nil, "email,meta:Pet"},
		"a mapping to a label":                    {"email,Pointure", []string{"Shoe size"}, []string{"Pointure=meta:shoe-size"}, "email,meta:Shoe size"},
		"a known field beats a label":             {"Email,First Name", []string{"First Name", "Email"}, nil, "email,first_name"},
		"a label beats a fallback":                {"Email,Referred By", []string{"Referred by"}, nil, "email,meta:Referred by"},
		"an outdone column fills a label":         {"Email,E-mail Address", []string{"E-Mail address"}, nil, "email,meta:E-Mail address"},
		"a label in the file's own spelling":      {"email,city", []string{"City", "city"}, nil, "email,meta:city"},
		"a shop's own field fills a label only":   {"email,Birth date (customer.metafields.facts.first_name),first_name (metadata)", []string{"Birth date"}, nil, "email,meta:Birth date,"},

		"a name alone is the whole":              {"Email,Nom", nil, nil, "email,full_name"},
		"a name beside a last name is the first": {"Email,Nombre,Apellido", nil, nil, "email,first_name,"},
		"a name beside a first name is the last": {"Name,Vorname,E-Mail", nil, nil, ",first_name,email"},
		"a name beside both is the whole":        {"Name,First Name,Surname,Email", nil, nil, "full_name,first_name,,email"},
		"a name beside an order is its number":   {"Name,Financial Status,Email", nil, nil, ",,email"},
		"an order's number can be mapped":        {"Name,Financial Status,Email", nil, []string{"Name=full_name"}, "full_name,,email"},
		"an id of ours":                          {"id,email", nil, nil, "id,email"},
		"an id of a shop":                        {"id,email,Delinquent", nil, nil, ",email,"},
		"ids of a customer and of a record":      {"Customer ID,Record ID,Person - ID,email", nil, nil, ",,,email"},
		"flags are no addresses":                 {"Email Opt Out,Email Status,E-mail Type,E-mail Display Name,Email", nil, nil, ",,,,email"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := matched(t, tc.header, tc.labels, tc.maps...)
			if err != nil {
				t.Fatalf("Match(%q, %q, %q): %v", tc.header, tc.labels, tc.maps, err)
			}
			if diff := cmp.Diff(strings.Split(tc.want, ","), got); diff != "" {
				t.Errorf("Match(%q, %q, %q) (-want +got):\n%s", tc.header, tc.labels, tc.maps, diff)
			}
		})
	}
}

func TestAHeaderThatCannotBeUsedSaysWhatSettlesIt(t *testing.T) {
	for name, tc := range map[string]struct {
		header string
		labels []string
		maps   []string
		want   []string
	}{
		"two headings alike": {"E-mail,email", nil, nil,
			[]string{`columns "E-mail" and "email" both fill email`, `--map 'E-mail=-' or --map 'email=-'`}},
		"one heading twice": {"email,email", nil, nil,
			[]string{`columns "email" and "email (2)" both`, `--map 'email (2)=-'`}},
		"three alike": {"Referred By,Referrer,Parrain", nil, nil,
			[]string{`columns "Referred By", "Referrer" and "Parrain" all fill referrer_email: keep one and ignore the others`}},
		"whose address is Email beside a friend's": {"Email,Friend Email", nil, nil,
			[]string{`columns "Email" and "Friend Email" both fill email`}},
		"or that of an alias": {"E-mail Address,Friend Email", nil, nil,
			[]string{`columns "E-mail Address" and "Friend Email" both fill email`}},
		"two mappings for a field": {"a,b", nil, []string{"a=email", "b=email"},
			[]string{`columns "a" and "b" both fill email`}},
		"a name and an alias": {"E-mail Address,Email", nil, nil,
			[]string{`columns "E-mail Address" and "Email" both fill email`, `--map 'E-mail Address=-' or --map 'Email=-'`}},
		"two mappings for a column": {"a,b", nil, []string{"a=email", "a=-"},
			[]string{`--map names the column "a" twice, for email and for nothing`}},
		"a column that is not there": {"a,b", nil, []string{"c=email"},
			[]string{`--map names the column "c", which is not there; there are "a" and "b"`}},
		"a field that is none": {"a,b", nil, []string{"a=shoe"},
			[]string{`the field "shoe", which is none; there are operation, email,`}},
		"a label without meta:": {"a,b", []string{"Shoe"}, []string{"a=shoe"},
			[]string{`which is one of the campaign's own: write meta:Shoe`}},
		"two labels that differ in case": {"email,CITY", []string{"City", "city"}, nil,
			[]string{`column "CITY" may be "City" or "city"`, `--map 'CITY=meta:City'`}},
		"a heading with an apostrophe": {"Friend's Email,Email", nil, nil,
			[]string{`--map 'Friend'\''s Email=-'`}},
		"all at once": {"email,email,first name,first_name", nil, []string{"x=email"},
			[]string{"email (2)", "first_name", `"x"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := matched(t, tc.header, tc.labels, tc.maps...)
			if err == nil {
				t.Fatalf("Match(%q, %q, %q): no error", tc.header, tc.labels, tc.maps)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Match(%q, %q, %q): %v\nwant in it: %s", tc.header, tc.labels, tc.maps, err, want)
				}
			}
		})
	}
}

// Following the advice of a tie has to settle it.
func TestTheMapOfATieSettlesIt(t *testing.T) {
	for _, header := range []string{"email,email", "E-mail,email", "Email,Friend Email", "Friend's Email,Email", "Email,\u00a0Email\n"} {
		_, err := matched(t, header, nil)
		if err == nil {
			t.Fatalf("Match(%q): no error", header)
		}
		// The advice as a shell would read it.
		advice := strings.ReplaceAll(err.Error(), `'\''`, "\x00")
		for _, part := range strings.Split(advice, "--map '")[1:] {
			flag, _, _ := strings.Cut(part, "'")
			flag = strings.ReplaceAll(flag, "\x00", "'")
			if _, err := matched(t, header, nil, flag); err != nil {
				t.Errorf("Match(%q) with --map %q: %v", header, flag, err)
			}
		}
	}
}

func TestNomBesidePrénomIsTheLastName(t *testing.T) {
	c, err := Match([]string{"Nom", "Prénom"}, []Field{{Name: "first_name", Aliases: FirstNameAliases}, {Name: "last_name"}}, nil, nil)
	if diff := cmp.Diff([]string{"last_name", "first_name"}, c.Names); err != nil || diff != "" {
		t.Errorf("Match(Nom, Prénom) (-want +got), %v:\n%s", err, diff)
	}
}

func TestMappingsAreReadOrRefused(t *testing.T) {
	got, err := ParseMapping(" a = b = meta:Shoe size ")
	if want := (Mapping{"a = b", "meta:Shoe size"}); err != nil || got != want {
		t.Errorf("ParseMapping = %v, %v; want %v", got, err, want)
	}
	for _, s := range []string{"", "email", "=email", "a=", " =email", "a= "} {
		if _, err := ParseMapping(s); err == nil {
			t.Errorf("ParseMapping(%q): no error", s)
		}
	}
}

func TestWhatNoFieldTakesIsListed(t *testing.T) {
	for name, tc := range map[string]struct{ header, want string }{
		"somebody else's status and note": {"email,status,note,url", "status,note,url"},
		"a column without a heading":      {"email,,x", "Column B,x"},
		"a heading twice":                 {"email,x,x", "x,x (2)"},
		"results":                         {"row,line,operation,target,status,id,code,url,http_status,attempts,error,finished_at,row_key,row_hash,Carried", "Carried"},
		"undo":                            {"operation,id,email,first_name,campaign_id,meta:City,note,change,row_key", ""},
		"failed":                          {"Email,Status,error", "Status"},
		"export":                          {"id,code,url,email,first_name,campaign_id,created_at", "created_at"},
	} {
		c, err := Match(strings.Split(tc.header, ","), people, nil, nil)
		if err != nil {
			t.Errorf("%s: Match(%q): %v", name, tc.header, err)
			continue
		}
		if got := strings.Join(c.Ignored(), ","); got != tc.want {
			t.Errorf("%s: Ignored() of %q = %q, want %q", name, tc.header, got, tc.want)
		}
	}
}

func TestColumnsOfConsentAreTold(t *testing.T) {
	c, err := Match([]string{"Email", "Email Opt Out", "Status", "EMAIL_BLACKLISTED", "City"}, people, nil, nil)
	if diff := cmp.Diff([]string{"Email Opt Out", "Status", "EMAIL_BLACKLISTED"}, c.Consent()); err != nil || diff != "" {
		t.Errorf("Consent() (-want +got), %v:\n%s", err, diff)
	}
}

func TestColumnsKnowTheirHeadings(t *testing.T) {
	c, err := Match([]string{"E-Mail", "", "x"}, people, nil, []Mapping{{"Column B", "first_name"}})
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"email": "E-Mail", "first_name": "Column B", "code": "code"} {
		if got := c.Header(field); got != want {
			t.Errorf("Header(%q) = %q, want %q", field, got, want)
		}
	}
	if !c.Has("email") || c.Has("code") {
		t.Errorf("Has(email), Has(code) = %v, %v; want true, false", c.Has("email"), c.Has("code"))
	}
}

func TestAHeadingIsKnownByItself(t *testing.T) {
	known := Known(people, []Mapping{{"Kundenpost", "email"}, {"Notiz", "-"}})
	for heading, want := range map[string]string{
		"E-Mail": "email", "KUNDENPOST": "email", "Notiz": "", "City": "", "Nom": "full_name", "meta:City": "meta:City",
		"id": "id", "": "", strings.Repeat("email", 1000): "",
	} {
		if got := known(heading); got != want {
			t.Errorf("Known(%.20q) = %q, want %q", heading, got, want)
		}
	}
}

func TestColumnsBeyondZHaveTwoLetters(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA"} {
		if got := letters(i); got != want {
			t.Errorf("letters(%d) = %q, want %q", i, got, want)
		}
	}
}
