package report

import (
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/refbulk/refbulk/pkg/row"
)

// examplePage is the page of a run that has everything that a page can show,
// written by a customer list that is out for trouble.
func examplePage(t testing.TB) string {
	t.Helper()
	var lines []string
	for n := 1; n <= 60; n++ {
		switch {
		case n%10 == 3:
			lines = append(lines, line(n, "create", "invalid", `"column ""</title><script>"": ""<img src=https://example.com/x>"" is not; do <b>this</b>"`, fmt.Sprint(n)))
		case n%20 == 7:
			lines = append(lines, line(n, "create", "rejected", "The email has already been taken. (HTTP 422)", fmt.Sprint(n)))
		case n%30 == 9:
			lines = append(lines, line(n, "update", "absent", "nobody is there", fmt.Sprint(n)))
		default:
			lines = append(lines, line(n, "create", "created", "", fmt.Sprint(n)))
		}
	}
	o := outcomes(t, lines...)
	o.Torn, o.Gone = true, 3
	calls := NewCalls(began, 60, time.Minute)
	for n := range 300 {
		call := Call{Row: n%60 + 1, Method: "POST", Status: 201, Left: began.Add(time.Duration(n) * time.Second), Took: time.Duration(40+n*7) * time.Millisecond}
		if n == 100 {
			call.Status = tooMany
		}
		calls.Add(call)
	}
	s := o.Summary()
	stopped := "by an interrupt"
	s.Command, s.Provider, s.Resource, s.Input = "import", "referral-factory", "users", `"><script>alert(1)</script>.csv`
	s.Rows, s.NotReached, s.Settled, s.Stopped, s.Failed, s.Continue = 70, 10, 5, &stopped, "people.failed.csv", "refbulk import users people.csv"
	s.Requests = Requests{Total: 300, Reads: 10, Writes: 290, Retries: 4, Throttled: 1}
	s.Limit, s.Window, s.WorstWindow, s.WaitedSeconds, s.DurationSeconds = 60, time.Minute, 60, 250, 300
	run := &Run{Summary: s, Outcomes: o, Calls: calls, Began: began, Made: began.Add(time.Hour), Version: "refbulk v1", Undo: "people.undo.csv"}
	var b strings.Builder
	if err := run.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// void elements have no end tag.
var void = strings.Fields("meta link br hr img input area base col embed source track wbr")

func TestThePageIsWellFormedHTML(t *testing.T) {
	page := examplePage(t)
	if !strings.HasPrefix(page, "<!DOCTYPE html>\n<html lang=\"en\">") {
		t.Errorf("the page begins with %.60q", page)
	}
	var open []string
	ids := map[string]bool{}
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			if err := tokens.Err(); !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
		token := tokens.Token()
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			seen := map[string]bool{}
			for _, a := range token.Attr {
				if seen[a.Key] || a.Key == "id" && ids[a.Val] {
					t.Errorf("<%s> has %s=%q twice", token.Data, a.Key, a.Val)
				}
				seen[a.Key] = true
				if a.Key == "id" {
					ids[a.Val] = true
				}
			}
			if kind == html.StartTagToken && !slices.Contains(void, token.Data) {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> closes %v", token.Data, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("never closed: %v", open)
	}
	for _, m := range regexp.MustCompile(`aria-labelledby="([^"]*)"|url\(#([^)]*)\)`).FindAllStringSubmatch(page, -1) {
		if !ids[m[1]+m[2]] {
			t.Errorf("%s names what is not there", m[0])
		}
	}
}

func TestThePageNeedsNothingElse(t *testing.T) {
	page := examplePage(t)
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains(strings.Fields("script link img iframe object embed form base"), n.Data) {
			t.Errorf("there is a <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if slices.Contains(strings.Fields("src href action data poster srcset background"), a.Key) || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
			}
		}
	}
	for _, m := range regexp.MustCompile(`url\([^#]|@import|@font-face|javascript:`).FindAllString(page, -1) {
		t.Errorf("the page holds %q", m)
	}
}

func TestWhatStandsInTheFileIsShownAndNotRun(t *testing.T) {
	page := examplePage(t)
	for _, bad := range []string{"<script", "<img", "<b>"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	if !strings.Contains(page, "&lt;img src=https://example.com/x&gt;") {
		t.Error("the page does not show the example as it stands")
	}
}

func TestThePageTellsAllThereIsToTell(t *testing.T) {
	page := examplePage(t)
	for _, want := range []string{
		"49 of the 70 rows of", "11 need mending, 10 were not reached; the run was stopped early, by an interrupt.",
		"done: 49 (70%)", "to mend: 11 (16%)", "not reached: 10 (14%)",
		"The email has already been taken. (HTTP 422)", "<dt>Rows</dt><dd>7, 27, 47</dd>", "<dt>What to do</dt><dd>do &lt;b&gt;this&lt;/b&gt;</dd>",
		"60 of 60", "limit 60", "marks requests that the API refused as too many", "The slowest rows", "<td class=\"n\">2.13s</td>",
		"10 rows were not reached and are sent.", "6 rows are invalid and are checked again.", "keeps 3 entries of rows", "The last line is cut off",
		"people.failed.csv", "people.undo.csv", "refbulk import users people.csv",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// Who prints the page in grey, or does not see the colours, reads the counts
// as text, and tells the bars apart by their patterns.
func TestTheBarsCanBeReadWithoutColour(t *testing.T) {
	page := examplePage(t)
	for _, k := range kindLabels {
		if !strings.Contains(page, `<pattern id="p-`+k.kind+`"`) {
			t.Errorf("%s has no pattern", k.kind)
		}
	}
	if want := `aria-label="70% done, 16% to mend, 14% not reached"`; !strings.Contains(page, want) {
		t.Errorf("the bar is not told as %s", want)
	}
}

// Contrast as WCAG 2 reckons it: 4.5 to 1 for text.
func TestTextStandsOutInLightAndDark(t *testing.T) {
	palettes := regexp.MustCompile(`:root \{([^}]*)\}`).FindAllStringSubmatch(pageText, -1)
	if len(palettes) != 2 {
		t.Fatalf("there are %d palettes, want light and dark", len(palettes))
	}
	for i, mode := range []string{"light", "dark"} {
		colors := map[string]string{}
		for _, m := range regexp.MustCompile(`--(\w+): #([0-9a-f]{6});`).FindAllStringSubmatch(palettes[i][1], -1) {
			colors[m[1]] = m[2]
		}
		for _, text := range []string{"ink", "soft", "good", "mend"} {
			for _, behind := range []string{"paper", "card"} {
				if c := contrast(t, colors[text], colors[behind]); c < 4.5 {
					t.Errorf("%s: %s on %s has a contrast of %.2f, want 4.5", mode, text, behind, c)
				}
			}
		}
		for _, shape := range []string{"good", "mend", "blue", "idle"} {
			if c := contrast(t, colors[shape], colors["paper"]); c < 3 {
				t.Errorf("%s: the %s of a bar has a contrast of %.2f, want 3", mode, shape, c)
			}
		}
	}
	if loose := regexp.MustCompile(`(?:color|fill): #`).FindString(pageText); loose != "" {
		t.Errorf("a colour stands outside the palettes: %s", loose)
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(hex string) float64 {
		if len(hex) != 6 {
			t.Fatalf("%q is no colour", hex)
		}
		sum := 0.0
		for i, weight := range []float64{.2126, .7152, .0722} {
			n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			c := float64(n) / 255
			if c <= .04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	light, dark := luminance(a), luminance(b)
	if light < dark {
		light, dark = dark, light
	}
	return (light + .05) / (dark + .05)
}

func TestTheStoryIsOneSentence(t *testing.T) {
	stopped := "by an interrupt"
	for _, test := range []struct {
		s    Summary
		want string
	}{
		{Summary{Input: "a.csv"}, "a.csv has no rows."},
		{Summary{Input: "a.csv", Rows: 1}, "The one row of a.csv is done."},
		{Summary{Input: "a.csv", Rows: 2000}, "All 2,000 rows of a.csv are done."},
		{Summary{Input: "a.csv", Rows: 3, Mend: 2}, "1 of the 3 rows of a.csv is done, 2 need mending."},
		{Summary{Input: "a.csv", Rows: 3, NotReached: 2, Stopped: &stopped, Sandbox: true},
			"1 of the 3 rows of a.csv is done, 2 were not reached; the run was stopped early, by an interrupt (only rehearsed, in the sandbox)."},
		{Summary{Input: "a.csv", Rows: 3, Mend: 1, NotReached: 2, HeldBack: true, Statuses: map[string]int{"invalid": 1}},
			"0 of the 3 rows of a.csv are done, 1 needs mending, 2 were not reached; nothing was sent because of --strict, 1 is invalid."},
	} {
		if got := test.s.story(); got != test.want {
			t.Errorf("story() = %q, want %q", got, test.want)
		}
	}
}

func TestTheNextRunIsForetoldForEveryStatus(t *testing.T) {
	for _, status := range row.Statuses() {
		for _, n := range []int{1, 2} {
			s := Summary{Rows: n, Statuses: map[string]int{status.String(): n}}
			if next := s.Next(); len(next) != 1 || !strings.HasPrefix(next[0], fmt.Sprint(n, " row")) {
				t.Errorf("of %d %v rows the next run is told as %q", n, status, next)
			}
		}
	}
}

func TestWhoIsNotReachedIsToldWhy(t *testing.T) {
	for _, test := range []struct {
		s                   Summary
		line, outcome, next string
	}{
		{Summary{Rows: 2, NotReached: 2}, "left for the next run", "done", "2 rows were not reached and are sent."},
		{Summary{Rows: 2, NotReached: 2, Beyond: true}, "wait for rows beyond --first", "done, 2 wait for rows beyond --first",
			"2 rows wait for rows beyond --first and are sent without it."},
		{Summary{Rows: 8, NotReached: 1, HeldBack: true, Mend: 7, Statuses: map[string]int{"invalid": 6, "blocked": 1}},
			"held back by --strict until no row is invalid", "nothing was sent because of --strict, 6 are invalid", "1 row is held back by --strict until none is invalid."},
	} {
		var b strings.Builder
		if err := test.s.Text(&b); err != nil {
			t.Fatal(err)
		}
		if text := b.String(); !strings.Contains(text, "not reached  "+test.line+"\n") || !strings.Contains(text, ": "+test.outcome+"\n") {
			t.Errorf("the summary lacks %q or %q:\n%s", test.line, test.outcome, text)
		}
		if next := test.s.Next(); !slices.Contains(next, test.next) {
			t.Errorf("the next run is told as %q, want %q among it", next, test.next)
		}
	}
}

func TestAPercentageIsNeverRoundedToAllOrNothing(t *testing.T) {
	for _, test := range []struct {
		n, all int
		want   string
	}{{0, 0, "0%"}, {0, 9, "0%"}, {9, 9, "100%"}, {999_999, 1_000_000, "99.9%"}, {1, 1_000_000, "less than 0.1%"}, {1, 3, "33%"}, {1, 30, "3.3%"}} {
		if got := percent(test.n, test.all); got != test.want {
			t.Errorf("percent(%d, %d) = %q, want %q", test.n, test.all, got, test.want)
		}
	}
}
