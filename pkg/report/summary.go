// Package report tells what became of a run: as text and as a page for a
// person, as one JSON object for a program, as metrics and notices for those
// who watch.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
)

// Requests counts the calls of a run.
type Requests struct {
	Total     int64 `json:"total"`
	Reads     int64 `json:"reads"`
	Writes    int64 `json:"writes"`
	Retries   int64 `json:"retries"`
	Throttled int64 `json:"throttled"` // answered 429
}

// Summary is what became of a run, in the shape of --json.
type Summary struct {
	Command         string         `json:"command"`
	Provider        string         `json:"provider"`
	Resource        string         `json:"resource"`
	Input           string         `json:"input"`
	Results         string         `json:"results"`
	Rows            int            `json:"rows"`
	Statuses        map[string]int `json:"statuses"`
	NotReached      int            `json:"not_reached"`
	Settled         int            `json:"settled"` // of the rows: done by earlier runs
	Requests        Requests       `json:"requests"`
	WorstWindow     int            `json:"worst_window"` // most requests in any window
	WaitedSeconds   float64        `json:"waited_seconds"`
	DurationSeconds float64        `json:"duration_seconds"`
	Stopped         *string        `json:"stopped"`
	ExitCode        int            `json:"exit_code"`

	// What only the text shows.
	Mend     int           `json:"-"` // rows that somebody has to look at
	Failed   string        `json:"-"` // the file of rows to mend, "" for none
	Limit    int           `json:"-"`
	Window   time.Duration `json:"-"`
	Continue string        `json:"-"` // the command that goes on
	Sandbox  bool          `json:"-"`
	HeldBack bool          `json:"-"` // nothing was sent, for --strict is said and rows are invalid
	Unended  bool          `json:"-"` // the run of a results file is under way, or was killed
	Beyond   bool          `json:"-"` // who was not reached waits for rows beyond --first
	Causes   []Cause       `json:"-"` // of what is to be mended, the most frequent first
}

// Counts turns statuses into the words of the results file.
func Counts(statuses map[row.Status]int) map[string]int {
	counts := map[string]int{}
	for s, n := range statuses {
		if n > 0 {
			counts[s.String()] = n
		}
	}
	return counts
}

// AddsUp reports whether every row read is accounted for.
func (s *Summary) AddsUp() bool {
	sum := s.NotReached
	for _, n := range s.Statuses {
		sum += n
	}
	return sum == s.Rows
}

// JSON writes the summary as one object.
func (s *Summary) JSON(w io.Writer) error {
	return json.NewEncoder(w).Encode(s)
}

// Text writes the summary for a person.
func (s *Summary) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s %s: %s\n", s.Input, number(s.Rows), plural(s.Rows, "row"), s.outcome())
	for _, status := range row.Statuses() {
		if n := s.Statuses[status.String()]; n > 0 {
			fmt.Fprintf(&b, "%s\n", strings.TrimRight(fmt.Sprintf("  %8s %-12s %s", number(n), status, Meaning(status)), " "))
		}
	}
	if s.NotReached > 0 {
		fmt.Fprintf(&b, "  %8s %-12s %s\n", number(s.NotReached), "not reached", s.whyNotReached("left for the next run"))
	}
	if s.Settled > 0 {
		fmt.Fprintf(&b, "%s of them %s done by earlier runs and sent nothing.\n", number(s.Settled), wasWere(s.Settled))
	}
	fmt.Fprintf(&b, "%s in %v", s.requests(), seconds(s.DurationSeconds))
	if s.WaitedSeconds >= 1 {
		fmt.Fprintf(&b, ", of which %v waiting for the rate limit", seconds(s.WaitedSeconds))
	}
	b.WriteString(".\n")
	if s.Limit > 0 && s.WorstWindow > 0 {
		fmt.Fprintf(&b, "Busiest %s: %d of %d requests allowed.\n", period(s.Window), s.WorstWindow, s.Limit)
	}
	fmt.Fprintf(&b, "Results: %s\n", s.Results)
	s.tellMending(&b)
	if s.Continue != "" {
		fmt.Fprintf(&b, "To continue: %s\n", s.Continue)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// outcome says in a few words how the run ended.
func (s *Summary) outcome() string {
	where := ""
	if s.Sandbox {
		where = " (rehearsed in the sandbox)"
	}
	switch {
	case s.Stopped != nil:
		return "stopped early, " + *s.Stopped + where
	case s.HeldBack:
		return s.heldBack() + where
	case s.Mend > 0:
		return fmt.Sprintf("done, %s %s mending%s", number(s.Mend), needs(s.Mend), where)
	case s.Beyond:
		return fmt.Sprintf("done, %s %s for rows beyond --first%s", number(s.NotReached), waits(s.NotReached), where)
	}
	return "done" + where
}

// heldBack says what --strict has done.
func (s *Summary) heldBack() string {
	n := s.Statuses[row.Invalid.String()]
	return fmt.Sprintf("nothing was sent because of --strict, %s %s invalid", number(n), isAre(n))
}

// whyNotReached says why rows have no outcome, in a few words: the usual ones,
// unless there is a reason of its own.
func (s *Summary) whyNotReached(usual string) string {
	switch {
	case s.HeldBack:
		return "held back by --strict until no row is invalid"
	case s.Beyond:
		return waits(s.NotReached) + " for rows beyond --first"
	}
	return usual
}

// Sentence is the whole summary in one sentence.
func (s *Summary) Sentence() string {
	text := fmt.Sprintf("%s, %s %s: %s", s.Input, number(s.Rows), plural(s.Rows, "row"), s.outcome())
	var places []string
	if s.Failed != "" {
		places = append(places, s.Failed)
	}
	if s.missing() > 0 {
		places = append(places, s.Results+" for who is not there")
	}
	if len(places) > 0 {
		text += "; see " + strings.Join(places, ", and ")
	}
	if s.Continue != "" {
		text += "; run again to continue"
		if s.Beyond {
			text += ", without --first"
		}
	}
	return text
}

// tellMending writes what is to be mended, and where: who is not there is not
// among the rows of the file to mend.
func (s *Summary) tellMending(b *strings.Builder) {
	if s.Failed != "" {
		fmt.Fprintf(b, "To mend: %s\n", s.Failed)
	}
	var inFile, missing []Cause
	for _, c := range s.Causes {
		if c.Status == row.Absent {
			missing = append(missing, c)
		} else {
			inFile = append(inFile, c)
		}
	}
	tellCauses(b, inFile)
	if len(missing) > 0 {
		fmt.Fprintf(b, "To mend in %s itself:\n", s.Input)
		tellCauses(b, missing)
	}
}

// missing is the number of rows to mend that the file of such rows leaves out:
// who is not there, where that is an error.
func (s *Summary) missing() int {
	n := s.Mend
	for _, status := range row.Statuses() {
		if status.NeedsMending() {
			n -= s.Statuses[status.String()]
		}
	}
	return n
}

func (s *Summary) requests() string {
	text := fmt.Sprintf("%s %s (%s to read, %s to write)", number(int(s.Requests.Total)), plural(int(s.Requests.Total), "request"),
		number(int(s.Requests.Reads)), number(int(s.Requests.Writes)))
	var more []string
	if s.Requests.Retries > 0 {
		more = append(more, fmt.Sprintf("%s tried again", number(int(s.Requests.Retries))))
	}
	if s.Requests.Throttled > 0 {
		more = append(more, fmt.Sprintf("%s over the rate limit", number(int(s.Requests.Throttled))))
	}
	if len(more) > 0 {
		text += ", " + strings.Join(more, ", ")
	}
	return text
}

// Meaning explains a status in a few words.
func Meaning(s row.Status) string {
	switch s {
	case row.Exists:
		return "were there already; left as they are"
	case row.Unchanged:
		return "are already as the row says; nothing sent"
	case row.Absent:
		return "are not there"
	case row.Skipped:
		return "the row asks for nothing"
	case row.Duplicate:
		return "an earlier row says the same"
	case row.Invalid:
		return "failed a check; nothing sent"
	case row.Rejected:
		return "refused by the API"
	case row.Blocked:
		return "wait for a row that failed, or for a referrer who is not there"
	case row.Failed:
		return "gave up; certainly not applied; tried again next time"
	case row.Unknown:
		return "sent without an answer; looked up next time"
	}
	return ""
}

func seconds(s float64) time.Duration {
	d := time.Duration(s * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(time.Second)
}

func period(d time.Duration) string {
	if d == time.Minute {
		return "minute"
	}
	return d.String()
}

// number writes 20000 as 20,000.
func number(n int) string {
	digits := []byte(fmt.Sprint(n))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = slices.Insert(digits, i, ',')
	}
	return string(digits)
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func waits(n int) string {
	if n == 1 {
		return "waits"
	}
	return "wait"
}

func needs(n int) string {
	if n == 1 {
		return "needs"
	}
	return "need"
}
