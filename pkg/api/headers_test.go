package api

import (
	"math"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refbulk/refbulk/pkg/pace"
)

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const year = 366 * 24 * time.Hour
	for _, test := range []struct {
		header string
		want   time.Duration
	}{
		{"", 0}, {"soon", 0}, {"NaN", 0}, {"-5", 0}, {"-Inf", 0},
		{"0", 0}, {"1", time.Second}, {"120", 2 * time.Minute}, {"1.5", 1500 * time.Millisecond},
		{"1e300", year}, {"Inf", year}, {strconv.Itoa(math.MaxInt64), year},
		{"Sun, 01 Mar 2026 12:02:00 GMT", 2 * time.Minute},
		{"Sunday, 01-Mar-26 12:02:00 GMT", 2 * time.Minute},
		{"Sun Mar  1 12:02:00 2026", 2 * time.Minute},
		{"Sun, 01 Mar 2026 11:00:00 GMT", 0},
	} {
		if got := retryAfter(test.header, now); got != test.want {
			t.Errorf("retryAfter(%q) = %v, want %v", test.header, got, test.want)
		}
	}
}

// A clock that is wrong by hours must neither end the run nor hurry it.
func TestDatesAreReadByTheServersClock(t *testing.T) {
	theirs := time.Now().Add(-5 * time.Hour).UTC()
	for _, test := range []struct {
		header []string
		want   time.Duration
	}{
		{[]string{"Retry-After", theirs.Add(30 * time.Second).Format(http.TimeFormat), "Date", theirs.Format(http.TimeFormat)}, 30 * time.Second},
		{[]string{"Retry-After", theirs.Add(30 * time.Second).Format(http.TimeFormat)}, 0},
		{[]string{"Retry-After", "30", "Date", theirs.Format(http.TimeFormat)}, 30 * time.Second},
	} {
		c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return answering(429, "", test.header...), nil })})
		_, err := c.Do(t.Context(), aWrite, nil)
		if e := asError(t, "Do(429)", err); e.RetryAfter != test.want {
			t.Errorf("Do(429, %q).RetryAfter = %v, want %v", test.header, e.RetryAfter, test.want)
		}
	}
}

func TestRateHeadersAreBelieved(t *testing.T) {
	for _, test := range []struct {
		name   string
		header func() []string
		wait   time.Duration // before the next call
	}{
		{"nothing remains for so many seconds", func() []string { return []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "30"} }, 30 * time.Second},
		{"the other name", func() []string { return []string{"RateLimit-Remaining", "0", "RateLimit-Reset", "30"} }, 30 * time.Second},
		{"until a Unix time", func() []string {
			return []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(45*time.Second).Unix(), 10)}
		}, 45 * time.Second},
		{"until a Unix time by another clock", func() []string {
			theirs := time.Now().Add(-time.Hour)
			return []string{
				"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(theirs.Add(45*time.Second).Unix(), 10),
				"Date", theirs.UTC().Format(http.TimeFormat),
			}
		}, 45 * time.Second},
		{"beyond what a duration holds", func() []string {
			return []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.Itoa(math.MaxInt64)}
		}, time.Minute},
		{"something remains", func() []string { return []string{"X-RateLimit-Remaining", "5", "X-RateLimit-Reset", "30"} }, 0},
		{"no reset", func() []string { return []string{"X-RateLimit-Remaining", "0"} }, 0},
		{"not numbers", func() []string { return []string{"X-RateLimit-Remaining", "none", "X-RateLimit-Reset", "-1"} }, 0},
		{"a reset in the past", func() []string { return []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "-30"} }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := pace.New(pace.Options{Limit: 10, Peak: -1})
				defer gate.Close()
				c := newClient(t, Config{Gate: gate, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					return answering(200, "", test.header()...), nil
				})})
				if _, err := c.Do(t.Context(), aRead, nil); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if _, err := c.Do(t.Context(), aRead, nil); err != nil {
					t.Fatal(err)
				}
				if past := time.Since(began); past != test.wait {
					t.Errorf("Do() after %q waited %v, want %v", test.header(), past, test.wait)
				}
			})
		})
	}
}
