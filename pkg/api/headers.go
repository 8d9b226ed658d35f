package api

import (
	"net/http"
	"strconv"
	"time"
)

// retryAfter reads a Retry-After header: seconds, or an HTTP date, counted
// from now.
func retryAfter(header string, now time.Time) time.Duration {
	// Not a number compares as neither, and is passed over.
	if seconds, err := strconv.ParseFloat(header, 64); err == nil && (seconds <= 0 || seconds > 0) {
		const most = 366 * 24 * 3600 // beyond it the duration would overflow
		return time.Duration(min(max(seconds, 0), most) * float64(time.Second))
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// serverTime is what the server's clock said when it answered, else now: its
// dates are read by its own clock, which may not agree with ours.
func serverTime(header http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		return date
	}
	return now
}

// believe hands the gate what rate headers say, where an API sends any.
// Neither vendor documents them; the names are the common ones, and a reset
// is read as seconds from now or as a Unix time.
func (c *Client) believe(header http.Header) {
	for _, names := range [...]struct{ remaining, reset string }{ // as a Header spells them
		{"Ratelimit-Remaining", "Ratelimit-Reset"}, {"X-Ratelimit-Remaining", "X-Ratelimit-Reset"},
	} {
		said := header.Get(names.remaining)
		if said == "" {
			continue
		}
		remaining, err := strconv.Atoi(said)
		if err != nil {
			continue
		}
		reset, err := strconv.ParseInt(header.Get(names.reset), 10, 64)
		if err != nil || reset < 0 {
			continue
		}
		c.config.Gate.Believe(remaining, untilReset(reset, serverTime(header, time.Now())))
		return
	}
}

// untilReset tells a Unix time from a number of seconds by its size: nobody
// is made to wait for three years.
func untilReset(reset int64, now time.Time) time.Duration {
	const threeYears, endOfTime = 1e8, 1 << 40
	if reset > threeYears {
		return time.Unix(min(reset, endOfTime), 0).Sub(now)
	}
	return time.Duration(reset) * time.Second
}
