package recomly

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

func TestAmounts(t *testing.T) {
	tests := []struct {
		cell string
		want int64
		bad  string
	}{
		{"2500", 2500, ""}, {"0", 0, ""}, {"-500", -500, ""}, {"−500", -500, ""}, {"$25.00", 2500, ""}, {"$25", 2500, ""}, {"$ 25.5", 2550, ""},
		{"25 USD", 2500, ""}, {"USD 25.00", 2500, ""}, {"US$25", 2500, ""}, {"25$", 2500, ""}, {"25,00 USD", 2500, ""},
		{"$1,250.50", 125050, ""}, {"1.250,50 USD", 125050, ""}, {"$1,250", 125000, ""}, {"$1,250,000", 125000000, ""}, {"$1'250.00", 125000, ""},
		{"-$5.00", -500, ""}, {"$-5", -500, ""}, {"($5.00)", -500, ""}, {"2500 cents", 2500, ""}, {"99¢", 99, ""},
		{"25.00", 0, "dollars or cents"}, {"1,250", 0, "dollars or cents"}, {"25.5", 0, "dollars or cents"},
		{"$1.250", 0, "thousands or decimals"}, {"$12.345.6", 0, "not a number"}, {"$1,25,0", 0, "not a number"}, {"$", 0, "not a number"}, {"$.", 0, "not a number"},
		{"$1234567890123", 0, "not a number"}, {"€25", 0, "US dollars"}, {"25 EUR", 0, "US dollars"}, {"£5", 0, "US dollars"}, {"5 %", 0, "percentage"},
		{"--5", 0, "not an amount"}, {"twenty", 0, "not an amount"}, {"25.5 cents", 0, "not an amount"}, {"#REF!", 0, "not an amount"},
	}
	for _, tt := range tests {
		got, bad := cents(tt.cell)
		if tt.bad == "" && (got != tt.want || bad.reason != "") || tt.bad != "" && !strings.Contains(bad.reason, tt.bad) {
			t.Errorf("cents(%q) = %d, %+v, want %d, %q", tt.cell, got, bad, tt.want, tt.bad)
		}
		if bad.reason != "" && bad.advice == "" {
			t.Errorf("cents(%q) complains without advice", tt.cell)
		}
	}
}

func TestShares(t *testing.T) {
	tests := []struct {
		cell string
		want int64
		bad  string
	}{
		{"500", 500, ""}, {"5%", 500, ""}, {"5 %", 500, ""}, {"2.5 %", 250, ""}, {"2,5%", 250, ""}, {"12.34%", 1234, ""}, {"100%", 10000, ""}, {"-5%", -500, ""},
		{"5.5", 0, "percent or basis points"}, {"0.05", 0, "percent or basis points"}, {"2.125%", 0, "at most two decimals"}, {"$5", 0, "amount of money"},
		{"5 USD", 0, "amount of money"}, {"five", 0, "not a percentage"}, {"%", 0, "not a percentage"},
	}
	for _, tt := range tests {
		got, bad := basisPoints(tt.cell)
		if tt.bad == "" && (got != tt.want || bad.reason != "") || tt.bad != "" && !strings.Contains(bad.reason, tt.bad) {
			t.Errorf("basisPoints(%q) = %d, %+v, want %d, %q", tt.cell, got, bad, tt.want, tt.bad)
		}
	}
}

func TestWhatIsWrittenIsReadTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-1e11, 1e11).Draw(t, "n")
		if got, bad := cents(dollars(n)); got != n || bad.reason != "" {
			t.Fatalf("cents(%q) = %d, %+v, want %d", dollars(n), got, bad, n)
		}
		if got, bad := cents(fmt.Sprint(n)); got != n || bad.reason != "" {
			t.Fatalf("cents(%d) = %d, %+v", n, got, bad)
		}
		if got, bad := basisPoints(percent(max(n, -n))); got != max(n, -n) || bad.reason != "" {
			t.Fatalf("basisPoints(%q) = %d, %+v, want %d", percent(max(n, -n)), got, bad, max(n, -n))
		}
		at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), 0).UTC()
		for _, layout := range []string{time.RFC3339, instantLayout, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2.1.2006 15:04:05", "January 2, 2006 3:04:05 PM", "2006/1/2 15:04:05"} {
			if got, bad := expiry(at.Format(layout)); !got.Equal(at) || bad.reason != "" {
				t.Fatalf("expiry(%q) = %v, %+v, want %v", at.Format(layout), got, bad, at)
			}
		}
		number := fmt.Sprintf("+1%d%d", rapid.SampledFrom([]int{212, 312, 415, 720}).Draw(t, "area"), rapid.IntRange(2220000, 9999999).Draw(t, "number"))
		for _, cell := range []string{number, number[1:], number[2:], fmt.Sprintf("(%s) %s-%s", number[2:5], number[5:8], number[8:])} {
			if got, bad := phone(cell); bad.reason == "" && got != number || samePhone(number) != number {
				t.Fatalf("phone(%q) = %q, want %q", cell, got, number)
			}
		}
	})
}

func TestDates(t *testing.T) {
	tests := []struct{ cell, want, bad string }{
		{"2026-12-31", "2026-12-31T23:59:59Z", ""}, {"2026-12-31T18:00:00Z", "2026-12-31T18:00:00Z", ""}, {"2026-12-31T18:00:00+02:00", "2026-12-31T16:00:00Z", ""},
		{"2026-12-31T18:00:00.000Z", "2026-12-31T18:00:00Z", ""}, {"2026-12-31 18:00", "2026-12-31T18:00:00Z", ""}, {"2026-12-31 6:00 PM", "2026-12-31T18:00:00Z", ""},
		{"12/31/2026", "2026-12-31T23:59:59Z", ""}, {"31/12/2026", "2026-12-31T23:59:59Z", ""}, {"3/3/2026", "2026-03-03T23:59:59Z", ""},
		{"3.4.2026", "2026-04-03T23:59:59Z", ""}, {"31 Dec 2026", "2026-12-31T23:59:59Z", ""}, {"December 31, 2026", "2026-12-31T23:59:59Z", ""},
		{"31-Dec-2026", "2026-12-31T23:59:59Z", ""}, {"2026/12/31", "2026-12-31T23:59:59Z", ""}, {"12/31/2026 11:30 AM", "2026-12-31T11:30:00Z", ""},
		{"3/4/2026", "", "day and month or month and day"}, {"31.2.2026", "", "calendar does not have"}, {"13/13/2026", "", "calendar does not have"},
		{"31-Dec-26", "", "two digits"}, {"12/31/26", "", "two digits"}, {"46387", "", "stores it"}, {"46387.75", "", "stores it"},
		{"tomorrow", "", "not a date"}, {"2026-12-31 25:00", "", "time of day"}, {"2026", "", "not a date"},
	}
	for _, tt := range tests {
		got, bad := expiry(tt.cell)
		if tt.bad == "" && (got.Format(time.RFC3339) != tt.want || bad.reason != "") || tt.bad != "" && !strings.Contains(bad.reason, tt.bad) {
			t.Errorf("expiry(%q) = %v, %+v, want %s, %q", tt.cell, got, bad, tt.want, tt.bad)
		}
	}
}

func TestPhones(t *testing.T) {
	tests := []struct{ cell, want, bad string }{
		{"+13125550142", "+13125550142", ""}, {"(312) 555-0142", "+13125550142", ""}, {"312.555.0142", "+13125550142", ""}, {"1-312-555-0142", "+13125550142", ""},
		{"3125550142.0", "+13125550142", ""}, {"3125550142.00", "+13125550142", ""}, {"tel:+1-312-555-0142", "+13125550142", ""}, {`="3125550142"`, "+13125550142", ""}, {"'+13125550142", "+13125550142", ""},
		{"", "", ""}, {"n/a", "", ""},
		{"3.12555E+09", "", "rounded"}, {"312-555-0142 x12", "", "extension"}, {"1-800-FLOWERS", "", "letters"}, {"312-555-0142 / 312-555-0143", "", "several"},
		{"+44 20 7183 8750", "", "country GB"}, {"416-555-0142", "", "country CA"}, {"555-0142", "", "exists in the US"}, {"12", "", "phone number"}, {"!!", "", "not a phone number"},
	}
	for _, tt := range tests {
		got, bad := phone(tt.cell)
		if got != tt.want || tt.bad == "" && bad.reason != "" || tt.bad != "" && !strings.Contains(bad.reason, tt.bad) {
			t.Errorf("phone(%q) = %q, %+v, want %q, %q", tt.cell, got, bad, tt.want, tt.bad)
		}
	}
}

// However an answer is cut into reads, every token is stars and nothing else
// is touched.
func TestTokensAreMasked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{`{`, `"`, `"portal`, `Token"`, `:`, ` `, `\`, `"portalToken":"SECRET"`, `"portalToken" : "SE\"CRET"`, `"portalToken":null`, `"name":"portalToken"`, `x`})
		text := strings.Join(rapid.SliceOf(part).Draw(t, "parts"), ",")
		read := func(r io.Reader) string {
			out, err := io.ReadAll(masked(r))
			if err != nil {
				t.Fatal(err)
			}
			return string(out)
		}
		whole, bytewise := read(strings.NewReader(text)), read(iotest.OneByteReader(strings.NewReader(text)))
		if whole != bytewise || len(whole) != len(text) {
			t.Fatalf("%q is masked as %q in one read and as %q byte by byte", text, whole, bytewise)
		}
		for i := range whole {
			if whole[i] != text[i] && whole[i] != '*' {
				t.Fatalf("%q became %q", text, whole)
			}
		}
		clean := `{"portalToken":"SECRET","a":"b"}`
		if got := read(strings.NewReader(clean)); got != `{"portalToken":"******","a":"b"}` {
			t.Fatalf("%q is masked as %q", clean, got)
		}
	})
}

// A list that decodes gives each item an id, in its envelope and bare alike.
func FuzzListsAreReadOrRefused(f *testing.F) {
	for _, seed := range []string{
		`{"advocates":[{"advocateId":"a","email":null,"creditBalanceCents":5}],"orgAdvocateCount":7,"nextToken":"x"}`,
		`[{"advocateId":"a"}]`, `{"advocates":null}`, `{"advocates":[],"more":{"deep":[1]}}`, `{"advocates":[{"advocateId":""}]}`, `7`, `{"nextToken":7,"advocates":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var found []Advocate
		l := list[Advocate]{name: "advocates", id: func(a *Advocate) string { return a.ID }, each: func(a *Advocate) { found = append(found, *a) }}
		if json.Unmarshal(data, &l) != nil {
			return
		}
		for _, a := range found {
			if a.ID == "" {
				t.Errorf("%q gave an advocate without an id", data)
			}
		}
		again, err := json.Marshal(map[string]any{"advocates": append([]Advocate{}, found...), "nextToken": l.page.Next, "orgAdvocateCount": l.page.OrgAdvocates})
		if err != nil {
			t.Fatal(err)
		}
		n, page := len(found), l.page
		found = nil
		if err := json.Unmarshal(again, &l); err != nil || len(found) != n || l.page != page {
			t.Errorf("%q, written as %s, reads as %d advocates, %+v, %v; want %d, %+v", data, again, len(found), l.page, err, n, page)
		}
	})
}

// Whatever a cell holds, it is a problem or a value that the API takes.
func FuzzCellsAreReadOrRefused(f *testing.F) {
	for _, seed := range []string{"$25.00", "5 %", "2026-12-31", "+13125550142", "(5)", "1,2,3", "٣", "\x00", "1e9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		if n, bad := cents(cell); bad.reason == "" {
			if again, worse := cents(dollars(n)); again != n || worse.reason != "" {
				t.Errorf("cents(%q) = %d, which is written %q and reads %d, %+v", cell, n, dollars(n), again, worse)
			}
		}
		if at, bad := expiry(cell); bad.reason == "" && at.Location() != time.UTC {
			t.Errorf("expiry(%q) = %v, want UTC", cell, at)
		}
		if number, bad := phone(cell); bad.reason == "" && number != "" && !usE164().MatchString(number) {
			t.Errorf("phone(%q) = %q, which is no US number in E.164", cell, number)
		}
		if got := maskText(cell); len(got) != len(cell) {
			t.Errorf("%q is masked as %q", cell, got)
		}
	})
}

func maskText(s string) string {
	out, _ := io.ReadAll(masked(strings.NewReader(s)))
	return string(out)
}
