package recomly

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/refbulk/refbulk/pkg/fields"
)

// instantLayout is how the vendor's samples write an instant.
const instantLayout = "2006-01-02T15:04:05.000Z"

const writeDate = "write it as 2026-12-31, or 2026-12-31T18:00:00Z for an hour"

// zoned are the layouts that say everything.
var zoned = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05 -0700"}

// pattern is a regular expression that is compiled when it is first needed: most
// commands need none.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// clocked is a date and a time of day without a zone.
var clocked = pattern(`^(.+?)(?:T|,? +)(\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*([AaPp][Mm])?\s*(?:UTC|GMT|Z)?$`)

// expiry reads when a campaign ends. A day alone is the whole of that day, in
// UTC; a time of day without a zone is in UTC.
func expiry(cell string) (time.Time, fault) {
	text := fields.Text(cell)
	for _, layout := range zoned {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), fault{}
		}
	}
	day, rest := text, ""
	if parts := clocked().FindStringSubmatch(text); parts != nil {
		day, rest = parts[1], strings.TrimSpace(parts[2]+" "+strings.ToUpper(parts[3]))
	}
	t, bad := calendarDay(day)
	if bad.reason != "" {
		return t, bad
	}
	if rest == "" {
		return t.AddDate(0, 0, 1).Add(-time.Second), fault{}
	}
	for _, layout := range []string{"15:04:05", "15:04", "3:04:05 PM", "3:04 PM"} {
		if clock, err := time.Parse(layout, rest); err == nil {
			return t.Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute + time.Duration(clock.Second())*time.Second), fault{}
		}
	}
	return t, fault{"has a time of day that is none", writeDate}
}

var (
	yearFirst = pattern(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$`)
	yearLast  = pattern(`^(\d{1,2})([-/.])(\d{1,2})([-/.])(\d{4})$`)
	shortYear = pattern(`^\d{1,2}[-/. ]\w+[-/. ]\d{2}$`)
	serial    = pattern(`^\d{5}(?:\.\d+)?$`)
)

// named are the layouts that spell the month out, in which nothing is doubtful.
var named = []string{
	"2 January 2006", "2 Jan 2006", "2. January 2006", "2. Jan 2006", "2-Jan-2006", "2-January-2006",
	"January 2, 2006", "Jan 2, 2006", "January 2 2006", "Jan 2 2006", "Monday, January 2, 2006", "Monday, 2 January 2006",
}

// calendarDay reads a day as spreadsheets show one, and refuses what a reader
// in another country would read as another day.
func calendarDay(text string) (time.Time, fault) {
	if p := yearFirst().FindStringSubmatch(text); p != nil {
		return dayOf(p[1], p[2], p[3])
	}
	if p := yearLast().FindStringSubmatch(text); p != nil && p[2] == p[4] {
		a, b := p[1], p[3]
		first, _ := strconv.Atoi(a)
		second, _ := strconv.Atoi(b)
		switch {
		case p[2] == ".", first > 12, first == second:
			return dayOf(p[5], b, a)
		case second > 12:
			return dayOf(p[5], a, b)
		}
		return time.Time{}, fault{"may be day and month or month and day", writeDate}
	}
	for _, layout := range named {
		if t, err := time.Parse(layout, text); err == nil {
			return t, fault{}
		}
	}
	switch {
	case serial().MatchString(text):
		return time.Time{}, fault{"is the number of a day as a spreadsheet stores it", "format the column as a date"}
	case shortYear().MatchString(text):
		return time.Time{}, fault{"has a year of two digits, or is no date", writeDate}
	}
	return time.Time{}, fault{"is not a date", writeDate}
}

// dayOf refuses the 31st of February, which time.Date would take for a day in
// March.
func dayOf(year, month, day string) (time.Time, fault) {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Year() != y || int(t.Month()) != m || t.Day() != d {
		return t, fault{"is a day that the calendar does not have", writeDate}
	}
	return t, fault{}
}

// sameInstant compares two instants however they are written; "" is none.
func sameInstant(a, b string) bool {
	if a == b {
		return true
	}
	x, err := time.Parse(time.RFC3339Nano, a)
	y, err2 := time.Parse(time.RFC3339Nano, b)
	return err == nil && err2 == nil && x.Equal(y)
}
