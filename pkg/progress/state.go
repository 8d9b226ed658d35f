package progress

import (
	"fmt"
	"strings"
	"time"
)

// String is where the run stands, in one line.
func (s State) String() string {
	count := fmt.Sprintf("%d of %d rows", s.Done, s.Total)
	if s.Total == 0 {
		count = fmt.Sprintf("%d rows", s.Done)
	}
	return strings.Join(append([]string{count}, s.words(longest)...), ", ")
}

// How much is told of a state, when there is room for it.
const (
	longest = iota
	shorter
	shortest
	timeOnly
)

// words tell all but the count of a state, in less and less room.
func (s State) words(form int) []string {
	var words []string
	say := func(most int, format string, args ...any) {
		if form <= most {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	if s.PerMinute > 0 && form == longest {
		say(longest, "%.0f rows/min", s.PerMinute)
	} else if s.PerMinute > 0 {
		say(shorter, "%.0f/min", s.PerMinute)
	}
	if s.Limit > 0 && form == longest {
		say(longest, "%d of %d calls %s", s.InWindow, s.Limit, window(s.Window))
	} else if s.Limit > 0 {
		say(shorter, "%d/%d calls", s.InWindow, s.Limit)
	}
	if s.Mend >= 0 {
		say(shortest, "%d to mend", s.Mend)
	}
	switch {
	case s.Left < 0:
	case form == longest:
		say(longest, "about %s left", round(s.Left))
	default:
		say(timeOnly, "%s left", round(s.Left))
	}
	return words
}

func window(d time.Duration) string {
	if d == time.Minute {
		return "a minute"
	}
	return "in " + d.String()
}

func round(d time.Duration) string {
	if d > 10*time.Minute {
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return d.Round(time.Second).String()
}

// reckon is how long ahead more calls take after made calls in elapsed time,
// when a window lets limit of them through: a first window full goes as fast as
// the API answers, every further one costs a window. Where the limit is not
// what holds the calls back, they go on as fast as so far, which takes byPace.
func reckon(made, ahead float64, limit int, window, elapsed, byPace time.Duration) time.Duration {
	windows := int((made + ahead - 1) / float64(limit))
	if windows == 0 || made < float64(limit)*elapsed.Seconds()/window.Seconds() {
		return byPace
	}
	return max(time.Duration(windows)*window-elapsed, 0)
}
